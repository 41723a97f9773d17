import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, callMcp, ownerOf, rewriteKv } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  type Browser,
  connect,
  type OAuthConnection,
  tokenRequest,
} from "../support/oauth-client.ts";

/** What the hourly trigger removes, and what it leaves alone; the Worker's own handler in workerd. */
let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000, REGISTER_LIMIT: 1000 } });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

const SCOPE = "ibkr:health:read";
const PAST = "2020-01-01T00:00:00.000Z";

async function trigger(): Promise<void> {
  const worker = await gateway.miniflare.getWorker();
  const { outcome } = await worker.scheduled({ scheduledTime: new Date(), cron: "17 * * * *" });
  expect(outcome).toBe("ok");
}

async function keys(prefix: string): Promise<string[]> {
  const kv = await gateway.kv();
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await kv.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.keys.map(({ name }) => name));
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return names;
}

const mcpStatus = async ({ tokens }: OAuthConnection) =>
  (await callMcp(gateway, { Authorization: `Bearer ${tokens.access_token}` })).status;
const grantOf = ({ tokens }: OAuthConnection) =>
  tokens.access_token.split(":").slice(0, 2).join(":");
/** The cleaning's lines about one part, oldest first. */
const reports = (part: string): Record<string, unknown>[] =>
  gateway.logs
    .map(({ message }) => (message.startsWith("{") ? JSON.parse(message) : {}))
    .filter((line) => String(line.event).startsWith("cleaning.") && line.part === part);

describe("the hourly cleaning", () => {
  it("is what wrangler.toml triggers", async () => {
    const { unstable_readConfig } = await import("wrangler");
    const { fromRoot } = await import("../../scripts/lib/paths.ts");
    const { triggers } = unstable_readConfig({ config: fromRoot("wrangler.toml") });
    expect(triggers.crons).toEqual(["17 * * * *"]);
  });

  it("removes grants that have ended or lost their client, with their tokens, and no other", async () => {
    const [stays, orphan, ended] = [
      await connect(owner, { scope: SCOPE }),
      await connect(owner, { scope: SCOPE }),
      await connect(owner, { scope: SCOPE }),
    ];
    const kv = await gateway.kv();
    await kv.delete(`client:${orphan.clientId}`);
    await rewriteKv(gateway, `grant:${grantOf(ended)}`, (grant) => ({ ...grant, expiresAt: 1 }));
    await trigger();
    expect(await keys("grant:")).toEqual([`grant:${grantOf(stays)}`]);
    for (const gone of [orphan, ended]) expect(await keys(`token:${grantOf(gone)}`)).toEqual([]);
    expect([await mcpStatus(stays), await mcpStatus(orphan), await mcpStatus(ended)]).toEqual([
      200, 401, 401,
    ]);
    const refreshed = await tokenRequest(gateway.url, {
      grant_type: "refresh_token",
      refresh_token: stays.tokens.refresh_token ?? "",
      client_id: stays.clientId,
    });
    expect(refreshed.status).toBe(200);
  });

  it("takes on a bounded piece at a time, and goes on where it stopped", async () => {
    const kv = await gateway.kv();
    // Behind every real account's grants in the store's order, so that a second run has to go on.
    const account = `acct_${"v".repeat(26)}`;
    const living = await connect(owner, { scope: SCOPE });
    const grant = JSON.parse((await kv.get(`grant:${grantOf(living)}`, "text")) ?? "");
    const many = Array.from({ length: 160 }, (_, n) => `orphan${String(n).padStart(10, "0")}`);
    await Promise.all(
      many.map((id) =>
        kv.put(
          `grant:${account}:${id}`,
          JSON.stringify({ ...grant, id, userId: account, clientId: "nobody" }),
        ),
      ),
    );
    const before = (await keys("grant:")).length;
    await trigger();
    const left = (await keys("grant:")).length;
    expect(left).toBeGreaterThan(0);
    expect(before - left).toBeLessThanOrEqual(150);
    expect(reports("tokens").at(-1)).toMatchObject({ checked: 150 });
    await trigger();
    expect((await keys(`grant:${account}`)).length).toBe(0);
    expect(await mcpStatus(living)).toBe(200);
  });

  it("removes invitations that ended unused; those open or used stay", async () => {
    const db = await gateway.d1();
    const future = new Date(Date.now() + 86_400_000).toISOString();
    const add = (hash: string, expires: string, account: string | null) =>
      db
        .prepare("INSERT INTO invitations VALUES (?, '', ?, ?, ?)")
        .bind(hash, PAST, expires, account)
        .run();
    await add("open", future, null);
    await add("ended", PAST, null);
    await add("used", PAST, accountOf(owner));
    await trigger();
    const { results } = await db.prepare("SELECT code_hash FROM invitations ORDER BY 1").all();
    expect(results).toEqual([{ code_hash: "open" }, { code_hash: "used" }]);
  });

  it("removes what has ended of sign-ins in every account, and signs nobody out", async () => {
    const account = accountOf(owner);
    const sql = (query: string) => gateway.sql("Account", account, query);
    await sql(`INSERT INTO owner_sessions (id, secret_hash, csrf, created_at, expires_at)
               VALUES ('old', 'h', 'c', 1, 2)`);
    await sql("INSERT INTO sign_in_attempts (source, at) VALUES ('s', 1)");
    await sql(
      "INSERT INTO passkey_challenges (challenge, purpose, forget_at) VALUES ('c', 'spent', 1)",
    );
    await sql(
      "INSERT INTO recovery_codes (code_hash, sidecar_id, expires_at) VALUES ('r', 's', 1)",
    );
    await sql("INSERT INTO spent_tokens (hash, forget_at) VALUES ('t', 1)");
    // Sixty accounts come before it in the directory: more than one run takes on.
    const db = await gateway.d1();
    const before = Array.from({ length: 60 }, (_, n) => `acct_${String(n).padStart(26, "0")}`);
    await db.batch(
      before.map((id) =>
        db.prepare("INSERT INTO accounts (id, role, created_at) VALUES (?, 'member', '')").bind(id),
      ),
    );
    await trigger();
    // The accounts had their turn today: none is woken again for it.
    expect(reports("accounts").at(-1)).toMatchObject({ checked: 0 });
    const kv = await gateway.kv();
    await kv.put("cleaning:place", JSON.stringify({ accountsDone: "2020-01-01" }));
    await trigger();
    expect(await sql("SELECT 1 FROM owner_sessions WHERE id = 'old'")).toHaveLength(1);
    await trigger();
    const left = await sql(`SELECT
      (SELECT COUNT(*) FROM owner_sessions WHERE id = 'old') AS session,
      (SELECT COUNT(*) FROM sign_in_attempts WHERE source = 's') AS attempt,
      (SELECT COUNT(*) FROM passkey_challenges WHERE challenge = 'c') AS challenge,
      (SELECT COUNT(*) FROM recovery_codes WHERE code_hash = 'r') AS code,
      (SELECT COUNT(*) FROM spent_tokens WHERE hash = 't') AS token`);
    expect(left).toEqual([{ session: 0, attempt: 0, challenge: 0, code: 0, token: 0 }]);
    expect((await owner.get("/security")).status).toBe(200);
  });

  it("has the salts of reads erased that are a month old, in an account that rests", async () => {
    const account = accountOf(owner);
    const sql = (query: string) => gateway.sql("Account", account, query);
    // As if what stands in the log were old, and one entry were a read that hid something.
    await sql("UPDATE audit_log SET appended_at = 1");
    await sql(`UPDATE audit_log SET salts = '{"input":"00"}',
               event = json_set(event, '$.type', 'tool.call') WHERE seq = 1`);
    const kv = await gateway.kv();
    await kv.put("cleaning:place", JSON.stringify({ accountsDone: "2020-01-01" }));
    await trigger();
    await trigger();
    await expect
      .poll(() => sql("SELECT salts FROM audit_log WHERE seq = 1"), { timeout: 20_000 })
      .toEqual([{ salts: null }]);
  });

  it("one account that fails keeps no other from its turn", async () => {
    // One of the sixty before the owner's own, in the first piece of the round: its tables are torn.
    const torn = `acct_${"0".repeat(26)}`;
    await gateway.sql("Account", torn, "CREATE TABLE migrations (torn TEXT)");
    const sql = (query: string) => gateway.sql("Account", accountOf(owner), query);
    await sql("INSERT INTO spent_tokens (hash, forget_at) VALUES ('later', 1)");
    const kv = await gateway.kv();
    await kv.put("cleaning:place", JSON.stringify({ accountsDone: "2020-01-01" }));
    await trigger();
    expect(reports("accounts").slice(-2)).toMatchObject([
      { event: "cleaning.failed" },
      { event: "cleaning.done", checked: 50 },
    ]);
    await trigger();
    expect(await sql("SELECT 1 FROM spent_tokens WHERE hash = 'later'")).toEqual([]);
  });

  it("one part that fails stops no other, and begins anew the next time", async () => {
    const kv = await gateway.kv();
    await kv.put("cleaning:place", JSON.stringify({ tokens: "no such place" }));
    await trigger();
    expect(reports("tokens").at(-1)).toMatchObject({ event: "cleaning.failed" });
    expect(reports("accounts").at(-1)).toMatchObject({ event: "cleaning.done" });
    await trigger();
    expect(reports("tokens").at(-1)).toMatchObject({ event: "cleaning.done" });
    await kv.put("cleaning:place", "not even JSON");
    await trigger();
    expect(reports("tokens").at(-1)).toMatchObject({ event: "cleaning.done" });
  });
});
