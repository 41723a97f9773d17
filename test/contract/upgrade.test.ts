import { readdirSync } from "node:fs";
import { join } from "node:path";
import { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { type RunningSimulator, startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { auditLeaf } from "../../durable-objects/account/audit/leaf.ts";
import { MIGRATIONS } from "../../durable-objects/account/schema.ts";
import { type LocalSidecar, startLocalSidecar } from "../../scripts/lib/local-sidecar.ts";
import { openJournal } from "../../sidecar/src/journal/relay-journal.ts";
import { openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import { listApprovers } from "../../sidecar/src/trust/tables/approvers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { modern } from "../support/mcp.ts";
import { authorize, Browser, formFields, tokenRequest } from "../support/oauth-client.ts";
import { AAPL, type Agent, ORDER_SCOPES, small, untilProved } from "../support/order-chain.ts";
import { otherClock } from "../support/other-clock.ts";
import { placeAtTheBroker } from "../support/simulated-portal.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";
import { type OrderName, type UpgradeFixture, unpackUpgrade } from "../support/upgrade-fixture.ts";

// fixed dates: those of the data, and the clock is set to the day after it.
/**
 * An owner deploys this version over the data of an earlier one: nothing is lost, nothing that was
 * sent is sent again, and what was approved long ago sends nothing. Real parts throughout; the
 * broker still holds the order that was working.
 *
 * The clock stands a day after the data was made, whenever the test runs: what a year would clean
 * away is not what is looked at here.
 */
const DAY_AFTER = Date.parse("2026-12-01T15:00:00Z");

const endings: (() => Promise<unknown>)[] = [];
let data: UpgradeFixture;
let sim: RunningSimulator;
let gateway: Gateway;
let owner: Browser;
let passkey: SoftwarePasskey;
let sidecar: LocalSidecar;
/** The client of before, with a token of today. */
let call: Agent["call"];
/** As it was when the Worker had started, and nothing had been asked of it yet. */
let rows: Record<string, number>;

const inObject = <Row extends Record<string, string | number | null>>(query: string) =>
  gateway.sql<Row>("Account", data.made.account_id, query);
const page = async (path: string) => (await owner.get(path)).text();
const form = async (path: string, fields: Record<string, string>) => {
  const { csrf = "" } = formFields(await page("/security"));
  return owner.post(path, { csrf, ...fields });
};
const approvalOf = (name: OrderName) => ({
  account_id: data.made.broker_account,
  approval_id: data.made.orders[name].approval,
});
const status = (name: OrderName) => call("ibkr_approval_status", approvalOf(name));
const codes = (answer: { refusals: { code: string }[] }) => answer.refusals.map(({ code }) => code);
const posts = () =>
  sim.control
    .requests()
    .filter(({ method, path }) => method === "POST" && /\/account\/[^/]+\/orders$/.test(path))
    .length;

beforeAll(async () => {
  data = await unpackUpgrade("2026-11-20");
  endings.push(data.remove);
  await otherClock(DAY_AFTER, data.worker, endings);
  sim = await startSimulator({ clock: "real", marketHours: "always", startAt: DAY_AFTER });
  endings.push(() => sim.close());
  sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  sim.control.change({ questions: { enabled: false } });
  await theBrokersSide();
  gateway = await startGateway({
    dataDir: data.worker,
    secrets: data.secrets,
    rateLimits: { SIGN_IN_LIMIT: 1000 },
  });
  endings.push(() => gateway.close());
  // The first call starts the object, and with it the migrations.
  owner = new Browser(gateway.url);
  passkey = new SoftwarePasskey(gateway.url, "ES256", data.made.passkey);
  const asking = await (await owner.get("/sign-in")).text();
  const answer = await owner.post("/sign-in/passkey", {
    ...formFields(asking.slice(asking.indexOf("data-passkey"))),
    response: passkey.use(ceremonyOn(asking)),
  });
  expect(answer.headers.get("Location")).toBe("/");
  rows = await counted();
  call = await clientOfBefore();
  await data.movePc(gateway.url);
}, 240_000);
afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** What the broker holds of the three orders that reached it. */
async function theBrokersSide(): Promise<void> {
  const store = openOrderStore(ordersFile());
  const sent = ["filled", "working", "cancelled"].flatMap((state) =>
    [...store.open(), ...store.endedSince(0)].filter((one) => one.state === state),
  );
  store.close();
  expect(sent.map(({ action }) => action)).toEqual(["place", "place", "place"]);
  for (const { coid, state, ticket } of sent) {
    const [leg] = ticket.order.legs;
    const id = await placeAtTheBroker(sim.url, data.made.broker_account, {
      cOID: coid,
      conid: AAPL,
      side: "BUY",
      orderType: "LMT",
      price: Number(leg?.limit_price),
      quantity: Number(leg?.quantity),
      tif: leg?.time_in_force ?? "DAY",
    });
    if (state === "filled") sim.control.fillOrder(Number(id));
    if (state === "cancelled") sim.control.cancelBySystem(Number(id), "cancelled");
  }
  sim.control.clearRequests();
}

const ordersFile = () => pcFile("orders-");
function pcFile(prefix: string): string {
  const name = readdirSync(data.sidecar).find(
    (file) => file.startsWith(prefix) && file.endsWith(".sqlite"),
  );
  return join(data.sidecar, name ?? `${prefix} is missing`);
}

async function counted(): Promise<Record<string, number>> {
  const tables = await inObject<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await inObject<{ n: number }>(`SELECT COUNT(*) AS n FROM "${name}"`);
    counts[name] = row?.n ?? 0;
  }
  return counts;
}

/** Its token has run out; the owner consents once more. */
async function clientOfBefore(): Promise<Agent["call"]> {
  const redirectUri = "http://127.0.0.1:9/callback";
  const { client_id } = data.made.agent;
  const { query, verifier } = await authorize(owner, {
    clientId: client_id,
    redirectUri,
    scope: ORDER_SCOPES,
  });
  const response = await tokenRequest(gateway.url, {
    grant_type: "authorization_code",
    code: query.get("code") ?? "",
    redirect_uri: redirectUri,
    client_id,
    code_verifier: verifier,
    resource: `${gateway.url}/mcp`,
  });
  expect(response.status).toBe(200);
  const { access_token } = (await response.json()) as { access_token: string };
  return async (name, args = {}) => {
    const to = { url: gateway.url, token: access_token };
    const { message, text } = await modern(to, "tools/call", { name, arguments: args });
    if (message?.result === undefined) throw new Error(`${name}: ${text.slice(0, 500)}`);
    return message.result.structuredContent;
  };
}

describe("the Worker on the data of an earlier version", () => {
  it("brings the tables up to date, and loses no row", async () => {
    const ids = (await inObject<{ id: number }>("SELECT id FROM migrations ORDER BY id")).map(
      ({ id }) => id,
    );
    expect(ids).toEqual(MIGRATIONS.map(({ id }) => id));
    // Signing in ends sessions that had run out. It notes itself, and by now so does the PC's absence.
    const grow = ["migrations", "audit_log", "order_alerts", "order_chores", "passkey_challenges"];
    for (const [table, count] of Object.entries(data.made.counts)) {
      if (table === "owner_sessions") continue;
      if (table === "order_preview_notes") {
        // Each stands in its preview's own row by now.
        const noted = "SELECT COUNT(*) AS noted FROM order_previews WHERE pc_refusals IS NOT NULL";
        expect(await inObject(noted)).toEqual([{ noted: count }]);
        continue;
      }
      if (grow.includes(table)) expect(rows[table]).toBeGreaterThanOrEqual(count);
      else expect([table, rows[table]]).toEqual([table, count]);
    }
  });

  it("shows the owner the six requests, and what became of the orders", async () => {
    const approvals = await page("/approvals");
    for (const { approval } of Object.values(data.made.orders)) {
      expect(approvals).toContain(`/approvals/${approval}`);
    }
    expect(approvals).toContain("Nothing waits for you");
    const told = async (name: OrderName) => {
      const { approval, order } = await status(name);
      return [name, approval.state, order?.state ?? null];
    };
    const names: OrderName[] = [
      "filled",
      "working",
      "approved_unsent",
      "pending",
      "denied",
      "cancelled",
    ];
    expect(await Promise.all(names.map(told))).toEqual([
      ["filled", "consumed", "filled"],
      ["working", "consumed", "working"],
      ["approved_unsent", "expired", null],
      ["pending", "expired", null],
      ["denied", "denied", null],
      ["cancelled", "consumed", "cancelled"],
    ]);
    const orders = await page("/orders");
    for (const words of ["Buy 1 AAPL", "Buy 2 AAPL", "Buy 6 AAPL"]) expect(orders).toContain(words);
  });

  it("keeps the audit log whole, and goes on with its copy in D1", async () => {
    const { account_id } = data.made;
    const log = () =>
      inObject<{ seq: number; leaf: string; event: string }>(
        "SELECT seq, lower(hex(substr(nodes, 1, 32))) AS leaf, event FROM audit_log ORDER BY seq",
      );
    const leaves = await log();
    expect(leaves.map(({ seq }) => seq)).toEqual(leaves.map((_, at) => at + 1));
    for (const { seq, leaf, event } of leaves) {
      const parsed = AuditEvent.parse(JSON.parse(event));
      expect(bytesToHex(auditLeaf(account_id, seq, parsed))).toBe(leaf);
    }
    const copied = async () => {
      const { results } = await (await gateway.d1())
        .prepare(
          "SELECT seq, leaf_hash AS leaf, event FROM audit_log_events WHERE account_id = ?1 ORDER BY seq",
        )
        .bind(account_id)
        .all();
      return results;
    };
    const wanted = leaves.length;
    await expect
      .poll(async () => (await copied()).slice(0, wanted), { timeout: 20_000 })
      .toEqual(leaves);
  });

  it("takes no approval that ran out, and no key twice", async () => {
    const submit = (name: OrderName, idempotency_key: string) =>
      call("ibkr_paper_order_submit", { ...approvalOf(name), idempotency_key });
    for (const name of ["filled", "working", "cancelled"] as const) {
      const again = await submit(name, data.made.orders[name].key ?? "");
      expect(again).toMatchObject({ replayed: true, order: { state: name } });
      expect(codes(await submit(name, `another-${name}`))).toContain("APPROVAL_CONSUMED");
    }
    expect(codes(await submit("approved_unsent", "upgrade-late"))).toContain("APPROVAL_EXPIRED");
    expect((await submit("pending", "upgrade-pending")).order).toBeNull();
    expect((await submit("denied", "upgrade-denied")).order).toBeNull();
    const asking = await page(`/approvals/${data.made.orders.pending.approval}`);
    expect(asking).not.toContain("data-passkey");
    expect(await inObject("SELECT coid FROM order_intents")).toHaveLength(4);
  });
});

describe("the PC on the folder of an earlier version", () => {
  it("opens the journal and the order store, with what stood in them", () => {
    const journal = openJournal({ path: pcFile("journal-"), now: () => DAY_AFTER });
    expect(journal.load().jobs.size).toBe(data.made.counts.relay_jobs);
    journal.close();
    const store = openOrderStore(ordersFile());
    expect(store.open().map(({ state, sent }) => [state, sent])).toEqual([["working", true]]);
    expect(
      store
        .endedSince(0)
        .map(({ state }) => state)
        .sort(),
    ).toEqual(["cancelled", "filled"]);
    expect(listApprovers(store.db).map(({ credentialId }) => credentialId)).toEqual([
      data.made.passkey.credentialId,
    ]);
    store.close();
  });

  it("connects, finds its working order at the broker, and sends nothing by itself", async () => {
    const said: string[] = [];
    sidecar = await startLocalSidecar({
      cli: inject("sidecarCli"),
      gateway: { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
      configDir: data.sidecar,
      clientPortal: sim.url,
      log: (line) => void said.push(line),
      onFailure: (why) => void said.push(why),
    });
    endings.push(() => sidecar.stop());
    await untilProved({ call });
    const reads = () =>
      sim.control.requests().filter(({ path }) => path.endsWith("/iserver/account/orders")).length;
    await expect.poll(reads, { timeout: 30_000 }).toBeGreaterThan(0);
    const { order } = await status("working");
    expect(order).toMatchObject({ state: "working", orders: [{ filled: "0", remaining: "2" }] });
    expect(posts()).toBe(0);
    expect(said.filter((line) => /damaged|broken/.test(line))).toEqual([]);
  }, 120_000);

  it("sends a new order, once", async () => {
    const asked = small(data.made.broker_account, { limit_price: "178" });
    const { preview } = await call("ibkr_order_preview", asked);
    expect(preview).toMatchObject({ policy_failures: [], pc_refusals: [], may_be_asked: true });
    const { approval } = await call("ibkr_approvals_create", {
      account_id: data.made.broker_account,
      preview_id: preview.preview_id,
    });
    const asking = await page(`/approvals/${approval.approval_id}`);
    const pressed = await form(`/approvals/${approval.approval_id}/approve`, {
      response: passkey.use(ceremonyOn(asking)),
    });
    expect(pressed.status).toBe(303);
    const submitted = await call("ibkr_paper_order_submit", {
      account_id: data.made.broker_account,
      approval_id: approval.approval_id,
      idempotency_key: "after-the-upgrade",
    });
    expect(submitted).toMatchObject({ replayed: false, refusals: [] });
    expect(["accepted", "working"]).toContain(submitted.order.state);
    expect(posts()).toBe(1);
  }, 60_000);

  it("follows the order of before to its end", async () => {
    const held = sim.control.orders().find(({ tif }) => tif === "GTC");
    sim.control.fillOrder(held?.id ?? 0);
    const state = async () => (await status("working")).order.state;
    // At the start of a session a book is believed after four lists, which the broker gives 6.25 s apart.
    await expect.poll(state, { timeout: 60_000 }).toBe("filled");
    expect(posts()).toBe(1);
  }, 90_000);
});
