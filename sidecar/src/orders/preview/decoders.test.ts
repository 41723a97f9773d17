import { fingerprintOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { describe, expect, it } from "vitest";
import recordedRules from "../../../../test/fixtures/cpapi/Contracts/POST-contract-rules.json" with {
  type: "json",
};
import recordedWhatIf from "../../../../test/fixtures/cpapi/Orders/POST-whatif-order.json" with {
  type: "json",
};
import { parseWireJson } from "../../client-portal/wire-json.ts";
import { contractRules } from "./contract-rules.ts";
import { warningOf, whatIf } from "./what-if.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const now = () => NOW;
/** As it comes over the wire. */
const wire = (body: unknown): unknown => parseWireJson(JSON.stringify(body));

describe("the contract's rules", () => {
  it("as recorded", () => {
    expect(contractRules(756733, true, now).decode(wire(recordedRules.Response.Body))).toEqual({
      order_types: ["LMT", "MIDPRICE", "MKT", "STP", "STOP_LIMIT"],
      order_types_outside_rth: null,
      times_in_force: null,
      increments: [{ from: "0", step: "0.01" }],
      size_step: "40",
      fractional: null,
      cash_quantity: null,
      tradable_accounts: ["U1234567"],
      negative_prices: false,
      error: null,
      at: NOW,
    });
  });

  it("with bands of increments, in ascending order", () => {
    const rules = contractRules(1, true, now).decode(
      wire({
        incrementRules: [
          { lowerEdge: 1, increment: 0.01 },
          { lowerEdge: 0, increment: 0.0001 },
        ],
        tifTypes: ["DAY/o,a", "GTC/o,a", "OPG/a"],
        fraqTypes: [],
        error: "Instrument is not tradable.",
      }),
    );
    expect(rules.increments).toEqual([
      { from: "0", step: "0.0001" },
      { from: "1", step: "0.01" },
    ]);
    expect(rules).toMatchObject({
      times_in_force: ["DAY", "GTC", "OPG"],
      fractional: false,
      order_types: null,
      error: "Instrument is not tradable.",
    });
  });
});

describe("the broker's what-if", () => {
  it("as recorded: money out of text made for eyes", () => {
    const { whatIf: read, warning } = whatIf("U1234567", {}, now).decode(
      wire(recordedWhatIf.Response.Body),
    );
    expect(read).toEqual({
      amount: "1",
      amount_currency: "USD",
      commission: "0.01",
      total: "1.01",
      commission_currency: "USD",
      equity: { before: "1006413", after: "1006576" },
      initial_margin: { before: "8637", after: "8801" },
      maintenance_margin: { before: "8637", after: "8801" },
      error: null,
      at: NOW,
    });
    expect(warning).toMatchObject({ message_id: null });
  });

  it("on a cash account: margins that are not there are unknown, not zero", () => {
    const { whatIf: read } = whatIf("U1234567", {}, now).decode(
      wire({ amount: { amount: "1,977.60 USD (10 Shares)" }, initial: null, maintenance: null }),
    );
    expect(read.amount).toBe("1977.6");
    expect(read.commission).toBeNull();
    expect(read.initial_margin).toEqual({ before: null, after: null });
  });

  it("a warning's id is read from its wording, and one of unknown wording has none", () => {
    const text =
      'The following order "BUY 1 AAPL" price exceeds \nthe Percentage constraint of 3%.';
    expect(warningOf(`21/${text}`)).toMatchObject({
      message_id: "o163",
      fingerprint: fingerprintOf(text),
    });
    expect(warningOf("21/Something nobody has heard before")?.message_id).toBeNull();
    expect(warningOf(null)).toBeNull();
  });
});
