import { afterAll, beforeAll, expect, it } from "vitest";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  type Browser,
  checkboxes,
  connect,
  formFields,
  type OAuthConnection,
} from "../support/oauth-client.ts";
import { pair, rawSidecar } from "../support/relay/raw-sidecar.ts";

/** Broker accounts are granted per client: tried through the relay, with a PC that holds two. */
const asked: { operation: string; input: Record<string, unknown> }[] = [];
const provenance = () => ({
  source: "simulator",
  as_of: new Date().toISOString(),
  age_ms: 0,
  served_from: "broker",
  notes: [],
});

let gateway: Gateway;
let owner: Browser;
let client: OAuthConnection;
const raw = rawSidecar(async (operation, input) => {
  asked.push({ operation, input });
  if (input.feed === "settled") await new Promise((resolve) => setTimeout(resolve, 600));
  if (operation === "accounts.list") {
    return {
      accounts: ["DU7000001", "DU7000002"].map((account_id) => ({
        account_id,
        alias: null,
        mode: "paper",
        base_currency: "USD",
        customer_type: null,
        trading_type: null,
        tradable: true,
      })),
      ...provenance(),
    };
  }
  return {
    account_id: input.account_id ?? "DU7000001",
    positions: [],
    feed: "realtime",
    proved: true,
    settling: false,
    page: { offset: 0, returned: 0, total: 0, next_offset: null },
    ...provenance(),
  };
});

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
  client = await connect(owner, { scope: "ibkr:accounts:read ibkr:positions:read" });
});
afterAll(async () => {
  raw.socket().close();
  await gateway.close();
});

async function call(name: string, args: Record<string, unknown> = {}): Promise<string> {
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

/** Leaves the client these accounts, through the page; its token stays the same. */
async function leave(accounts: string[] | "all"): Promise<string> {
  const page = await (
    await owner.get(`/clients/change?id=${encodeURIComponent(client.clientId)}`)
  ).text();
  const { csrf = "" } = formFields(page);
  await owner.post("/clients/change", [
    ["csrf", csrf],
    ["client_id", client.clientId],
    ["accounts", accounts === "all" ? "all" : "some"],
    ...(accounts === "all" ? [] : accounts).map((id): [string, string] => ["account", id]),
    ...checkboxes(page, "scope")
      .filter(({ checked }) => checked)
      .map(({ value }): [string, string] => ["scope", value]),
  ]);
  return page;
}

it("the owner chooses among the accounts there are, and the client is held to them", async () => {
  expect(await call("ibkr_accounts_list")).toContain("DU7000002");
  expect(await call("ibkr_positions_list", { account_id: "DU7000002" })).toContain("DU7000002");

  const page = await leave(["DU7000001"]);
  expect(checkboxes(page, "account").map(({ value }) => value)).toEqual(["DU7000001", "DU7000002"]);

  const list = await call("ibkr_accounts_list");
  expect([list.includes("DU7000001"), list.includes("DU7000002")]).toEqual([true, false]);
  asked.length = 0;
  const foreign = await call("ibkr_positions_list", { account_id: "DU7000002" });
  expect(foreign).toContain("INPUT_UNAUTHORIZED_ACCOUNT");
  expect(asked).toEqual([]);
  // Where none is named, the one it may use is meant; the broker's own choice is not trusted.
  expect(await call("ibkr_positions_list")).toContain("DU7000001");
  expect(asked.map(({ input }) => input.account_id)).toEqual(["DU7000001"]);
});

it("an account that does not exist is refused in the same words as one that is not granted", async () => {
  await leave(["DU7000001"]);
  const foreign = await call("ibkr_positions_list", { account_id: "DU7000002" });
  const unknown = await call("ibkr_positions_list", { account_id: "DU9999999" });
  expect(foreign).toBe(unknown);
});

it("with none left it sees none, and with all given back it sees all again", async () => {
  await leave([]);
  expect(await call("ibkr_positions_list")).toContain("INPUT_UNAUTHORIZED_ACCOUNT");
  expect(await call("ibkr_accounts_list")).toContain('"accounts":[]');
  await leave("all");
  expect(await call("ibkr_accounts_list")).toContain("DU7000002");
});

it("a client that is thrown out while the PC is working gets no answer from it", async () => {
  await leave("all");
  asked.length = 0;
  const slow = call("ibkr_positions_list", { account_id: "DU7000001", feed: "settled" });
  await expect.poll(() => asked.length).toBe(1);
  const { csrf = "" } = formFields(await (await owner.get("/clients")).text());
  await owner.post("/clients/revoke", { csrf, client_id: client.clientId });
  const answer = await slow;
  expect(answer).toContain("AUTH_TOKEN_INVALID");
  expect(answer).not.toContain('positions":[]');
});
