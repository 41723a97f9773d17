import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { describe, expect, it } from "vitest";
import { aBracket, anIntent, aTicket } from "../../../../test/support/orders.ts";
import { type IntentRecord, plannedOrders } from "../journal/intent-record.ts";
import { unprotected } from "./unprotected-position.ts";

function bracketIn(states: [OrderState, OrderState, OrderState]): IntentRecord {
  const intent = anIntent({ ticket: aTicket(aBracket()) });
  return {
    coid: intent.coid,
    job_id: "j",
    action: "place",
    account_id: "DU1234567",
    intent_hash: "a".repeat(64),
    preview_id: "p",
    ticket: intent.ticket,
    accepted_warnings: [],
    generation: 1,
    effect: "entry",
    notional: "1",
    mandate_hash: null,
    state: "working",
    proved_by: "live_orders",
    sent: true,
    sent_at: 1,
    claimed: false,
    orders: plannedOrders(intent.ticket.order, intent.coid).map((order, index) => ({
      ...order,
      order_id: String(index + 1),
      state: states[index] ?? "submitting",
    })),
    question: null,
    answered: [],
    refusals: [],
    broker_text: null,
    alerts: [],
    told: [],
    doubt_since: null,
    version: 1,
    created_at: 1,
    updated_at: 1,
  };
}

describe("a bracket", () => {
  it.each<[[OrderState, OrderState, OrderState], boolean]>([
    [["working", "working", "working"], false],
    [["filled", "working", "working"], false],
    [["working", "working", "rejected"], true],
    [["partially_filled", "working", "cancelled"], true],
    [["filled", "working", "rejected"], true],
    // The stop did its work, or the profit did and ended the stop.
    [["filled", "cancelled", "filled"], false],
    [["filled", "filled", "cancelled"], false],
    // Without an entry there is nothing to protect.
    [["rejected", "rejected", "rejected"], false],
    [["cancelled", "cancelled", "cancelled"], false],
  ])("in %j is unprotected: %s", (states, expected) => {
    expect(unprotected(bracketIn(states)) !== null).toBe(expected);
  });

  it("offers to cancel what stands, the entry first", () => {
    expect(unprotected(bracketIn(["working", "working", "rejected"]))?.cancelOffered).toEqual([
      "1",
      "2",
    ]);
    expect(unprotected(bracketIn(["filled", "working", "rejected"]))?.cancelOffered).toEqual(["2"]);
  });
});
