import { describe, expect, it } from "vitest";
import { expectWordsOfEveryField, type Silent } from "../../../test/support/every-place.ts";
import { AAPL, aBracket, aLeg, anOrder, aTicket, NOW } from "../../../test/support/orders.ts";
import type { Leg } from "./canonical-order.ts";
import { quotedUnitsOf } from "./price-unit.ts";
import { ticketText } from "./signed-words.ts";
import { Ticket } from "./ticket.ts";

const text = (ticket: Ticket): string => ticketText(ticket).join("\n");
const ofLeg = (over: Partial<Leg>): string => text(aTicket(anOrder({ legs: [aLeg(over)] })));
const isCancel = ({ order }: Ticket): boolean => order.action === "cancel";

/** What is signed and rightly changes no word. */
const SILENT: Record<string, Silent<Ticket>> = {
  market: { why: "what the market was; it is no term of the order, and the page shows it beside" },
  prepared_at: { why: "when the PC prepared it" },
  price_magnifier: {
    why: "another spelling of the same unit",
    when: (a, b) => String(quotedUnitsOf(a)) === String(quotedUnitsOf(b)),
  },
  waits: {
    why: "absent says as much as null",
    when: (a, b) => a.waits == null && b.waits == null,
  },
  uncovered_call: {
    why: "absent says as much as false, and a cancel sells nothing",
    when: (a, b) => isCancel(a) || (a.uncovered_call === true) === (b.uncovered_call === true),
  },
  notional: { why: "a cancel buys and sells nothing", when: isCancel },
  base_currency: { why: "as above", when: isCancel },
  "what_if.commission": { why: "as above", when: isCancel },
  "what_if.commission_currency": { why: "as above", when: isCancel },
  "what_if.error": { why: "as above", when: isCancel },
  what_if: {
    why: "one without figures says as much as none",
    when: (a, b) => isCancel(a) || (a.what_if ?? b.what_if)?.commission === null,
  },
  "what_if.amount": { why: "the broker's estimate; the order is held to the value in the words" },
  "what_if.amount_currency": { why: "as above" },
  "what_if.total": { why: "the two figures above together" },
  "what_if.equity": { why: "the account's figures after it; no term of the order" },
  "what_if.initial_margin": { why: "as above; the page shows it beside" },
  "what_if.maintenance_margin": { why: "as above" },
  "what_if.at": { why: "when the broker said so" },
  "waits.until": {
    why: "within one minute, which is how a moment is said",
    when: (a, b) => a.waits?.until.slice(0, 16) === b.waits?.until.slice(0, 16),
  },
  "waits.time_zone": { why: "in which zone the same moment is written" },
  "waits.owner_zone": { why: "as above" },
  "warnings[].fingerprint": { why: "made from the text, which is in the words" },
};

describe("the words of a ticket", () => {
  it("change with every signed field that changes what is bought, may cost or is cancelled", () => {
    expectWordsOfEveryField(Ticket, text, SILENT);
  });

  it("say a purchase in lines that a person reads from the top", () => {
    expect(ticketText(aTicket())).toEqual([
      "Buy 1 AAPL at 187.25 USD or less, today only",
      "Account: DU1234567, paper, no real money",
      "Contract: 265598, AAPL, stock or fund, listed on NASDAQ, in USD, routed by the broker (SMART)",
      "At most: 187.25 USD",
      "Commission: 1 USD",
    ]);
  });

  it("say of a sale what it brings at least, and of one without a limit that nothing holds it", () => {
    const sale = { side: "SELL", quantity: "10" } as const;
    expect(ofLeg(sale)).toContain("At least: 1872.5 USD, before commission\n");
    expect(ofLeg(sale)).not.toContain("At most");
    const atMarket = ofLeg({ ...sale, order_type: "STP", limit_price: null, stop_price: "180" });
    expect(atMarket).toContain("At least: whatever the market gives: no limit holds the price");
    const order = anOrder({ legs: [aLeg({ order_type: "MKT", limit_price: null })] });
    expect(text(aTicket(order))).toContain("About: 187.25 USD; no limit holds the price");
    expect(text(aTicket(order, { notional: null }))).toContain("At most: not known, in USD");
  });

  it("say that the loss of a call sold to open has no bound", () => {
    const call = aTicket(anOrder({ legs: [aLeg({ side: "SELL" })] }), { uncovered_call: true });
    expect(text(call)).toContain("No bound to the loss: a call sold to open may lose any amount");
  });

  it("name every order of a bracket, with the limit at which its stop may never sell", () => {
    const fake = aBracket();
    const [, , stop] = fake.legs;
    if (stop === undefined) throw new Error("the sample bracket has a stop");
    fake.legs[2] = { ...stop, order_type: "STOP_LIMIT", limit_price: "500" };
    expect(text(aTicket(aBracket()))).toContain(
      "Stop loss: Sell 10 AAPL at the market once 180 USD is reached, today only",
    );
    expect(text(aTicket(fake))).toContain(
      "Stop loss: Sell 10 AAPL at 500 USD or more, once 180 USD is reached, today only",
    );
  });

  it.each<[string, Partial<Leg>, string]>([
    ["listing", { contract: { ...AAPL, conid: 38708077, listing_exchange: "EBS" } }, "38708077"],
    ["currency", { contract: { ...AAPL, currency: "MXN" } }, "in MXN"],
    ["venue", { contract: { ...AAPL, exchange: "OVERNIGHT" } }, "sent to OVERNIGHT only"],
    ["hours", { outside_rth: true }, "also outside regular hours"],
    [
      "trailing limit",
      {
        order_type: "TRAILLMT",
        side: "SELL",
        trailing: { unit: "amount", offset: "2" },
        stop_price: "180",
        limit_price: "500",
      },
      "Sell 1 AAPL at 500 USD or more at first, once 180 USD is reached at first; both trail by 2 USD",
    ],
    [
      "first trigger",
      {
        order_type: "TRAIL",
        side: "SELL",
        trailing: { unit: "percent", offset: "2" },
        stop_price: "1",
        limit_price: null,
      },
      "at the market once the price turns by 2 %, at first at 1 USD",
    ],
    ["pence", { contract: { ...AAPL, currency: "GBP" } }, "187.25 GBP (or a part of it"],
  ])("name another %s", (_name, over, words) => {
    expect(ofLeg(over)).toContain(words);
  });

  it("say prices in the unit that they are quoted in, and what they come to in money", () => {
    const leg = aLeg({ side: "SELL", quantity: "10", contract: { ...AAPL, currency: "GBP" } });
    const words = text(aTicket(anOrder({ legs: [leg] }), { price_magnifier: "100" }));
    expect(words).toContain("Sell 10 AAPL (listed on NASDAQ) at 187.25 hundredths of GBP or more");
    expect(words).toContain("At least: 18.725 GBP, before commission");
  });

  it("say of a change which order it is and from what to what, and of a cancel what it takes away", () => {
    const stop = aLeg({ side: "SELL", order_type: "STP", limit_price: null, stop_price: "180" });
    const target = {
      order_id: "501",
      order_ref: null,
      foreign: true,
      before: stop,
      filled_quantity: "0",
    };
    const legs = [{ ...stop, stop_price: "90" }];
    expect(text(aTicket(anOrder({ action: "modify", legs, target })))).toContain(
      [
        "Changes: order 501 at the broker, placed elsewhere and not through this gateway, without a reference; 0 of it filled so far",
        "Works now: Sell 1 AAPL at the market once 180 USD is reached, today only",
        "What changes: stop price from 180 to 90",
      ].join("\n"),
    );
    const cancel = text(aTicket(anOrder({ action: "cancel", legs: [stop], target })));
    expect(cancel).toMatch(/^Cancel order 501: Sell 1 AAPL at the market once 180 USD/);
    expect(cancel).toContain("Cancels: order 501 at the broker, placed elsewhere");
    expect(cancel).toContain(
      "Protection: this is a stop; what it protects stands unprotected then",
    );
    expect(cancel).toContain("Cost: nothing is bought or sold");
  });

  it("spell what the broker wrote so that nothing in it hides, and cut nothing of it", () => {
    const long = `${"Read this. ".repeat(300)}Fees double.\u202e\u001b[2J`;
    const warnings = [{ message_id: "o163", fingerprint: "a".repeat(64), text: long }];
    const words = text(aTicket(anOrder(), { warnings }));
    expect(words).toContain("Fees double.U+202EU+001B[2J (o163)");
    expect(words).not.toMatch(/\p{Cc}(?<!\n)|\p{Cf}/u);
    const contract = { ...AAPL, symbol: "A\u202eB\nC" };
    expect(ofLeg({ contract }).split("\n")).toHaveLength(5);
  });

  it("say of a group that one fill ends the others, and what waits until when", () => {
    const legs = [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", limit_price: "180" })];
    const waits = { until: NOW, time_zone: "UTC", owner_zone: null, session: "2026-11-20" };
    const words = text(aTicket(anOrder({ structure: "oca", legs }), { waits }));
    expect(words).toContain("Together: 2 orders: the first that fills ends the others");
    expect(words).toContain("One of them: Buy 1 AAPL at 180 USD or less, for the session of");
    expect(words).toContain("Waits: it waits at the broker for the open, Fri 20 Nov 15:00 UTC");
  });
});
