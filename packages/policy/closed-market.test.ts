import type { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { describe, expect, it } from "vitest";
import { AT, hoursAt, onSaturday, quoteAt } from "../../test/support/closed-market.ts";
import { LEG_OF_TYPE } from "../../test/support/closed-market-orders.ts";
import { AAPL, aBracket, aLeg } from "../../test/support/orders.ts";
import { aDraftOf, readNow, type Tweak, verdictOf } from "../../test/support/policy.ts";
import {
  as,
  holding,
  instrument,
  leg,
  marketOrders,
  nothing,
} from "../../test/support/policy-cases/tweaks.ts";
import { policyOf } from "./document.ts";
import { evaluatePolicy } from "./evaluate.ts";

const preview: Tweak = ({ s }) => {
  s.phase = "preview";
};
const failing = (...tweaks: Tweak[]) =>
  verdictOf(onSaturday, ...tweaks).failures.map(({ check }) => check);
const said = (check: string, ...tweaks: Tweak[]) =>
  verdictOf(onSaturday, ...tweaks).results.find((one) => one.check === check);

describe("an entry while the market is closed", () => {
  it("is staged as a limit order against the last price of the latest session", () => {
    expect(failing(preview)).toEqual([]);
    expect(failing(nothing)).toEqual([]);
    expect(said("tradable-now")?.observed).toBe("waits until Mon 23 Nov 09:30 New York");
    expect(said("quote-fresh")).toMatchObject({ outcome: "pass", observed: "2026-11-20" });
  });

  it("waits only where the owner's policy says so", () => {
    const closed = said("tradable-now", ({ p }) => {
      p.form.when_closed = false;
    });
    expect(closed).toMatchObject({ outcome: "fail" });
    expect(closed?.message).toContain("(opens Mon 23 Nov 09:30 New York)");
  });

  it.each<OrderType>(["MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT", "MIDPRICE"])(
    "of type %s is refused at the preview, with what would do instead",
    (type) => {
      const found = said(
        "tradable-now",
        preview,
        type === "MKT" ? marketOrders : leg(LEG_OF_TYPE[type]),
      );
      expect(found).toMatchObject({
        outcome: "fail",
        message:
          "The US stock market is closed (opens Mon 23 Nov 09:30 New York). Only limit orders can be prepared now.",
      });
    },
  );

  it("that must fill at once is refused", () => {
    expect(
      failing(leg({ time_in_force: "IOC" }), ({ p }) => {
        p.form.times_in_force = null;
      }),
    ).toEqual(["tradable-now"]);
  });

  it("may be a bracket whose entry is a limit order", () => {
    const tweaks: Tweak[] = [
      as(aBracket()),
      ({ s, p }) => {
        s.facts.positions = [];
        p.order.max_notional = null;
        p.portfolio.max_position_notional = null;
      },
    ];
    expect(failing(...tweaks)).toEqual([]);
  });

  it("is held to the closed collar on both sides, around the last price", () => {
    expect(failing(leg({ limit_price: "205.97" }))).toEqual([]);
    expect(failing(leg({ limit_price: "205.98" }))).toEqual(["price-collar"]);
  });

  it("is not compared with a price of an older session", () => {
    const older: Tweak = ({ s }) => {
      const quote = quoteAt(AT.saturday, { conid: AAPL.conid, at: "2026-11-19T20:00:00.000Z" });
      for (const market of [s.ticket.market, s.edge.market_now]) {
        if (market !== null) Object.assign(market, quote);
      }
    };
    expect(failing(preview, older)).toContain("market-present");
    expect(said("market-present", preview, older)?.message).toContain("(Fri 20 Nov)");
    expect(said("price-drift", preview, older)?.outcome).toBe("unknown");
  });

  it("takes Friday's price for none once Monday's session is over", () => {
    const later: Tweak = ({ s }) =>
      Object.assign(instrument(s), hoursAt("2026-11-24T03:00:00.000Z"), { at: s.now });
    expect(failing(later)).toEqual(["tradable-now", "quote-fresh"]);
    expect(said("quote-fresh", later)?.message).toContain("of Fri 20 Nov");
  });

  it("is never the reason to hold back an exit, of whatever type", () => {
    const exit: Tweak = (draft) => {
      leg({ ...aLeg(), side: "SELL", order_type: "MKT", limit_price: null })(draft);
      holding("1")(draft);
      draft.s.facts.effect = {
        kind: "exit",
        position: "1",
        working_same_side: "0",
        at: AT.saturday,
      };
    };
    expect(failing(exit)).toEqual([]);
    expect(failing(preview, exit)).toEqual([]);
  });
});

it("before the open of a regular day a limit order waits, and is compared with the market there is", () => {
  const early = "2026-11-23T12:00:00.000Z";
  const draft = aDraftOf(onSaturday, preview);
  const { s, p } = draft;
  s.now = early;
  s.ticket.prepared_at = early;
  Object.assign(instrument(s), hoursAt(early));
  readNow(draft);
  s.ticket.market = quoteAt(early, {
    conid: AAPL.conid,
    bid: "187.2",
    ask: "187.3",
    availability: "live",
  });
  const verdict = evaluatePolicy(s, policyOf(1, p));
  expect(verdict.failures).toEqual([]);
  s.ticket.market.at = "2026-11-23T11:50:00.000Z";
  expect(evaluatePolicy(s, policyOf(1, p)).failures.map(({ check }) => check)).toEqual([
    "quote-fresh",
  ]);
});
