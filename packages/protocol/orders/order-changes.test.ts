import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aLeg, anOrder } from "../../../test/support/orders.ts";
import type { CanonicalOrder } from "./canonical-order.ts";
import { economicHash } from "./intent.ts";
import { orderChanges } from "./order-changes.ts";

describe("what the PC understands otherwise by now", () => {
  it("is named, from what to what", () => {
    const before = anOrder({ legs: [aLeg({ limit_price: "187.25", quantity: "1" })] });
    const after = anOrder({ legs: [aLeg({ limit_price: "187.3", quantity: "2" })] });
    expect(orderChanges(before, after)).toEqual([
      "quantity from 1 to 2",
      "limit price from 187.25 to 187.3",
    ]);
  });

  it("names another contract by its symbol and number", () => {
    const { contract } = aLeg();
    const other = aLeg({ contract: { ...contract, conid: 4, symbol: "AAPL2" } });
    expect(orderChanges(anOrder({ legs: [aLeg()] }), anOrder({ legs: [other] }))).toEqual([
      `contract from AAPL (conid ${contract.conid}) to AAPL2 (conid 4)`,
    ]);
  });

  it("is never empty for two orders that would not do the same thing", () => {
    const price = fc.constantFrom("1", "1.0", "2", "187.25");
    const order: fc.Arbitrary<CanonicalOrder> = fc
      .record({
        action: fc.constantFrom("place" as const, "cancel" as const),
        side: fc.constantFrom("BUY" as const, "SELL" as const),
        order_type: fc.constantFrom("LMT" as const, "STOP_LIMIT" as const),
        limit_price: fc.option(price),
        stop_price: fc.option(price),
        quantity: fc.option(price),
        cash_quantity: fc.option(price),
        conid: fc.constantFrom(1, 2),
        trailing: fc.constantFrom(null, { unit: "amount" as const, offset: "1" }),
        legs: fc.constantFrom(1, 2),
      })
      .map(({ action, conid, legs, ...terms }) => {
        const leg = aLeg({ ...terms, contract: { ...aLeg().contract, conid } });
        return anOrder({ action, legs: legs === 1 ? [leg] : [leg, aLeg()] });
      });
    fc.assert(
      fc.property(order, order, (a, b) => {
        if (economicHash(a) !== economicHash(b)) expect(orderChanges(a, b)).not.toEqual([]);
        expect(orderChanges(a, a)).toEqual([]);
      }),
    );
  });
});
