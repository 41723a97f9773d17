import { describe, expect, it } from "vitest";
import { aLeg, aNamedMandate, anOrder, aTicket, NOW } from "../../../test/support/orders.ts";
import { contract } from "../../../test/support/risk/cases.ts";
import { leavesOf } from "../../../test/support/schema-leaves.ts";
import type { Leg } from "../orders/canonical-order.ts";
import type { Ticket } from "../orders/ticket.ts";
import { MandateV1, MandateV2, type UnderMandate } from "./mandate.ts";
import { mandateFaults } from "./mandate-faults.ts";

/**
 * Every bound of a mandate is read by a check that can fail: for each there is an order that is
 * covered, and that is not when this bound alone has another value. The bounds come from the schema,
 * so that one without a case fails here, and with it the build.
 */
interface Case {
  leg?: Partial<Leg>;
  ticket?: Partial<Ticket>;
  order?: Partial<UnderMandate>;
  /** What the bound is at first, where the base has another value. */
  from?: Partial<MandateV2>;
  to: Partial<MandateV2>;
  by: string;
}

const option = contract({
  asset_class: "OPT",
  multiplier: "100",
  strike: "180",
  right: "P",
  expiry: "20261218",
});
const waits = { until: NOW, time_zone: null, session: null };
const warning = { message_id: "o354", fingerprint: "a".repeat(64) };

const CASES: Record<string, Case> = {
  gateway_account_id: { to: { gateway_account_id: "acc_other" }, by: "own_gateway_account" },
  accounts: { to: { accounts: ["DU7654321"] }, by: "account_named" },
  mode: { to: { mode: "live" }, by: "mode_named" },
  clients: { to: { clients: ["client-2"] }, by: "client_named" },
  conids: { to: { conids: [1] }, by: "contract_named" },
  asset_classes: { to: { asset_classes: ["FUT"] }, by: "asset_class_named" },
  sides: { to: { sides: ["SELL"] }, by: "side_named" },
  order_types: { to: { order_types: ["STP"] }, by: "order_type_named" },
  reduce_only: { to: { reduce_only: true }, by: "exits_only" },
  max_notional_per_order: { to: { max_notional_per_order: "187" }, by: "max_notional_per_order" },
  max_notional_per_day: { to: { max_notional_per_day: "187" }, by: "max_notional_per_day" },
  max_quantity_per_order: { to: { max_quantity_per_order: "0.5" }, by: "max_quantity_per_order" },
  max_orders_per_day: { to: { max_orders_per_day: 1 }, by: "max_orders_per_day" },
  accepted_warnings: {
    ticket: { warnings: [{ ...warning, text: "No market data." }] },
    from: { accepted_warnings: [warning] },
    to: { accepted_warnings: [] },
    by: "warnings_accepted",
  },
  not_before: { to: { not_before: "2026-11-20T15:00:00.001Z" }, by: "in_force" },
  not_after: { to: { not_after: NOW }, by: "in_force" },
  currencies: { to: { currencies: ["EUR"] }, by: "currency_named" },
  exchanges: { to: { exchanges: ["IEX"] }, by: "exchange_named" },
  times_in_force: { to: { times_in_force: ["GTC"] }, by: "time_in_force_named" },
  outside_rth: {
    leg: { outside_rth: true },
    from: { outside_rth: true },
    to: { outside_rth: false },
    by: "regular_hours",
  },
  when_closed: {
    ticket: { waits },
    order: { waits: true },
    from: { when_closed: true },
    to: { when_closed: false },
    by: "market_open",
  },
  short_sales: {
    leg: { side: "SELL" },
    from: { sides: ["SELL"], short_sales: true },
    to: { short_sales: false },
    by: "short_sales",
  },
  max_price_beyond_percent: {
    leg: { limit_price: "188" },
    to: { max_price_beyond_percent: "0.1" },
    by: "max_price_beyond_percent",
  },
  latest_expiry: {
    leg: { contract: option },
    from: { asset_classes: ["OPT"], latest_expiry: "20261218" },
    to: { latest_expiry: "20261217" },
    by: "expiry_named",
  },
};

/** What names the mandate and bounds nothing; the version says how the rest is read. */
const NAMES = ["v", "mandate_id", "nonce"];

it("every bound of a mandate has its case, and what an old one names is among them", () => {
  expect([...Object.keys(CASES), ...NAMES].toSorted()).toEqual(leavesOf(MandateV2).toSorted());
  expect(leavesOf(MandateV2)).toEqual(expect.arrayContaining(leavesOf(MandateV1)));
});

describe.each(Object.entries(CASES))("%s", (_bound, one) => {
  it("alone takes an order out of the mandate", () => {
    const ticket = aTicket(anOrder({ legs: [aLeg(one.leg)] }), { waits: null, ...one.ticket });
    const order: UnderMandate = {
      ticket,
      notional: "187.25",
      market: ticket.market,
      waits: false,
      gatewayAccountId: "acc_7d3f",
      clientId: "client-1",
      effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
      acceptedWarnings: [],
      ...one.order,
    };
    const usage = { orders_today: 1, notional_today: "0" };
    const rules = (over: Partial<MandateV2>) =>
      mandateFaults(aNamedMandate({ ...one.from, ...over }), order, usage, NOW).map(
        ({ rule }) => rule,
      );
    expect(rules({})).toEqual([]);
    expect(rules(one.to)).toEqual([one.by]);
  });
});
