import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { passkeyFields, signInWith, signUp } from "../support/members.ts";
import { type Browser, formFields } from "../support/oauth-client.ts";
import { type OrderChain, startOrderChain } from "../support/order-chain.ts";
import { ceremonyOn, type SoftwarePasskey } from "../support/software-passkey.ts";

/** The page's own form, answered by a passkey. */
async function askToDelete(
  browser: Browser,
  passkey: SoftwarePasskey,
  more: Record<string, string> = {},
): Promise<Response> {
  const html = await (await browser.get("/security/delete")).text();
  return browser.post("/security/delete", {
    ...passkeyFields(html),
    response: passkey.use(ceremonyOn(html)),
    ...more,
  });
}

/** Tables of an account's object that are still there. */
const tablesOf = async (gateway: Gateway, account: string) =>
  (
    await gateway.sql<{ name: string }>(
      "Account",
      account,
      // The test's own runtime keeps a table of its own in each object.
      `SELECT name FROM sqlite_master WHERE type = 'table'
         AND name NOT GLOB '_cf*' AND name NOT GLOB '__miniflare*'`,
    )
  ).map(({ name }) => name);

/** Every row of the shared database that names an account. */
async function rowsOf(gateway: Gateway, account: string): Promise<Record<string, number>> {
  const db = await gateway.d1();
  const found: Record<string, number> = {};
  for (const [table, column] of [
    ["accounts", "id"],
    ["identities", "account_id"],
    ["invitations", "account_id"],
    ["audit_logs", "account_id"],
    ["audit_log_events", "account_id"],
    ["erased_accounts", "account_id"],
  ] as const) {
    const { results } = await db
      .prepare(`SELECT 1 FROM ${table} WHERE ${column} = ?`)
      .bind(account)
      .all();
    if (results.length > 0) found[table] = results.length;
  }
  return found;
}

const kvNaming = async (gateway: Gateway, account: string) =>
  (await (await gateway.kv()).list()).keys.filter(({ name }) => name.includes(account));

describe("an owner who deletes the account, with every part real", () => {
  let chain: OrderChain;
  let folder: string;
  let head: string;
  let coid: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "delete-account-"));
    chain = await startOrderChain();
    const approval_id = await chain.approved({ limit_price: "240" });
    const { order } = await chain.agent.call("ibkr_paper_order_submit", {
      account_id: chain.broker,
      approval_id,
      idempotency_key: "delete-1",
    });
    coid = order.order_ref;
  }, 180_000);
  afterAll(async () => {
    await chain?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is told which orders come first, and nothing is deleted while one stands", async () => {
    const page = await chain.page("/security/delete");
    expect(page).toContain("Orders come first");
    expect(page).toContain(coid);
    expect(page).not.toContain("data-passkey");
    // A page that was open before the order, or one that is made up, gets no further.
    const asking = await chain.page("/confirm?next=%2F");
    const answer = await chain.form("/security/delete", {
      response: chain.passkey.use(ceremonyOn(asking)),
      without_export: "yes",
      leave_orders: "yes",
    });
    expect([answer.status, await answer.text()]).toEqual([
      409,
      expect.stringContaining("Cancel them first"),
    ]);
    expect((await chain.agent.call("ibkr_health")).code).toBeUndefined();
    await chain.form("/orders/cancel", { coid });
    await expect
      .poll(() => chain.page("/security/delete"), { timeout: 30_000 })
      .not.toContain("Orders come first");
  }, 60_000);

  it("exports first: what no export holds is not deleted without a word", async () => {
    expect(await chain.page("/security/delete")).toContain("in no export");
    const refused = await askToDelete(chain.owner, chain.passkey);
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining("does not hold all of the log"),
    ]);
    let out = "";
    await expect
      .poll(
        async () => {
          out = await mkdtemp(join(folder, "log-"));
          expect((await chain.pc("audit", "export", "--out", join(out, "log"))).code).toBe(0);
          return chain.page("/security/delete");
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .not.toContain("in no export");
    const dir = join(out, "log");
    const verdict = await chain.pc("audit", "verify", dir, "--policy", join(dir, "trust.policy"));
    expect(verdict.code, verdict.output).toBe(0);
    head = await readFile(join(dir, "checkpoint"), "utf8");
  }, 90_000);

  it("needs a passkey's answer for this very page", async () => {
    const page = await chain.page("/security/delete");
    const used = { ...passkeyFields(page), response: chain.passkey.use(ceremonyOn(page)) };
    await chain.form("/confirm", { next: "/", response: used.response });
    // The answer was spent: a session that a passkey confirmed just now is not enough.
    expect((await chain.owner.post("/security/delete", used)).status).toBe(400);
    const none = await chain.form("/security/delete", { response: "", without_export: "yes" });
    expect(none.status).toBe(400);
    expect((await rowsOf(chain.gateway, chain.accountId)).accounts).toBe(1);
  }, 30_000);

  it("leaves nothing of the account but the last head of its log", async () => {
    const { gateway, accountId } = chain;
    const origin = head.split("\n")[0] ?? "";
    const at = `${gateway.url}/audit/${origin.split("/").at(-1)}`;
    const answer = await askToDelete(chain.owner, chain.passkey, { without_export: "yes" });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([200, expect.stringContaining("The account is deleted")]);
    expect(text).toContain("uninstall");
    // At once: nobody acts for the account any more.
    expect((await chain.owner.get("/security")).headers.get("Location")).toContain("/sign-in");
    expect(await kvNaming(gateway, accountId)).toEqual([]);
    await expect(chain.agent.call("ibkr_health")).rejects.toThrow();
    // Soon: nothing is stored.
    await expect
      .poll(() => rowsOf(gateway, accountId), { timeout: 30_000 })
      .toEqual({ erased_accounts: 1 });
    await expect.poll(() => tablesOf(gateway, accountId), { timeout: 30_000 }).toEqual([]);
    const last = await (await fetch(`${at}/checkpoint`)).text();
    const [name, size = "0"] = last.split("\n");
    expect([name, Number(size) >= Number(head.split("\n")[1])]).toEqual([origin, true]);
    expect((await fetch(`${at}/vkey`)).status).toBe(200);
    expect((await fetch(`${at}/tile/0/000.p/1`)).status).toBe(404);
  }, 90_000);

  it("tells the PC, which gives up and can be cleaned, and nothing brings the account back", async () => {
    await expect
      .poll(() => chain.pcSaid().join("\n"), { timeout: 20_000 })
      .toContain("the owner deleted the account at the gateway");
    expect(chain.pcSaid().join("\n")).toContain("uninstall");
    await chain.stopPc();
    const done = await chain.pc("uninstall", "--yes");
    expect([done.code, done.output]).toEqual([0, expect.stringContaining("did not know this PC")]);
    expect(await tablesOf(chain.gateway, chain.accountId)).toEqual([]);
    expect(await rowsOf(chain.gateway, chain.accountId)).toEqual({ erased_accounts: 1 });
    // The owner token opens a new account, and this one stays gone.
    const again = await ownerOf(chain.gateway);
    expect(accountOf(again)).not.toBe(chain.accountId);
  }, 60_000);
});

describe("an owner who was invited", () => {
  it("deletes their own account alone, with the invitation's note", async () => {
    const gateway = await startGateway({
      vars: { SIGN_UP: "invitation" },
      rateLimits: { SIGN_IN_LIMIT: 1000 },
    });
    try {
      const operator = await ownerOf(gateway);
      const { csrf = "" } = formFields(await (await operator.get("/invitations")).text());
      const made = await operator.post("/invitations", { csrf, note: "a friend" });
      const code = /sign-up\?invitation=([\w-]+)/.exec(await made.text())?.[1] ?? "";
      const { browser, passkey } = await signUp(gateway, code);
      expect((await signInWith(browser, passkey)).status).toBe(303);
      const account = accountOf(browser);
      expect(await rowsOf(gateway, account)).toMatchObject({ accounts: 1, invitations: 1 });
      const before = await rowsOf(gateway, accountOf(operator));

      expect((await askToDelete(browser, passkey)).status).toBe(200);
      await expect
        .poll(() => rowsOf(gateway, account), { timeout: 30_000 })
        .toEqual({ erased_accounts: 1 });
      await expect.poll(() => tablesOf(gateway, account), { timeout: 30_000 }).toEqual([]);
      expect((await signInWith(browser, passkey)).status).toBe(403);
      expect(await rowsOf(gateway, accountOf(operator))).toMatchObject({
        accounts: before.accounts,
      });
      expect((await operator.get("/security")).status).toBe(200);
      // Without a passkey there is nothing to confirm with.
      expect(await (await operator.get("/security/delete")).text()).toContain("Add a passkey");
    } finally {
      await gateway.close();
    }
  }, 90_000);
});
