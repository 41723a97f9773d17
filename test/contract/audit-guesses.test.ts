import { createHash } from "node:crypto";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  type Browser,
  connect,
  formFields,
  type OAuthConnection,
} from "../support/oauth-client.ts";
import { pair, rawSidecar } from "../support/relay/raw-sidecar.ts";

/**
 * Whoever reads the audit log, its copy in D1, or the gateway's public answers, tries every account
 * number and looks whether anything they saw confirms one. The numbers tried here are a few thousand
 * around the right one; the hashes of the version before fall to the very same attempt.
 */
const ACCOUNT = "DU7001234";
const NUMBERS = Array.from({ length: 4_000 }, (_, n) => `DU${7_000_000 + n}`);

let gateway: Gateway;
let reader: OAuthConnection;
let trader: OAuthConnection;
let owner: Browser;
let accountId: string;
let answered: Record<string, unknown> = {};
const raw = rawSidecar(async () => answered);
/** Everything that was seen from outside the account: bodies and headers. */
const seen: string[] = [];

beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
  owner = await ownerOf(gateway);
  const paired = await pair(gateway.url, raw.device, async (code) => {
    await confirmPairingAsOwner(
      { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
      code,
    );
  });
  await raw.connect(paired);
  trader = await connect(owner, { scope: "ibkr:positions:read" });
  reader = await connect(owner, { scope: "ibkr:audit:read ibkr:audit:export" });
});
afterAll(async () => {
  raw.socket().close();
  await gateway.close();
});

async function call(
  token: string | null,
  method: string,
  params: Record<string, unknown>,
): Promise<{ text: string; headers: string }> {
  const answer = await callMcp(
    gateway,
    token === null ? {} : { Authorization: `Bearer ${token}` },
    JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  );
  return { text: await answer.text(), headers: JSON.stringify([...answer.headers]) };
}
const tool = (token: string | null, name: string, args: Record<string, unknown> = {}) =>
  call(token, "tools/call", { name, arguments: args });

const positionsOf = (account: string) => ({
  account_id: account,
  positions: [],
  feed: "realtime",
  proved: true,
  settling: false,
  page: { offset: 0, returned: 0, total: 0, next_offset: null },
  source: "simulator",
  // fixed date: what the PC says of its answer; nothing is compared with it.
  as_of: "2026-11-30T12:00:00.000Z",
  age_ms: 0,
  served_from: "broker",
  notes: [],
});

/** What a guess of the number would look like in the log, if it stood there under a plain hash. */
function tracesOf(account: string): string[] {
  const values = [
    account,
    JSON.stringify(account),
    canonicalJson({ account_id: account }),
    canonicalJson(positionsOf(account)),
  ];
  return values.flatMap((value) => {
    const hash = createHash("sha256").update(value).digest();
    const hex = hash.toString("hex");
    const zeroSalt = `ibkr-commit/v1\ninput\n${"\0".repeat(16)}`;
    return [
      value,
      hex,
      hash.toString("base64url"),
      // A commitment whose salt is missing or zero, of the value and of its hash.
      ...[value, JSON.stringify(hex)].flatMap((payload) =>
        ["ibkr-commit/v1\ninput\n", "ibkr-commit/v1\naccount\n", zeroSalt].map((before) =>
          createHash("sha256").update(before).update(payload).digest("hex"),
        ),
      ),
    ];
  });
}
const found = (text: string) =>
  NUMBERS.filter((number) => tracesOf(number).some((trace) => text.includes(trace)));

it("no reader of the log finds the account by trying all numbers", async () => {
  answered = positionsOf(ACCOUNT);
  const asked = await tool(trader.tokens.access_token, "ibkr_positions_list", {
    account_id: ACCOUNT,
  });
  expect(asked.text).toContain(ACCOUNT);
  // The same once more, and calls that fail before and behind the relay.
  await tool(trader.tokens.access_token, "ibkr_positions_list", { account_id: ACCOUNT });
  await tool(trader.tokens.access_token, "ibkr_positions_list", {
    account_id: ACCOUNT,
    nonsense: 1,
  });
  answered = {};
  await tool(trader.tokens.access_token, "ibkr_positions_list", { account_id: ACCOUNT });

  const { access_token } = reader.tokens;
  const tail = await tool(access_token, "ibkr_audit_tail", { limit: 100, full: true });
  const message = JSON.parse(/\{.*\}/.exec(tail.text)?.[0] ?? "{}");
  const records: { seq: number; event: Record<string, unknown> }[] =
    message.result.structuredContent.records;
  const reads = records.filter(({ event }) => JSON.stringify(event).includes("positions.list"));
  expect(reads.length).toBeGreaterThanOrEqual(3);
  for (const { event } of reads) {
    expect(event).toMatchObject({ v: 2, account: expect.any(String), input: expect.any(String) });
  }
  // Equal calls do not look alike, but for the account, which the owner filters by.
  expect(new Set(reads.map(({ event }) => event.input)).size).toBe(reads.length);
  expect(new Set(reads.map(({ event }) => event.account)).size).toBe(reads.length);
  expect(new Set(reads.map(({ event }) => event.account_hash)).size).toBe(1);

  const { seq } = reads[0] ?? { seq: 0 };
  for (const answer of [
    tail,
    await call(access_token, "resources/read", { uri: `ibkr://audit/${seq}` }),
    await tool(access_token, "ibkr_positions_list", { account_id: NUMBERS[0] ?? "" }),
    await tool(null, "ibkr_audit_tail"),
    await tool(null, "ibkr_positions_list", { account_id: "DU1" }),
  ]) {
    seen.push(answer.text, answer.headers);
  }
  seen.push(await copied(seq), await signedLog());
  const exported = await tool(access_token, "ibkr_audit_export", { limit: 100 });
  expect(exported.text).toContain("ibkr-audit/v1");
  seen.push(exported.text, exported.headers);
  expect(found(seen.join("\n").replaceAll(NUMBERS[0] ?? "", ""))).toEqual([]);
}, 60_000);

it("the same attempt finds it in the events of the version before", () => {
  const before = createHash("sha256")
    .update(canonicalJson({ account_id: ACCOUNT }))
    .digest("hex");
  expect(found(`{"input_hash":"${before}"}`)).toEqual([ACCOUNT]);
});

it("the size of an event says nothing of the number either", async () => {
  const sizes: (number | undefined)[] = [];
  for (const account_id of ["U1234567", "DU7001234", "DU70012345"]) {
    answered = positionsOf(account_id);
    await tool(trader.tokens.access_token, "ibkr_positions_list", { account_id });
    const [row] = await gateway.sql<{ n: number; ok: number }>(
      "Account",
      accountId,
      `SELECT length(event) AS n, event ->> '$.what.result' = 'ok' AS ok FROM audit_log
       ORDER BY seq DESC LIMIT 1`,
    );
    expect(row?.ok).toBe(1);
    sizes.push(row?.n);
  }
  expect(new Set(sizes).size).toBe(1);
});

/** The signed log as anybody may fetch it: head, key and tiles, hashes as hex and base64. */
async function signedLog(): Promise<string> {
  const { csrf = "" } = formFields(await (await owner.get("/trading")).text());
  await owner.post("/trading/kill", { csrf, effect: "freeze" });
  const log = async () =>
    (
      await gateway.sql<{ log_id: string; size: number; listed: number }>(
        "Account",
        accountId,
        "SELECT log_id, size, listed FROM audit_signed",
      )
    )[0];
  await expect.poll(async () => (await log())?.listed, { timeout: 20_000 }).toBe(1);
  const { log_id, size } = (await log()) ?? { log_id: "", size: 0 };
  expect(size).toBeGreaterThan(3);
  const parts: string[] = [];
  for (const path of ["checkpoint", "vkey", `tile/0/000.p/${size}`]) {
    const answer = await fetch(`${gateway.url}/audit/${log_id}/${path}`);
    expect(answer.status).toBe(200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    parts.push(JSON.stringify([...answer.headers]), bytes.toString("latin1"));
    parts.push(bytes.toString("hex"));
  }
  return parts.join("\n");
}

/** The copy in D1, once it holds that event. */
async function copied(seq: number): Promise<string> {
  const d1 = await gateway.d1();
  let text = "";
  await expect
    .poll(
      async () => {
        const { results } = await d1
          .prepare("SELECT * FROM audit_events ORDER BY seq")
          .all<{ seq: number; account_id: string }>();
        accountId = results[0]?.account_id ?? "";
        text = JSON.stringify(results);
        return results.some((row) => row.seq === seq);
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  return text;
}
