import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { describe, expect, it } from "vitest";
import { TOOLS } from "../../../../../src/mcp/catalogue.ts";
import { aLeg, anIntent, anOrder, aTicket } from "../../../../../test/support/orders.ts";
import { submitCallText } from "./submit-call.ts";

const KEY = "submit-01KEY";
const callFor = (order: CanonicalOrder) => {
  const text = submitCallText(
    { approvalId: "01APPROVAL", intent: anIntent({ ticket: aTicket(order) }) },
    KEY,
  );
  const [, name = "", args = ""] = /^(\S+) (.*)$/.exec(text) ?? [];
  return { name, args: JSON.parse(args) };
};

describe("the call that sends what was approved", () => {
  const target = {
    order_id: "77",
    order_ref: null,
    foreign: false,
    before: aLeg(),
    filled_quantity: "0",
  };
  it.each([
    ["ibkr_paper_order_submit", anOrder({ mode: "paper" })],
    ["ibkr_live_order_submit", anOrder({ mode: "live" })],
    [
      "ibkr_paper_bracket_order_submit",
      anOrder({
        mode: "paper",
        structure: "oca",
        legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member" })],
      }),
    ],
    ["ibkr_live_order_modify", anOrder({ mode: "live", action: "modify", target })],
  ])("%s, with arguments that the tool takes", (name, order) => {
    const call = callFor(order);
    expect(call.name).toBe(name);
    expect(call.args).toMatchObject({
      account_id: order.account_id,
      approval_id: "01APPROVAL",
      idempotency_key: KEY,
    });
    const tool = TOOLS.find((one) => one.name === name);
    expect(tool?.prepare(call.args)).toMatchObject({ ok: true });
  });
});
