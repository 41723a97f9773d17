import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyOf } from "../../../test/support/order-proof.ts";
import { aBracket, aLeg, anOrder, anyOrder, aTicket } from "../../../test/support/orders.ts";
import { checkSentBody } from "./sent-body.ts";

describe("what was sent, against what was approved", () => {
  it("agrees for any order as the PC writes it, brackets and changes included", () => {
    const check = (order: CanonicalOrder) =>
      checkSentBody(bodyOf(order, "ieg1-1"), order, "ieg1-1");
    fc.assert(
      fc.property(anyOrder, (order) => {
        fc.pre(bodyOf(order, "ieg1-1") !== "");
        check(order);
      }),
      { seed: 20_261_130 },
    );
    check(aBracket());
    check(
      anOrder({
        structure: "oca",
        legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member" })],
      }),
    );
    const target = {
      order_id: "1",
      order_ref: null,
      foreign: false,
      before: aLeg(),
      filled_quantity: "0",
    };
    check(anOrder({ action: "modify", target }));
    expect(aTicket().order).toEqual(anOrder());
  });
});
