import { afterEach, describe, expect, it } from "vitest";
import type { Mandate } from "../../src/protocol/approval/mandate.ts";
import { statementHash } from "../../src/protocol/approval/statement.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { intentHash, intentOf } from "../../src/protocol/orders/intent.ts";
import {
  AAPL_CONID,
  GATEWAY,
  limitOrder,
  type OrderRig,
  POLICY_HASH,
  startOrderRig,
} from "../support/order-rig.ts";

/** Orders inside bounds the owner signed once, and every way of being outside of them. */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

const mandate = (over: Partial<Mandate> = {}): Mandate => ({
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
  not_before: "2026-01-01T00:00:00.000Z",
  not_after: "2026-12-31T00:00:00.000Z",
  nonce: "a".repeat(32),
  ...over,
});

let nonces = 0;

async function placeUnder(
  signed: { mandate: Mandate; assertion: JsonObject },
  over: JsonObject = {},
) {
  const preview = await rig.preview(limitOrder(rig.account, "176", over));
  const nonce = (0xaa00 + ++nonces).toString(16).padStart(32, "0");
  const intent = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: GATEWAY.accountId,
    sidecar_id: GATEWAY.sidecarId,
    generation: preview.generation,
    preview_id: preview.preview_id,
    policy_version: 1,
    policy_hash: POLICY_HASH,
    accepted_warnings: [],
    nonce,
    not_after: new Date(rig.now() + 60_000).toISOString(),
  });
  return rig.place({
    account_id: rig.account,
    mode: "paper",
    coid: intent.coid,
    intent_hash: intentHash(intent),
    approval: {
      kind: "mandate",
      preview_id: preview.preview_id,
      policy_version: 1,
      policy_hash: POLICY_HASH,
      accepted_warnings: [],
      nonce,
      not_after: intent.not_after,
      ...signed,
    },
  });
}

const sign = (bounds: Mandate) => ({
  mandate: bounds,
  assertion: rig.phone.approve(statementHash({ act: "mandate", mandate: bounds })),
});

const start = async (): Promise<void> => {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
};

describe("an order under a mandate", () => {
  it("needs no tap, until the day's bounds are used up", async () => {
    await start();
    const signed = sign(mandate());
    expect((await placeUnder(signed, { quantity: "2" })).refusals).toEqual([]);
    expect((await placeUnder(signed, { quantity: "1" })).refusals).toEqual([]);
    const third = await placeUnder(signed, { quantity: "2" });
    expect(third.refusals.map(({ rule }) => rule)).toEqual(["max_notional_per_day"]);
    expect(rig.posts()).toHaveLength(2);
  });

  it("is refused once the value of an order of the day is unknown", async () => {
    await start();
    const signed = sign(mandate());
    const first = await placeUnder(signed, { quantity: "1" });
    const record = rig.store().intent(first.coid);
    if (record === null) throw new Error("the order is not in the journal");
    const ticket = { ...record.ticket, notional: null };
    rig.store().save({ ...record, notional: null, ticket });
    const second = await placeUnder(signed, { quantity: "1" });
    expect(second.refusals.map(({ rule }) => rule)).toEqual(["max_notional_per_day"]);
    expect(rig.posts()).toHaveLength(1);
  });

  it.each<[string, JsonObject, string]>([
    ["quantity", { quantity: "3" }, "max_quantity_per_order"],
    ["side", { side: "SELL", limit_price: "184", quantity: "1" }, "side_named"],
    ["contract", { conid: 756733, limit_price: "640", quantity: "1" }, "contract_named"],
  ])("outside its %s is refused", async (_name, over, rule) => {
    await start();
    const outcome = await placeUnder(sign(mandate()), over);
    expect(outcome.refusals.map((one) => one.rule)).toContain(rule);
    expect(rig.posts()).toEqual([]);
  });

  it("whose bounds were widened after it was signed is refused", async () => {
    await start();
    const { assertion } = sign(mandate());
    const outcome = await placeUnder({
      mandate: mandate({ max_notional_per_order: "9000" }),
      assertion,
    });
    expect(outcome.refusals.map(({ code }) => code)).toEqual(["APPROVAL_CHALLENGE_MISMATCH"]);
    expect(rig.posts()).toEqual([]);
  });
});
