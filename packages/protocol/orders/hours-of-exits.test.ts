import { describe, expect, it } from "vitest";
import { AAPL, aTicket } from "../../../test/support/orders.ts";
import { bracketOf } from "./build-order.ts";
import type { Contract } from "./canonical-order.ts";
import { parseBracketInput, parseOrderInput } from "./parse-input.ts";
import { orderLines } from "./signed-words.ts";

const ASKED = {
  account_id: "DU1234567",
  conid: 265598,
  side: "BUY",
  order_type: "LMT",
  quantity: "10",
  limit_price: "187.25",
  outside_rth: true,
  take_profit_price: "200",
  stop_loss_price: "180",
};
const FUTURE: Contract = { ...AAPL, asset_class: "FUT", multiplier: "50", expiry: "20261218" };

function bracket(contract: Contract, more: object = {}) {
  const parsed = parseBracketInput({ ...ASKED, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals));
  const order = bracketOf(parsed.value, contract, "paper");
  const asleep = orderLines(aTicket(order)).filter(({ name }) => name === "Asleep");
  return {
    outside: order.legs.map((leg) => leg.outside_rth),
    asleep: asleep.map(({ says }) => says),
  };
}

describe("B12: exits of an entry that may fill outside regular hours", () => {
  it("B12: a future's exits work in all its hours", () => {
    expect(bracket(FUTURE)).toEqual({ outside: [true, true, true], asleep: [] });
  });

  it("B12: a share's plain stop sleeps, and the words say so", () => {
    expect(bracket(AAPL)).toEqual({
      outside: [true, true, false],
      asleep: [
        "the stop loss does not work outside regular hours; if the entry fills then, nothing stops a loss until they begin",
      ],
    });
  });

  it("B12: a share's stop with a limit does not sleep, nor does any exit of an entry of regular hours", () => {
    const limited = bracket(AAPL, { stop_loss_limit_price: "179" });
    expect(limited).toEqual({ outside: [true, true, true], asleep: [] });
    const regular = bracket(AAPL, { outside_rth: false });
    expect(regular).toEqual({ outside: [false, false, false], asleep: [] });
  });

  it.each([
    ["FUT", "STP", true],
    [undefined, "STP", true],
    ["STK", "STP", false],
    ["STK", "STOP_LIMIT", true],
    ["FUT", "MKT", true],
    ["STK", "MKT", false],
  ])("B12: of kind %s a %s outside hours is let through: %s", (asset_class, order_type, passes) => {
    const parsed = parseOrderInput({
      account_id: "DU1234567",
      conid: 1,
      side: "SELL",
      order_type,
      quantity: "1",
      outside_rth: true,
      ...(asset_class === undefined ? {} : { asset_class }),
      ...(asset_class === "FUT" ? { expiry: "20261218" } : {}),
      ...(order_type === "MKT" ? {} : { stop_price: "180" }),
      ...(order_type === "STOP_LIMIT" ? { limit_price: "179" } : {}),
    });
    expect(parsed.ok ? [] : parsed.refusals.map(({ rule }) => rule)).toEqual(
      passes ? [] : ["limit_only_outside_hours"],
    );
  });
});
