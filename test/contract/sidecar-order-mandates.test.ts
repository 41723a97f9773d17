import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Mandate,
  type MandateV1,
  mandateHash,
} from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  mandateConfirm,
  mandateTake,
} from "@ibkr-edge-gateway/protocol/operation-schemas/mandates.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { listMandates, revokeMandate } from "../../sidecar/src/trust/tables/mandates.ts";
import {
  AAPL_CONID,
  GATEWAY,
  limitOrder,
  type OrderRig,
  POLICY_HASH,
  type Submission,
  startOrderRig,
} from "../support/order-rig.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";

/**
 * Orders inside bounds the owner signed once, every way of being outside of them, and an edge that
 * lies about them: what counts is the simulator's request log.
 */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

/** What the rig's sidecar shows as every number. */
const NUMBER = 42;

const mandate = (over: Partial<MandateV1> = {}): MandateV1 => ({
  v: 1,
  mandate_id: "m1",
  gateway_account_id: GATEWAY.accountId,
  accounts: [rig.account],
  mode: "paper",
  clients: ["client-1"],
  conids: [AAPL_CONID],
  asset_classes: ["STK"],
  sides: ["BUY"],
  order_types: ["LMT"],
  reduce_only: false,
  max_notional_per_order: "400",
  max_notional_per_day: "700",
  max_quantity_per_order: "2",
  max_orders_per_day: 10,
  accepted_warnings: [],
  not_before: "2026-01-01T00:00:00.000Z",
  not_after: "2026-12-31T00:00:00.000Z",
  nonce: "a".repeat(32),
  ...over,
});

interface Signed extends JsonObject {
  mandate: Mandate;
  assertion: JsonObject;
}

let nonces = 0;

/** What an edge sends for an order under a mandate; `over` is what a hostile one changes in it. */
async function under(
  signed: Signed,
  order: JsonObject = {},
  over: JsonObject = {},
): Promise<Submission> {
  const preview = await rig.preview(limitOrder(rig.account, "176", order));
  const nonce = (0xaa00 + ++nonces).toString(16).padStart(32, "0");
  const terms = {
    preview_id: preview.preview_id,
    policy_version: 1,
    policy_hash: POLICY_HASH,
    accepted_warnings: [],
    nonce,
    not_after: new Date(rig.now() + 60_000).toISOString(),
    ...over,
  };
  const intent = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: GATEWAY.accountId,
    sidecar_id: GATEWAY.sidecarId,
    generation: preview.generation,
    ...terms,
  });
  return {
    account_id: rig.account,
    mode: "paper",
    coid: intent.coid,
    intent_hash: intentHash(intent),
    approval: { kind: "mandate", ...terms, ...signed },
  };
}

const placeUnder = async (signed: Signed, order: JsonObject = {}, over: JsonObject = {}) =>
  rig.place(await under(signed, order, over));

const rulesOf = (outcome: { refusals: { rule: string }[] }) =>
  outcome.refusals.map(({ rule }) => rule);

const sign = (bounds: Mandate, by = rig.phone): Signed => ({
  mandate: bounds,
  assertion: by.approve(statementHash({ act: "mandate", mandate: bounds })),
});

const take = async (signed: Signed) =>
  mandateTake.output.parse(await rig.job("mandate.take", signed));
const bringBack = async (bounds: Mandate, number = NUMBER) =>
  mandateConfirm.output.parse(
    await rig.job("mandate.confirm", { mandate_hash: mandateHash(bounds), number }),
  );

/** Signed by the owner, told to the PC, and its number brought back. */
async function inForce(over: Partial<MandateV1> = {}): Promise<Signed> {
  const signed = sign(mandate(over));
  expect(await take(signed)).toMatchObject({ state: "waiting", shown: ["terminal"] });
  expect(await bringBack(signed.mandate)).toMatchObject({ state: "confirmed" });
  return signed;
}

const start = async (): Promise<void> => {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
};

describe("an order under a mandate", () => {
  it("needs no tap, until the day's bounds are used up, and each is announced at the PC", async () => {
    await start();
    const signed = await inForce();
    expect((await placeUnder(signed, { quantity: "2" })).refusals).toEqual([]);
    expect((await placeUnder(signed, { quantity: "1" })).refusals).toEqual([]);
    expect(rulesOf(await placeUnder(signed, { quantity: "2" }))).toEqual(["max_notional_per_day"]);
    expect(rig.posts()).toHaveLength(2);
    const told = rig.shown.filter((text) => text.startsWith("Order under a mandate"));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain("Buy 2 AAPL at");
    expect(told[0]).toContain("npm run sidecar -- mandates revoke m1");
    expect(rig.pushed.filter((text) => text.startsWith("Order under a mandate"))).toHaveLength(2);
  });

  it("is refused once the value of an order of the day is unknown", async () => {
    await start();
    const signed = await inForce();
    const first = await placeUnder(signed, { quantity: "1" });
    const record = rig.store().intent(first.coid);
    if (record === null) throw new Error("the order is not in the journal");
    const ticket = { ...record.ticket, notional: null };
    rig.store().save({ ...record, notional: null, ticket });
    expect(rulesOf(await placeUnder(signed, { quantity: "1" }))).toEqual(["max_notional_per_day"]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("outside its quantity, side or contract is refused, and so is one under the kill switch", async () => {
    await start();
    const signed = await inForce();
    const cases: [JsonObject, string][] = [
      [{ quantity: "3" }, "max_quantity_per_order"],
      [{ side: "SELL", limit_price: "184", quantity: "1" }, "side_named"],
      [{ conid: 756733, limit_price: "640", quantity: "1" }, "contract_named"],
    ];
    for (const [order, rule] of cases) {
      expect(rulesOf(await placeUnder(signed, order))).toContain(rule);
    }
    rig.rules.engage("test", rig.now());
    const killed = await placeUnder(signed, { quantity: "1" });
    expect(killed.refusals.map(({ code }) => code)).toEqual(["LOCAL_KILL_SWITCH"]);
    expect(rig.posts()).toEqual([]);
  });

  it("many at once never pass its bounds, whatever the edge lets out", async () => {
    await start();
    rig.caps((caps) => ({ ...caps, paper: { ...caps.paper, max_orders_per_minute: 60 } }));
    const signed = await inForce({ max_orders_per_day: 3, max_notional_per_day: "9000" });
    const asked: Submission[] = [];
    for (let n = 0; n < 6; n++) asked.push(await under(signed, { quantity: "1" }));
    const told = asked.map((submission) => rig.start("order.place", submission));
    await rig.until(() => told.every(({ done }) => done), 120_000);
    expect(rig.posts()).toHaveLength(3);
    const after = await placeUnder(signed, { quantity: "1" });
    expect(rulesOf(after)).toEqual(["max_orders_per_day"]);
  });
});

describe("a mandate for one order a day", () => {
  it("lets out one, wherever in the first the process is killed, and whatever is sent again", async () => {
    for (let killAfter = 0; killAfter <= 6; killAfter++) {
      let left = Number.POSITIVE_INFINITY;
      const burn = () => {
        if (left <= 0) throw new Error("killed here");
        left -= 1;
      };
      rig = await startOrderRig({
        behaviours: { questions: { enabled: false } },
        burn: {
          store: (store) => ({
            ...store,
            insert: (record) => {
              burn();
              return store.insert(record);
            },
            save: (...records) => {
              burn();
              store.save(...records);
            },
          }),
          send: burn,
        },
      });
      rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
      const signed = await inForce({ max_orders_per_day: 1 });
      const first = await under(signed, { quantity: "1" });
      left = killAfter;
      const told = rig.start("order.place", first);
      await rig.until(() => told.done || left <= 0, 120_000);
      await rig.advance(500);
      left = Number.POSITIVE_INFINITY;
      await rig.restart();
      await rig.until(() => rig.broker.session().mode === "paper", 300_000);
      const before = rig.posts().length;
      const sent = rig.store().intent(first.coid)?.sent === true;
      expect(before === 0 || sent).toBe(true);
      const again = await rig.place(first, { jobId: "again" });
      expect(again.refusals.length).toBeGreaterThan(0);
      const second = await placeUnder(signed, { quantity: "1", limit_price: "175" });
      // What may have left counts, though nobody knows whether it did.
      if (sent) expect(rulesOf(second)).toContain("max_orders_per_day");
      expect(rig.posts()).toHaveLength(sent ? before : 1);
      if (killAfter < 6) await rig.close();
    }
  }, 60_000);
});

describe("a mandate for real money", () => {
  it("is taken only where this PC says so, asks for its number once, and for none with each order", async () => {
    rig = await startOrderRig({ paper: false, behaviours: { questions: { enabled: false } } });
    rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
    writeFileSync(
      join(rig.configDir, "policy.json"),
      JSON.stringify({ offer: ["broker.read", "orders.live"], broker_accounts: null }),
      { mode: 0o600 },
    );
    const live = { ...DEFAULT_CAPS.live, enabled: true };
    rig.caps((caps) => ({ ...caps, accounts: [rig.account], live }));
    const signed = sign(mandate({ mode: "live" }));
    expect(await take(signed)).toMatchObject({
      state: "refused",
      refusals: [{ rule: "mandates_allowed_here" }],
    });
    rig.caps((caps) => ({ ...caps, accounts: [rig.account], live: { ...live, mandates: true } }));
    const order = { ...(await under(signed, { quantity: "1" })), mode: "live" as const };
    const early = await rig.place(order);
    expect(rulesOf(early)).toEqual(["confirmed_at_pc"]);
    expect(await bringBack(signed.mandate)).toMatchObject({ state: "confirmed" });
    // By a tap every live order asks for the number here; inside the mandate none does.
    const preview = await rig.preview(limitOrder(rig.account, "176", { quantity: "1" }));
    expect(preview.least_tier).toBe(2);
    const next = { ...(await under(signed, { quantity: "1" })), mode: "live" as const };
    expect((await rig.place(next)).refusals).toEqual([]);
    expect(rig.posts()).toHaveLength(1);
    // A paper mandate is none for real money.
    const paper = { ...(await under(sign(mandate()), { quantity: "1" })), mode: "live" as const };
    expect((await rig.place(paper)).refusals.length).toBeGreaterThan(0);
    expect(rig.posts()).toHaveLength(1);
  });
});

describe("the number of a mandate", () => {
  it("is asked for at its first use, though the edge never told of it, and shown once", async () => {
    await start();
    const signed = sign(mandate());
    for (let n = 0; n < 2; n++) {
      const outcome = await placeUnder(signed, { quantity: "1" });
      expect(outcome.refusals).toMatchObject([
        { code: "APPROVAL_ECHO_MISMATCH", rule: "confirmed_at_pc" },
      ]);
    }
    expect(rig.posts()).toEqual([]);
    const shown = rig.shown.filter((text) => text.includes("A mandate was signed"));
    expect(shown).toHaveLength(1);
    expect(shown[0]).toContain(`Number for the mandate's page: ${NUMBER}`);
    expect(shown[0]).toContain("at most 400 in the account's base currency");
    expect(rig.pushed.join()).not.toContain(String(NUMBER));
    expect(await bringBack(signed.mandate)).toMatchObject({ state: "confirmed" });
    expect((await placeUnder(signed, { quantity: "1" })).refusals).toEqual([]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("guessed wrong voids the mandate, says so at the PC, and holds over a restart", async () => {
    await start();
    const signed = sign(mandate());
    await take(signed);
    expect(await bringBack(signed.mandate, 41)).toMatchObject({ state: "revoked" });
    expect(rig.shown.at(-1)).toContain("A wrong number came from the gateway");
    expect(await bringBack(signed.mandate, NUMBER)).toMatchObject({ state: "revoked" });
    await rig.restart();
    await rig.until(() => rig.broker.session().mode === "paper", 300_000);
    expect(await take(signed)).toMatchObject({ state: "refused" });
    expect(rulesOf(await placeUnder(signed, { quantity: "1" }))).toEqual(["not_revoked"]);
    expect(rig.posts()).toEqual([]);
  });

  it("is in no answer that the edge gets", async () => {
    await start();
    const signed = sign(mandate());
    const answers = [await take(signed), await rig.job("trust.status", {})];
    // As a value or a word of its own: a key's random id may hold the same figures.
    expect(JSON.stringify(answers)).not.toMatch(new RegExp(`(?<![\\w-])${NUMBER}(?![\\w-])`));
    expect(answers[1]).toMatchObject({ mandates: [{ mandate_id: "m1", state: "waiting" }] });
  });
});

describe("a hostile edge places nothing under a mandate", () => {
  it("that it signed itself, widened, moved to another account, or prolonged", async () => {
    await start();
    const signed = await inForce();
    const stranger = softwareAuthenticator();
    const forged = sign(mandate({ mandate_id: "m2", nonce: "b".repeat(32) }), stranger);
    const cases: [Signed, string][] = [
      [forged, "APPROVAL_KEY_NOT_ENROLLED"],
      ...[
        { max_notional_per_order: "9000" },
        { max_orders_per_day: 1_000 },
        { sides: ["BUY" as const, "SELL" as const] },
        { not_after: "2099-01-01T00:00:00.000Z" },
        { accepted_warnings: [{ message_id: "o163", fingerprint: "c".repeat(64) }] },
      ].map((over): [Signed, string] => [
        { ...signed, mandate: mandate(over) },
        "APPROVAL_CHALLENGE_MISMATCH",
      ]),
      [
        { ...signed, mandate: mandate({ gateway_account_id: "acc_other" }) },
        "MANDATE_NOT_COVERING",
      ],
    ];
    for (const [sent, code] of cases) {
      const outcome = await placeUnder(sent, { quantity: "1" });
      expect(outcome.refusals.map((one) => one.code)).toEqual([code]);
    }
    expect(rig.posts()).toEqual([]);
    expect(rig.sim.control.orders()).toEqual([]);
  });

  it("by replaying an order's terms, or by accepting the broker's warnings in the owner's name", async () => {
    await start();
    const signed = await inForce();
    const submission = await under(signed, { quantity: "1" });
    expect((await rig.place(submission)).refusals).toEqual([]);
    for (const jobId of ["again-1", "again-2"]) {
      const again = await rig.place(submission, { jobId });
      expect(again.refusals.map(({ code }) => code)).toEqual(["APPROVAL_CONSUMED"]);
    }
    const slipped = await placeUnder(
      signed,
      { quantity: "1" },
      { accepted_warnings: [{ message_id: "o163", fingerprint: "c".repeat(64) }] },
    );
    expect(rulesOf(slipped)).toEqual(["warnings_accepted"]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("after the PC revoked it: at once, for good, and whatever the edge tells of it again", async () => {
    await start();
    const signed = await inForce();
    expect(revokeMandate(rig.store().db, mandateHash(signed.mandate), rig.now())).toBe(true);
    expect(rulesOf(await placeUnder(signed, { quantity: "1" }))).toEqual(["not_revoked"]);
    expect(await take(signed)).toMatchObject({ state: "refused" });
    expect(await bringBack(signed.mandate)).toMatchObject({ state: "revoked" });
    expect(listMandates(rig.store().db)).toMatchObject([{ state: "revoked" }]);
    expect(rig.posts()).toEqual([]);
  });

  it("and an honest one's revocation is told to whoever sits at the PC", async () => {
    await start();
    const signed = await inForce();
    const mandate_hash = mandateHash(signed.mandate);
    expect(await rig.job("mandate.revoke", { mandate_hash })).toMatchObject({ state: "revoked" });
    expect(rig.shown.at(-1)).toContain("A mandate was revoked by the gateway");
    expect(rulesOf(await placeUnder(signed, { quantity: "1" }))).toEqual(["not_revoked"]);
    expect(await rig.job("mandate.revoke", { mandate_hash: "0".repeat(64) })).toMatchObject({
      state: "unknown",
    });
    expect(rig.posts()).toEqual([]);
  });

  it("where this PC takes no mandates: not to begin with, and not once it has stopped", async () => {
    await start();
    const signed = await inForce();
    rig.caps((caps) => ({ ...caps, paper: { ...DEFAULT_CAPS.paper, mandates: false } }));
    expect(rulesOf(await placeUnder(signed, { quantity: "1" }))).toEqual(["mandates_allowed_here"]);
    const another = sign(mandate({ mandate_id: "m3", nonce: "e".repeat(32) }));
    expect(await take(another)).toMatchObject({ state: "refused" });
    expect(rig.posts()).toEqual([]);
  });

  it("and an approval by tap is announced when it is used, whether or not the edge asked for that", async () => {
    await start();
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    expect(rig.shown).toEqual([]);
    await rig.place(rig.approve(preview));
    expect(rig.shown).toMatchObject([expect.stringContaining("Your approval is being used")]);
    expect(rig.shown[0]).toContain("Buy 2 AAPL at");
  });
});
