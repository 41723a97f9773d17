import { adverseDriftBps, seenOn } from "@ibkr-edge-gateway/protocol/approval/price-drift.ts";
import { comparedPrice } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { describe, expect, it } from "vitest";
import { AT, hoursAt, quoteAt } from "../../test/support/closed-market.ts";
import { AAPL } from "../../test/support/orders.ts";
import { aDraftOf, type Tweak, verdictOf } from "../../test/support/policy.ts";
import { instrument } from "../../test/support/policy-cases/tweaks.ts";

/** The broker marks the last price `C` until the contract's first trade of the day. */
const noTradeYet = (at: string, bid: string, ask: string) =>
  quoteAt(
    at,
    { conid: AAPL.conid, bid, ask, last: null, prior_close: "186", availability: "live" },
    { last: { price: "186", mark: "prior_close" } },
  );
const quotedOnly: Tweak = ({ s }) => {
  s.now = AT.open;
  s.ticket.prepared_at = AT.open;
  Object.assign(instrument(s), hoursAt(AT.open));
  s.ticket.market = noTradeYet(AT.open, "187.24", "187.26");
  s.edge.market_now = structuredClone(s.ticket.market);
};

describe("an open market with live sides and no trade yet today", () => {
  it("is quoted: an entry is judged by its middle", () => {
    expect(
      verdictOf(quotedOnly, ({ s }) => {
        s.phase = "preview";
      }).failures.map(({ message }) => message),
    ).toEqual([]);
  });
  it("moves: the PC's own drift check sees the middle go from 187 to 206", () => {
    const { s } = aDraftOf(quotedOnly);
    const drift = adverseDriftBps(s.ticket.order, seenOn(s.ticket), {
      quote: noTradeYet(AT.open, "205.9", "206.1"),
      waits: false,
    });
    expect(drift?.toNumber()).toBeGreaterThan(900);
  });

  it("is not judged by the close of the day before once a side is missing", () => {
    const oneSided: Tweak = ({ s }) => {
      const quote = { conid: AAPL.conid, bid: null, ask: "187.26", last: null } as const;
      const marked = { last: { price: "186", mark: "prior_close" } } as const;
      s.edge.market_now = quoteAt(AT.open, { ...quote, availability: "live" }, marked);
    };
    const { s } = aDraftOf(quotedOnly, oneSided);
    const now = { quote: s.edge.market_now, waits: false };
    expect(comparedPrice(now)).toBeNull();
    expect(adverseDriftBps(s.ticket.order, seenOn(s.ticket), now)).toBeNull();
    const said = verdictOf(quotedOnly, oneSided).failures;
    expect(said.map(({ check }) => check)).toContain("price-drift");
    expect(said.find(({ check }) => check === "quote-fresh")?.message).toContain(
      "The market is open, and the last known price is of Thu 19 Nov",
    );
  });
});

describe("a market that is closed", () => {
  it("has no sides, whatever the broker goes on showing", () => {
    const shown = quoteAt(AT.saturday, {
      conid: AAPL.conid,
      bid: "150",
      ask: "230",
      availability: "live",
    });
    expect([shown.bid, shown.ask]).toEqual([null, null]);
    expect(comparedPrice({ quote: shown, waits: true })?.toFixed()).toBe("187.25");
  });
});
