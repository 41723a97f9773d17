import { describe, expect, it } from "vitest";
import {
  aBracket,
  aLeg,
  aMandate,
  aNamedMandate,
  anOrder,
  aTicket,
  NOW,
} from "../../../test/support/orders.ts";
import { contract, marketOf } from "../../../test/support/risk/cases.ts";
import type { Leg } from "../orders/canonical-order.ts";
import type { Waits } from "../orders/ticket.ts";
import { Mandate, type MandateV2, mandateHash, type UnderMandate } from "./mandate.ts";
import { mandateFaults } from "./mandate-faults.ts";
import { mandateInWords } from "./mandate-words.ts";

const wide = {
  max_notional_per_order: "100000",
  max_notional_per_day: "100000",
  max_quantity_per_order: "100",
  conids: null,
  asset_classes: ["STK", "OPT", "FUT"],
  sides: ["BUY", "SELL"],
  short_sales: true,
  order_types: ["LMT", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT", "MIDPRICE"],
} satisfies Partial<MandateV2>;

const WAITS: Waits = { until: NOW, time_zone: null, session: null };

function under(mandate: Mandate, leg: Partial<Leg>, over: Partial<UnderMandate> = {}): string[] {
  const ticket = aTicket(anOrder({ legs: [aLeg(leg)] }), {
    waits: over.waits === true ? WAITS : null,
  });
  const order: UnderMandate = {
    ticket,
    notional: "187.25",
    market: ticket.market,
    waits: false,
    gatewayAccountId: "acc_7d3f",
    clientId: "client-1",
    effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
    acceptedWarnings: [],
    ...over,
  };
  const usage = { orders_today: 0, notional_today: "0" };
  return mandateFaults(mandate, order, usage, NOW).map(({ rule }) => rule);
}

const named = (over: Partial<MandateV2>, leg: Partial<Leg>, more?: Partial<UnderMandate>) =>
  under(aNamedMandate({ ...wide, ...over }), leg, more);

const option = contract({
  asset_class: "OPT",
  multiplier: "100",
  strike: "180",
  right: "P",
  expiry: "20261218",
});
const future = contract({
  asset_class: "FUT",
  multiplier: "5",
  exchange: "CME",
  listing_exchange: "CME",
  expiry: "20261218",
});

describe("bounds on placing", () => {
  it("cover what lies inside", () => {
    expect(named({}, {})).toEqual([]);
  });

  it.each<[string, Partial<MandateV2>, Partial<Leg>]>([
    ["currency_named", {}, { contract: contract({ currency: "EUR" }) }],
    ["exchange_named", {}, { contract: contract({ exchange: "IEX" }) }],
    ["time_in_force_named", {}, { time_in_force: "GTC" }],
    ["regular_hours", {}, { outside_rth: true }],
    ["max_price_beyond_percent", {}, { limit_price: "189.2" }],
    ["expiry_named", {}, { contract: option, limit_price: "187.25" }],
    ["expiry_named", { latest_expiry: "20261217" }, { contract: option, limit_price: "187.25" }],
  ])("do not cover beyond %s", (rule, over, leg) => {
    expect(named(over, leg)).toEqual([rule]);
  });

  it.each<[string, Partial<MandateV2>, Partial<Leg>]>([
    [
      "another currency",
      { currencies: ["EUR", "USD"] },
      { contract: contract({ currency: "EUR" }) },
    ],
    ["another exchange", { exchanges: ["IEX"] }, { contract: contract({ exchange: "IEX" }) }],
    ["a longer time", { times_in_force: ["DAY", "GTC"] }, { time_in_force: "GTC" }],
    ["longer hours", { outside_rth: true }, { outside_rth: true }],
    ["a price further beyond", { max_price_beyond_percent: "2" }, { limit_price: "189.2" }],
    ["a later end", { latest_expiry: "20261218" }, { contract: option, limit_price: "187.25" }],
  ])("cover %s where they name it", (_what, over, leg) => {
    expect(named(over, leg)).toEqual([]);
  });

  it("hold a price to the market on the side that costs, and to no market at all to none", () => {
    // The middle of 187.20 and 187.30 is 187.25; 1 % beyond it are 189.1225 and 185.3775.
    expect(named({}, { limit_price: "189.12" })).toEqual([]);
    expect(named({}, { limit_price: "100" })).toEqual([]);
    expect(named({}, { side: "SELL", limit_price: "185.38" })).toEqual([]);
    expect(named({}, { side: "SELL", limit_price: "185.37" })).toEqual([
      "max_price_beyond_percent",
    ]);
    expect(named({}, {}, { market: null })).toEqual(["max_price_beyond_percent"]);
    expect(named({}, { order_type: "MKT", limit_price: null })).toEqual([]);
    const wideMarket = marketOf({ bid: "180", ask: "194" });
    expect(named({}, { order_type: "MKT", limit_price: null }, { market: wideMarket })).toEqual([
      "max_price_beyond_percent",
    ]);
    const stopLimit = { order_type: "STOP_LIMIT", stop_price: "200" } as const;
    expect(named({}, { ...stopLimit, limit_price: "202" })).toEqual([]);
    expect(named({}, { ...stopLimit, limit_price: "202.1" })).toEqual(["max_price_beyond_percent"]);
  });

  it("cover what waits for its market only by name, whether the ticket or the moment says so", () => {
    expect(named({}, {}, { waits: true })).toEqual(["market_open"]);
    expect(named({ when_closed: true }, {}, { waits: true })).toEqual([]);
  });

  it("let a bracket's exits stand until they are cancelled", () => {
    const bracket = aBracket();
    const [entry, ...exits] = bracket.legs;
    if (entry === undefined) throw new Error("the fixture has an entry");
    const order = {
      ...bracket,
      legs: [entry, ...exits.map((leg) => ({ ...leg, time_in_force: "GTC" as const }))],
    };
    const ticket = aTicket(order);
    expect(named({}, {}, { ticket })).toEqual([]);
  });

  it("cover a sale of more than is held only by name, and any sale that is an exit", () => {
    const sale = { side: "SELL" } as const;
    const effect = (kind: "exit" | "flip") =>
      ({ kind, position: "1", working_same_side: "0", at: NOW }) as const;
    for (const moved of [{}, { effect: effect("flip") }, { effect: null }]) {
      expect(named({ short_sales: false }, sale, moved)).toEqual(["short_sales"]);
      expect(named({}, sale, moved)).toEqual([]);
    }
    expect(named({ short_sales: false }, sale, { effect: effect("exit") })).toEqual([]);
    expect(
      named({ short_sales: false }, { ...sale, contract: future, limit_price: "187.25" }, {}),
    ).toContain("short_sales");
  });

  it("cover no call that is sold to open", () => {
    const call = { ...option, right: "C" as const };
    const leg = { side: "SELL", contract: call, limit_price: "187.25" } as const;
    const over = { latest_expiry: "20261218" };
    expect(named(over, leg)).toEqual(["no_uncovered_calls"]);
    const exit = { kind: "exit", position: "1", working_same_side: "0", at: NOW } as const;
    expect(named(over, leg, { effect: exit })).toEqual([]);
  });
});

describe("a mandate from before these bounds", () => {
  const { short_sales: _named, ...before } = wide;
  const old = aMandate({ ...before, conids: [265598] });

  it("keeps its name and its signature", () => {
    expect(Mandate.parse(JSON.parse(JSON.stringify(old)))).toEqual(old);
    expect(mandateHash(old)).toBe(mandateHash(Mandate.parse(JSON.parse(JSON.stringify(old)))));
    expect(mandateHash(old)).not.toBe(mandateHash(aNamedMandate({ ...wide, conids: [265598] })));
  });

  it("covers the usual order of its kind", () => {
    expect(under(old, {})).toEqual([]);
    expect(under(old, { contract: future, limit_price: "187.25" })).toEqual([]);
  });

  it.each<[string, Partial<Leg>]>([
    ["currency_named", { contract: contract({ currency: "EUR" }) }],
    ["exchange_named", { contract: contract({ exchange: "IEX" }) }],
    ["time_in_force_named", { time_in_force: "GTC" }],
    ["regular_hours", { outside_rth: true }],
    ["max_price_beyond_percent", { limit_price: "189.2" }],
    ["short_sales", { side: "SELL" }],
  ])("is read in its narrowest way: %s", (rule, leg) => {
    expect(under(old, leg)).toEqual([rule]);
  });

  it("covers what expires only where it names the contract, and nothing that waits", () => {
    const any = { ...old, conids: null };
    expect(under(any, { contract: option, limit_price: "187.25" })).toEqual(["expiry_named"]);
    expect(under(old, { contract: option, limit_price: "187.25" })).toEqual([]);
    expect(under(old, {}, { waits: true })).toEqual(["market_open"]);
  });
});

describe("in words", () => {
  const lines = (mandate: Mandate) =>
    new Map(mandateInWords(mandate).map(({ name, says }) => [name, says]));

  it("says every bound", () => {
    const said = lines(
      aNamedMandate({
        currencies: ["USD", "EUR"],
        times_in_force: ["DAY", "GTC"],
        outside_rth: true,
        when_closed: true,
        max_price_beyond_percent: "0.5",
        latest_expiry: "20261218",
      }),
    );
    expect(said.get("Currency")).toBe("USD, EUR");
    expect(said.get("Exchange")).toBe("SMART");
    expect(said.get("Time in force")).toBe("for the day, until cancelled");
    expect(said.get("Hours")).toBe(
      "also outside regular hours; also orders that wait for the market to open",
    );
    expect(said.get("Price")).toBe("at most 0.5 % beyond the market");
    expect(said.get("Short sales")).toBe("none");
    expect(said.get("Expiry")).toBe("what expires by 2026-12-18");
  });

  it("says of an old one what it is read as", () => {
    const said = lines(aMandate());
    expect(said.get("Currency")).toBe("the account's base currency only");
    expect(said.get("Exchange")).toBe("the broker's usual routing only");
    expect(said.get("Hours")).toBe(
      "regular hours only; no order that waits for the market to open",
    );
    expect(said.get("Expiry")).toBe("of what expires only the contracts named above");
  });
});
