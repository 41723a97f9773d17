import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import type { Browser } from "../support/oauth-client.ts";

/** The owner's capability, held over real RPC between a Worker and its object. */
let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({
    entry: fromRoot("test/support/owner-worker.js"),
    rateLimits: { SIGN_IN_LIMIT: 1000 },
  });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

const secretOf = (browser: Browser) => browser.cookie("ibkr-owner")?.split(".")[1] ?? "";

async function door<Answer>(path: string, secret = ""): Promise<Answer> {
  const query = new URLSearchParams({ account: accountOf(owner), secret });
  const response = await fetch(`${gateway.url}${path}?${query}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<Answer>;
}

/** Every row of the account's tables. */
async function everything(): Promise<unknown[]> {
  const account = accountOf(owner);
  const tables = await gateway.sql<{ name: string }>(
    "Account",
    account,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  );
  return Promise.all(
    tables
      .filter(({ name }) => name !== "audit_outbox")
      .map(async ({ name }) => [
        name,
        await gateway.sql("Account", account, `SELECT * FROM "${name}"`),
      ]),
  );
}

describe("the owner's capability", () => {
  it("is given to an open session, and to nothing else", async () => {
    expect(await door("/__signed_in", secretOf(owner))).toBe(true);
    expect(await door("/__signed_in", "x".repeat(43))).toBe(false);
    expect(await door("/__signed_in", "")).toBe(false);
  });

  it("has no verb that does or tells anything once its session has ended", async () => {
    const before = await everything();
    const outcomes = await door<[string, string][]>(
      "/__after_end",
      secretOf(await ownerOf(gateway)),
    );
    expect(outcomes.length).toBeGreaterThan(50);
    expect(outcomes.filter(([, outcome]) => outcome !== "SESSION_ENDED")).toEqual([]);
    // The session that ended was opened and closed, and the alarm may ring meanwhile; nothing more.
    const kept = (rows: unknown[]) =>
      rows.filter(
        (table) =>
          Array.isArray(table) && !/^(audit_log|owner_sessions|order_chores)$/.test(table[0]),
      );
    expect(kept(await everything())).toEqual(kept(before));
    const types = await gateway.sql(
      "Account",
      accountOf(owner),
      "SELECT json_extract(event, '$.type') AS type FROM audit_log ORDER BY seq DESC LIMIT 2",
    );
    expect(types.map(({ type }) => type)).toEqual(["owner.signed_out", "owner.signed_in"]);
  });

  it("says of a verb that the object does not know that it has none, and does nothing", async () => {
    const [, outcome] = await door<[string, string]>("/__missing", secretOf(owner));
    expect(outcome).toContain("does not implement");
    expect(await door("/__signed_in", secretOf(owner))).toBe(true);
  });

  it("shows an owner whose object is of another version that it is being updated", async () => {
    await door("/__older", "yes");
    const page = await owner.get("/orders");
    expect([page.status, page.headers.get("Retry-After")]).toEqual([503, "60"]);
    expect(await page.text()).toContain("Try again in a minute");
    await door("/__older");
    expect((await owner.get("/orders")).status).toBe(200);
  });

  it("lets the object sleep, with pages shown and sockets open", async () => {
    const socket = new WebSocket(
      `${gateway.url.replace("http", "ws")}/__socket?account=${accountOf(owner)}`,
    );
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    for (const page of ["/", "/orders", "/security"]) {
      expect((await owner.get(page)).status).toBe(200);
    }
    const life = await door<number>("/__woken");
    // An alarm copies the log first; then nothing keeps the object awake.
    await vi.waitFor(async () => {
      await sleep(14_000);
      expect(await door<number>("/__woken")).toBeGreaterThan(life);
    }, 50_000);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
  });
});
