import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { ALL_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOLS } from "../../src/mcp/catalogue.ts";
import { PAGE_ROUTES } from "../../src/web/routes.ts";
import { accountOf, callMcp } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { member, signInWith } from "../support/members.ts";
import {
  Browser,
  connect,
  formFields,
  type OAuthConnection,
  registerClient,
} from "../support/oauth-client.ts";
import { ASSERTION } from "../support/order-book.ts";
// fixed date: it is always given an end of its own.
import { aMandate } from "../support/orders.ts";
import type { SoftwarePasskey } from "../support/software-passkey.ts";

/**
 * Two owners on one gateway. Whatever the one sends, nothing of the other is shown, changed or
 * confirmed to exist. What is tried comes from the tables of routes and tools, so that a new one
 * is tried without anybody thinking of it.
 */
const MARK = "ZEBRA";
const SCOPE = ALL_SCOPES.filter((scope) => !/orders:(paper|live)/.test(scope)).join(" ");

let gateway: Gateway;
let ann: Browser;
let ben: Browser;
let bensPasskey: SoftwarePasskey;
let annsClient: OAuthConnection;
let bensClient: OAuthConnection;
/** Everything by which something of Ann's can be named. */
let annsNames: Record<string, string>;

beforeAll(async () => {
  gateway = await startGateway({
    vars: {
      SIGN_UP: "open",
      CLIENT_CALLS_PER_MINUTE: "100000",
      ACCOUNT_CALLS_PER_MINUTE: "100000",
    },
    rateLimits: { SIGN_IN_LIMIT: 10_000, REFUSED_LIMIT: 10_000, REGISTER_LIMIT: 1000 },
  });
  ann = (await member(gateway)).browser;
  ({ browser: ben, passkey: bensPasskey } = await member(gateway));
  annsClient = await connect(ann, { scope: SCOPE, clientName: `${MARK} client` });
  bensClient = await connect(ben, { scope: SCOPE, clientName: "Ben's client" });
  const account = accountOf(ann);
  await gateway.sql(
    "Account",
    account,
    `INSERT INTO sidecars (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at)
     VALUES ('${MARK}-sidecar', '${MARK}', '${MARK} machine', '1', '${MARK} words', '["broker.read"]', 'active', 1)`,
  );
  await gateway.sql(
    "Account",
    account,
    `INSERT INTO order_approvals
       (approval_id, preview_id, intent_hash, intent, client_id, broker_account, economic_hash, tier, state, created_at, expires_at)
     VALUES ('${MARK}-approval', '${MARK}', '${MARK}', '{}', '${MARK}', 'U1234567', '${MARK}', 1, 'pending', 1, 9e15)`,
  );
  const mandate = aMandate({
    mandate_id: `${MARK}-mandate`,
    clients: [`${MARK} agent`],
    not_after: "2099-01-01T00:00:00.000Z",
  });
  await gateway.sql(
    "Account",
    account,
    `INSERT INTO order_mandates (mandate_id, mandate_hash, mandate, assertion, signed_at, pc_sidecar, pc_state)
     VALUES ('${MARK}-mandate', '${mandateHash(mandate)}', '${JSON.stringify(mandate)}', '${JSON.stringify(ASSERTION)}', 1, '${MARK}-sidecar', 'waiting')`,
  );
  await gateway.sql(
    "Account",
    account,
    `INSERT INTO order_kills (scope, subject, actor, reason, effect, engaged_at)
     VALUES ('account', 'U1234567', 'owner', '${MARK}', 'freeze', 1)`,
  );
  await gateway.sql("Account", account, `UPDATE passkeys SET name = '${MARK} key'`);
  await gateway.sql("Account", account, `UPDATE owner_sessions SET label = '${MARK} browser'`);
  const [session] = await gateway.sql("Account", account, "SELECT id, csrf FROM owner_sessions");
  const [passkey] = await gateway.sql("Account", account, "SELECT credential_id FROM passkeys");
  const asked = await ann.get(
    `/authorize?${new URLSearchParams({
      response_type: "code",
      client_id: (await registerClient(gateway.url)).client_id,
      redirect_uri: "http://127.0.0.1:9/callback",
      scope: "ibkr:health:read",
      state: "s",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    })}`,
  );
  const form = formFields((await asked.text()).split('action="/authorize"')[1] ?? "");
  annsNames = {
    id: annsClient.clientId,
    client_id: annsClient.clientId,
    sidecar_id: `${MARK}-sidecar`,
    session_id: String(session?.id),
    credential_id: String(passkey?.credential_id),
    handle: form.handle ?? "",
    code: "BCDFGHJK",
    account: "U1234567",
    accounts: "some",
    scope: "ibkr:health:read",
    decision: "approve",
    capability: "broker.read",
    words: "same",
    on: "yes",
    at_once: "yes",
    name: "renamed",
    note: "note",
    token: "x",
    coid: `${MARK}-order`,
    mode: "paper",
    subject: "U1234567",
    item: "read",
    effect: "freeze",
    freeze: "yes",
    say: "yes",
    symbol: MARK,
    quantity: "1",
    echo: "10",
    document: "{}",
    based_on: "1",
    not_after: "2099-01-01T00:00:00.000Z",
    response: "{}",
    before: "1000",
    next: "/",
    invitation: "x",
    number: "11",
    mandate: JSON.stringify(mandate),
  };
});
afterAll(() => gateway.close());

/** All that Ann's object holds, but for the log of what is tried on it and its own bookkeeping. */
async function annsState(): Promise<string> {
  const account = accountOf(ann);
  const tables = await gateway.sql<{ name: string }>(
    "Account",
    account,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name",
  );
  const state: Record<string, unknown> = {};
  for (const { name } of tables) {
    if (/^(audit|sqlite_|order_chores)/.test(name)) continue;
    state[name] = await gateway.sql("Account", account, `SELECT * FROM "${name}"`);
  }
  return JSON.stringify(state);
}

const owners = PAGE_ROUTES.filter(({ guard }) => guard === "owner");

/** Sends a request to a route with everything of Ann's in it. */
function send(
  browser: Browser,
  { method, path }: (typeof PAGE_ROUTES)[number],
  csrf: string,
): Promise<Response> {
  const thing = path.startsWith("/mandates/") ? "mandate" : "approval";
  const hers = path.replace(":id", `${MARK}-${thing}`);
  return method === "GET"
    ? browser.get(`${hers}?${new URLSearchParams(annsNames)}`)
    : browser.post(hers, { ...annsNames, csrf });
}

async function csrfOf(browser: Browser): Promise<string> {
  return formFields(await (await browser.get("/clients")).text()).csrf ?? "";
}

/** Asked by a page's script alone, which nobody sends to the sign-in page: they refuse. */
const IN_SCRIPT: ReadonlySet<string> = new Set(["/live"]);

describe("routes for owners", () => {
  it("there are some, of both kinds", () => {
    expect(owners.filter(({ method }) => method === "GET").length).toBeGreaterThan(8);
    expect(owners.filter(({ method }) => method === "POST").length).toBeGreaterThan(10);
  });

  it("nobody who is not signed in gets further than the sign-in page", async () => {
    const before = await annsState();
    for (const route of owners) {
      const answer = await send(new Browser(gateway.url), route, "x");
      const at = `${route.method} ${route.path}`;
      expect([at, answer.status]).toEqual([at, IN_SCRIPT.has(route.path) ? 401 : 303]);
      expect([at, answer.headers.get("Location")]).toEqual([
        at,
        IN_SCRIPT.has(route.path) ? null : expect.stringMatching(/^\/sign-in/),
      ]);
      expect(await answer.text()).not.toContain(MARK);
    }
    expect(await annsState()).toBe(before);
  });

  it("another owner sees and changes nothing, with every name of hers in hand", async () => {
    const before = await annsState();
    const csrf = await csrfOf(ben);
    // What ends Ben's own session comes last.
    const order = (path: string) => Number(path.includes("sessions"));
    for (const route of [...owners].sort((a, b) => order(a.path) - order(b.path))) {
      const answer = await send(ben, route, csrf);
      const text = await answer.text();
      const at = `${route.method} ${route.path}`;
      expect([at, answer.status < 500]).toEqual([at, true]);
      expect([at, text.includes(MARK)]).toEqual([at, false]);
      expect([at, text.includes(accountOf(ann))]).toEqual([at, false]);
    }
    expect(await annsState()).toBe(before);
    expect((await ann.get("/clients")).status).toBe(200);
  });

  it("her own form, sent from his session or with his cookie's other half, does nothing", async () => {
    const before = await annsState();
    const annsCsrf = await csrfOf(ann);
    const bensSecret = ben.cookie("ibkr-owner")?.split(".")[1] ?? "";
    const mixed = new Browser(gateway.url);
    mixed.setCookie("ibkr-owner", `${accountOf(ann)}.${bensSecret}`);
    for (const route of owners) {
      for (const browser of [mixed, ben]) {
        const answer = await send(browser, route, annsCsrf);
        const at = `${route.method} ${route.path}`;
        expect([at, (await answer.text()).includes(MARK)]).toEqual([at, false]);
      }
    }
    expect(await annsState()).toBe(before);
  });

  it("(n) a bearer token is of no use on any of them", async () => {
    for (const { method, path } of owners) {
      const answer = await fetch(`${gateway.url}${path}`, {
        method,
        redirect: "manual",
        headers: {
          Authorization: `Bearer ${annsClient.tokens.access_token}`,
          Origin: gateway.url,
        },
        ...(method === "GET" ? {} : { body: new URLSearchParams(annsNames) }),
      });
      expect([path, answer.status]).toEqual([path, IN_SCRIPT.has(path) ? 401 : 303]);
      expect([path, answer.headers.get("Location")]).toEqual([
        path,
        IN_SCRIPT.has(path) ? null : expect.stringMatching(/^\/sign-in/),
      ]);
    }
  });
});

describe("tools", () => {
  // What was tried above has thrown out every client of Ben's own.
  beforeAll(async () => {
    const again = new Browser(gateway.url);
    expect((await signInWith(again, bensPasskey)).status).toBe(303);
    bensClient = await connect(again, { scope: SCOPE, clientName: "Ben's client" });
  });

  async function call(client: OAuthConnection, name: string, args: Record<string, unknown>) {
    const answer = await callMcp(
      gateway,
      { Authorization: `Bearer ${client.tokens.access_token}` },
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name, arguments: args },
      }),
    );
    return answer.text();
  }

  it("(n) every tool, called by his client with whatever of hers it takes, shows nothing of hers", async () => {
    expect(TOOLS.length).toBeGreaterThan(10);
    for (const tool of TOOLS) {
      const properties = Object.keys(tool.listing().inputSchema.properties ?? {});
      const hers = Object.fromEntries(
        properties.map((name) => [name, annsNames[name] ?? `${MARK}-${name}`]),
      );
      for (const args of [{}, hers]) {
        const text = await call(bensClient, tool.name, args);
        // Her machine and words are marked; what he sent himself may come back to him.
        const shown = Object.values(args).reduce(
          (rest, sent) => rest.replaceAll(String(sent), ""),
          text,
        );
        expect([tool.name, shown.includes(MARK)]).toEqual([tool.name, false]);
        expect([tool.name, text.includes(accountOf(ann))]).toEqual([tool.name, false]);
      }
    }
  });

  it("each sees the state of their own PC alone", async () => {
    expect(await call(annsClient, "ibkr_backend_status", {})).toContain('"state":"offline"');
    expect(await call(bensClient, "ibkr_backend_status", {})).toContain('"state":"not_paired"');
    expect(await call(bensClient, "ibkr_accounts_list", {})).toContain("SIDECAR_PAIRING_REQUIRED");
    expect(await call(annsClient, "ibkr_accounts_list", {})).toContain("SIDECAR_UNAVAILABLE");
  });

  it("the log of each holds their own calls", async () => {
    await call(annsClient, "ibkr_health", {});
    const his = await call(bensClient, "ibkr_audit_tail", { limit: 100, full: true });
    expect(his).not.toContain(annsClient.clientId);
    expect(his).toContain(bensClient.clientId);
  });

  it("a token put together from two is none", async () => {
    const [hers, hersGrant, hersSecret] = annsClient.tokens.access_token.split(":");
    const [his, hisGrant, hisSecret] = bensClient.tokens.access_token.split(":");
    for (const mixed of [
      `${hers}:${hisGrant}:${hisSecret}`,
      `${his}:${hersGrant}:${hersSecret}`,
      `${hers}:${hersGrant}:${hisSecret}`,
      `${his}:${hisGrant}:${hersSecret}`,
    ]) {
      const answer = await callMcp(gateway, { Authorization: `Bearer ${mixed}` });
      expect(answer.status).toBe(401);
    }
  });

  it("N57: two hundred calls of both at once, under the same id, are never mixed up", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const client = index % 2 === 0 ? annsClient : bensClient;
        return { index, text: await call(client, "ibkr_backend_status", {}) };
      }),
    );
    for (const { index, text } of answers) {
      const hers = text.includes('"state":"offline"');
      expect([index, hers, text.includes('"state":"not_paired"')]).toEqual([
        index,
        index % 2 === 0,
        index % 2 === 1,
      ]);
    }
  });
});
