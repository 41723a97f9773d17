import { describe, expect, it } from "vitest";
import { inputRefusals } from "./input-refusals.ts";

const order = {
  account_id: "DU1234567",
  conid: 265598,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  limit_price: "187.25",
};
const fields = (request: unknown) => inputRefusals({ request }).map(({ field }) => field);

describe("what is wrong with the input of a preview", () => {
  it("is nothing when it can be read", () => {
    expect(inputRefusals({ request: { kind: "order", order } })).toEqual([]);
  });

  it("is said field by field, all of it at once", () => {
    const wrong = { ...order, side: "buy", quantity: "-1" };
    expect(fields({ kind: "order", order: wrong }).toSorted()).toEqual(["quantity", "side"]);
    const members = [order, { ...order, limit_price: "x" }];
    expect(fields({ kind: "oca", orders: members })).toEqual(["limit_price"]);
    expect(fields({ kind: "cancel", cancel: { account_id: "DU1234567", order_id: "0" } })).toEqual([
      "order_id",
    ]);
  });

  it("is left to the operation's own schema where the kind is not known", () => {
    for (const input of [null, 7, {}, { request: { kind: "swap" } }, { request: [] }]) {
      expect(inputRefusals(input)).toEqual([]);
    }
  });

  it("is at most fifty refusals", () => {
    const orders = Array.from({ length: 60 }, () => ({ ...order, side: "?" }));
    expect(fields({ kind: "oca", orders })).toHaveLength(50);
  });
});
