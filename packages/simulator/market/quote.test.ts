import { describe, expect, it } from "vitest";
import { createMarket } from "./market.ts";
import { availability, fieldValue } from "./market-data-fields.ts";
import type { Pin } from "./quote.ts";
import { hoursOf } from "./venue-hours.ts";

const AAPL = 265598;

/** What the snapshot shows of a share at an instant. */
function shown(at: string, pin?: Pin) {
  let now = Date.parse(at);
  const market = createMarket(7, () => now, hoursOf("exchange"));
  const apple = market.find(AAPL);
  if (apple === undefined) throw new Error("no instrument");
  if (pin !== undefined) market.pin(AAPL, pin);
  const field = (id: string): string | undefined =>
    fieldValue(id, {
      instrument: apple,
      quote: market.quote(apple),
      greeks: undefined,
      decorated: true,
    });
  return {
    field,
    quote: () => market.quote(apple),
    letters: () => availability(market.quote(apple)),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const FRIDAY_CLOSE = "2026-11-27T22:00:00Z";
const SATURDAY = "2026-11-28T15:00Z";

describe("the quote of a market that is not open", () => {
  it("keeps the last price, frozen, without its sides, with the time of the close", () => {
    const saturday = shown(SATURDAY);
    expect(saturday.letters()).toBe("ZpB");
    expect(saturday.field("31")).toMatch(/^\d+\.\d\d$/);
    expect(saturday.field("31")).toBe(shown("2026-11-27T21:59:59.999Z").field("31"));
    expect(saturday.field("84")).toBeUndefined();
    expect(saturday.field("86")).toBeUndefined();
    // A half day: trading ended at 17:00 in New York.
    expect(saturday.quote().updatedAt).toBe(Date.parse(FRIDAY_CLOSE));
  });

  it("at the weekend the field of the prior close is still that of the day before the last", () => {
    const wednesday = shown("2026-11-27T15:00Z").field("7741");
    expect(shown(SATURDAY).field("7741")).toBe(wednesday);
  });

  it("from midnight to the first trade only the prior close is known", () => {
    const monday = shown("2026-11-30T08:00Z");
    expect(monday.field("31")).toBe(`C${monday.field("7741")}`);
    expect(monday.field("7295")).toBeUndefined();
    expect(shown("2026-11-30T09:00Z").field("31")).toMatch(/^\d/);
    expect(shown("2026-11-30T04:59:59Z").field("31")).toMatch(/^\d/);
    expect(shown("2026-11-30T05:00Z").field("31")).toMatch(/^C\d/);
  });

  it("a contract that has not traded shows its prior close, and placeholders if asked to", () => {
    const untraded = shown("2026-11-30T15:00Z", { traded: false });
    expect(untraded.field("31")).toBe(`C${untraded.field("7741")}`);
    expect(untraded.field("84")).toMatch(/^\d/);
    const closed = shown(SATURDAY, { traded: false, placeholder: "-1" });
    for (const id of ["84", "86", "7295", "70", "71"]) expect(closed.field(id)).toBe("-1");
  });

  it("a halt holds the price and its time", () => {
    const halted = shown("2026-11-30T15:00Z", { halted: true });
    const before = halted.field("31");
    expect(before).toMatch(/^H\d/);
    halted.wait(3_600_000);
    expect(halted.field("31")).toBe(before);
    expect(halted.quote().updatedAt).toBe(Date.parse("2026-11-30T15:00Z"));
    expect(halted.field("84")).toBeUndefined();
  });

  it("closes early on a half day, and not on the day before", () => {
    const { isOpen } = hoursOf("exchange");
    const at = (text: string) => isOpen("us-stocks", "liquid", Date.parse(text));
    expect(at("2026-11-27T17:59Z")).toBe(true);
    expect(at("2026-11-27T18:00Z")).toBe(false);
    expect(at("2026-11-25T18:00Z")).toBe(true);
  });
});
