import type { TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { describe, expect, it } from "vitest";
import { aLeg, anOrder, aTicket } from "../../test/support/orders.ts";
import { MandateFields } from "./mandate-fields.tsx";
import { OrderCard, type Zones } from "./order-card.tsx";

const UNKNOWN_ZONES: Zones = { exchange: null, owner: null };

const RLO = String.fromCodePoint(0x202e);
const ZERO_WIDTH = String.fromCodePoint(0x200b);

/** What the broker's reference data and warnings could say if they were made to deceive. */
const NASTY = `${RLO}LPAA${ZERO_WIDTH}\n\n<h1>Sell 0 AAPL</h1><script>x()</script>${"A".repeat(5_000)}`;

describe("the order that is approved", () => {
  it("N56: shows reference data as text on one line, without hidden direction, within bounds", async () => {
    const contract = {
      ...aLeg().contract,
      // As long as a ticket can name them.
      symbol: NASTY.slice(0, 40),
      exchange: NASTY.slice(0, 20),
      listing_exchange: NASTY.slice(0, 20),
    };
    const { what_if: whatIf } = aTicket();
    if (whatIf === null) throw new Error("the sample ticket has a what-if");
    const ticket = aTicket(anOrder({ legs: [aLeg({ contract })] }), {
      warnings: [{ message_id: "o163", fingerprint: "a".repeat(64), text: NASTY }],
      what_if: { ...whatIf, error: NASTY },
    });
    const html = String(
      await OrderCard({ ticket, source: "client_portal", marketNow: null, zones: UNKNOWN_ZONES }),
    );
    expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u);
    expect(html).not.toContain("<script>");
    expect([...html.matchAll(/<h1/g)]).toHaveLength(1);
    const [, head = ""] = /<h1[^>]*>(.*?)<\/h1>/s.exec(html) ?? [];
    expect(head).toMatch(/^Buy 1 /);
    expect(head).not.toContain("\n");
    expect(head.length).toBeLessThan(300);
    // What is accepted word for word is shown to its last word.
    expect(html).toContain(`${"A".repeat(5_000)} (o163)`);
    // The figures that matter stand outside every such text.
    expect(html).toContain("187.25");
    expect(html).toContain("DU1234567");
  });
});

describe("the market of an order", () => {
  const closed: TicketQuote = {
    conid: 265598,
    bid: null,
    ask: null,
    last: "269.81",
    prior_close: "268.00",
    availability: "frozen",
    halted: false,
    reference: {
      price: "269.81",
      source: "frozen_last",
      session_date: "2026-11-27",
      at: "2026-11-27T21:00:00.000Z",
    },
    at: "2026-11-29T10:00:00.000Z",
  };
  const marketNow = async (quote: TicketQuote, zones: Zones, waits = true): Promise<string> => {
    const html = String(
      await OrderCard({
        ticket: aTicket(),
        source: "client_portal",
        marketNow: { quote, waits },
        zones,
      }),
    );
    const [, said = ""] = /<dt>Market now<\/dt>\s*<dd>(.*?)<\/dd>/s.exec(html) ?? [];
    return said;
  };

  it("says of a closed one its last price and from when, in the exchange's zone and the owner's", async () => {
    const zones = { exchange: "US/Eastern", owner: "Europe/Berlin" };
    expect(await marketNow(closed, zones)).toBe(
      "Market closed; last price 269.81 USD of Fri 27 Nov 16:00 New York (22:00 Berlin)",
    );
    expect(await marketNow(closed, { exchange: "US/Eastern", owner: null })).toBe(
      "Market closed; last price 269.81 USD of Fri 27 Nov 16:00 New York",
    );
    expect(await marketNow(closed, UNKNOWN_ZONES)).toContain("of Fri 27 Nov 21:00 UTC");
  });

  it("shows the sides of one that trades and has not traded yet today", async () => {
    const sides = { bid: "269.80", ask: "269.82", last: null, availability: "live" } as const;
    if (closed.reference == null) throw new Error("the fixture has a reference");
    const reference = { ...closed.reference, source: "prior_close" as const };
    const quiet: TicketQuote = { ...closed, ...sides, reference };
    expect(await marketNow(quiet, UNKNOWN_ZONES, false)).toBe(
      "bid 269.80, ask 269.82, no trade yet, last price 269.81 USD of Fri 27 Nov 21:00 UTC (live)",
    );
    const unquoted = { ...quiet, bid: null, ask: null };
    expect(await marketNow(unquoted, UNKNOWN_ZONES, false)).toContain("Not quoted now; last price");
  });

  it("shows the sides of one that trades", async () => {
    const open: TicketQuote = {
      ...closed,
      bid: "269.80",
      ask: "269.82",
      availability: "live",
      reference: null,
    };
    expect(await marketNow(open, UNKNOWN_ZONES)).toBe(
      "bid 269.80, ask 269.82, last 269.81 USD (live)",
    );
  });
});

describe("a warning that a mandate accepts beforehand", () => {
  it("is shown to its last word, as on the order's own page", async () => {
    const text = `${"This order may be filled in parts. ".repeat(100)}Fees double.`;
    const choices = {
      mode: "paper" as const,
      accounts: [],
      clients: [],
      contracts: [],
      passkeys: 1,
      warnings: [{ message_id: "o163", fingerprint: "a".repeat(64), text }],
    };
    const html = String(await MandateFields({ given: new URLSearchParams(), choices, csrf: "c" }));
    expect(html).toContain("Fees double. (o163)");
  });
});

it("an order whose loss has no bound says so, and what it counts as", async () => {
  const card = async (ticket: ReturnType<typeof aTicket>) =>
    String(
      await OrderCard({ ticket, source: "client_portal", marketNow: null, zones: UNKNOWN_ZONES }),
    );
  const sale = anOrder({ legs: [aLeg({ side: "SELL" })] });
  const call = await card(aTicket(sale, { notional: "20250", uncovered_call: true }));
  expect(call).toContain("No bound to the loss");
  expect(call).toContain("20250 USD at risk");
  expect(call).not.toContain("At most");
  expect(await card(aTicket())).toContain("At most");
});
