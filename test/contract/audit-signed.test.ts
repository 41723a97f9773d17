import { concat } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import {
  checkTrusted,
  parseTrustPolicy,
} from "@ibkr-edge-gateway/evidence/checkpoint/trust-policy.ts";
import type { ExportFiles } from "@ibkr-edge-gateway/evidence/export/export-files.ts";
import { verifyTiles } from "@ibkr-edge-gateway/evidence/export/verify-tiles.ts";
import { treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { tilePath, tilesOf } from "@ibkr-edge-gateway/evidence/tiles/path.ts";
import { treeOfTiles } from "@ibkr-edge-gateway/evidence/tiles/tile.ts";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type Browser, formFields } from "../support/oauth-client.ts";

/** The signed log of an account, as a stranger reads it from the real Worker. */
let gateway: Gateway;
let owner: Browser;
let prefix: string;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000, RELAY_LIMIT: 1000 } });
  owner = await ownerOf(gateway);
  const { csrf = "" } = formFields(await (await owner.get("/trading")).text());
  expect((await owner.post("/trading/kill", { csrf, effect: "freeze" })).status).toBe(303);
  const signed = () =>
    gateway.sql<{ log_id: string; origin: string; size: number; listed: number }>(
      "Account",
      accountOf(owner),
      "SELECT log_id, origin, size, listed FROM audit_signed",
    );
  // At once after the stop; the Worker finds the account by the log's id a little later.
  await vi.waitFor(async () => expect((await signed())[0]?.size).toBeGreaterThan(0), 5_000);
  await vi.waitFor(async () => expect((await signed())[0]?.listed).toBe(1), 15_000);
  const [log] = await signed();
  expect(log?.origin).toBe(`${new URL(gateway.url).host}/audit/${log?.log_id}`);
  prefix = `${gateway.url}/audit/${log?.log_id}`;
}, 60_000);
afterAll(() => gateway.close());

const get = (path: string) => fetch(`${prefix}/${path}`);

it("a stranger checks the head and the tree under it with what is served", async () => {
  const answer = await get("checkpoint");
  expect(answer.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
  const head = parseCheckpointNote(await answer.text());
  const vkey = (await (await get("vkey")).text()).trim();
  const policy = parseTrustPolicy(`log ${vkey}\nquorum none\n`);
  expect((await checkTrusted(head, policy)).byLog).toHaveLength(1);
  const tiles = new Map<string, Uint8Array>();
  for (const tile of tilesOf(head.size)) {
    const served = await get(tilePath(tile));
    expect(served.headers.get("Cache-Control")).toContain("immutable");
    tiles.set(tilePath(tile), new Uint8Array(await served.arrayBuffer()));
  }
  const tree = treeOfTiles(head.size, (tile) => tiles.get(tilePath(tile)) ?? concat());
  expect(treeRoot(head.size, tree)).toEqual(head.root);
});

it("nothing of what was done is served to a stranger, and no account's id", async () => {
  const entries = await fetch(`${prefix}/tile/entries/000.p/1`, { redirect: "manual" });
  expect(entries.headers.get("Location")).toContain("/sign-in");
  for (const path of ["tile/0/999", "tile/0/000.p/300", "tile/x", "events", "tile/0/000/../../x"]) {
    expect((await get(path)).status).toBe(404);
  }
  const nobody = await fetch(`${gateway.url}/audit/${"0".repeat(32)}/checkpoint`);
  expect(nobody.status).toBe(404);
  const seen = await Promise.all(
    ["checkpoint", "vkey", "tile/0/000.p/1"].map(async (path) => {
      const answer = await get(path);
      return `${JSON.stringify([...answer.headers])}${await answer.text()}`;
    }),
  );
  expect(seen.join()).not.toContain(accountOf(owner));
});

it("the owner gets the entries as well, and the whole log verifies", async () => {
  const path = new URL(prefix).pathname;
  const files: ExportFiles = {
    async open(name) {
      const answer = name.startsWith("tile/entries/")
        ? await owner.get(`${path}/${name}`)
        : await get(name);
      return answer.status === 200 ? [new Uint8Array(await answer.arrayBuffer())] : null;
    },
  };
  const vkey = (await (await get("vkey")).text()).trim();
  const verdict = await verifyTiles(files, { policy: `log ${vkey}\nquorum none\n` });
  expect(verdict).toMatchObject({ outcome: "verified", first: null });
  expect((await owner.get(`${path}/tile/entries/999`)).status).toBe(404);
  expect((await owner.get(`/audit/${"0".repeat(32)}/tile/entries/000.p/1`)).status).toBe(404);
  const page = await (await owner.get("/audit")).text();
  expect(page).toContain(`${path}/checkpoint`);
});

it("an idle account makes no head", async () => {
  const heads = () =>
    gateway.sql("Account", accountOf(owner), "SELECT size, signed_at FROM audit_signed");
  const before = await heads();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await heads()).toEqual(before);
});

it("an object that started anew signs on, but nothing while its copy is ahead of it", async () => {
  const account = accountOf(owner);
  const size = async () =>
    (await gateway.sql<{ size: number }>("Account", account, "SELECT size FROM audit_signed"))[0]
      ?.size ?? 0;
  const stop = async (subject: string) => {
    const { csrf = "" } = formFields(await (await owner.get("/trading")).text());
    await owner.post("/trading/kill", { csrf, effect: "freeze", scope: "broker_account", subject });
  };
  const first = await size();
  await gateway.evict(account, "close");
  await stop("DU1");
  await vi.waitFor(async () => expect(await size()).toBeGreaterThan(first), 5_000);
  const d1 = await gateway.d1();
  const rows = "FROM audit_events WHERE account_id = ?1";
  const [{ seq } = { seq: 0 }] = await gateway.sql<{ seq: number }>(
    "Account",
    account,
    "SELECT MAX(seq) AS seq FROM audit_log",
  );
  const copied = () => d1.prepare(`SELECT MAX(seq) AS seq ${rows}`).bind(account).first("seq");
  await vi.waitFor(async () => expect(await copied()).toBe(seq), 15_000);
  const before = await size();
  // As after a restore of the object: the copy knows events that it does not.
  for (const more of [1, 2, 3]) {
    await d1
      .prepare(
        "INSERT INTO audit_events (account_id, seq, leaf_hash, event) VALUES (?1, ?2, ?3, '{}')",
      )
      .bind(account, seq + more, "e".repeat(64))
      .run();
  }
  await gateway.evict(account, "close");
  await stop("DU2");
  const told = () => gateway.logs.some(({ message }) => message.includes("audit.copy_differs"));
  await vi.waitFor(() => expect(told()).toBe(true), 10_000);
  expect(await size()).toBe(before);
}, 60_000);
