import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentFrom, fieldsOf, fieldText } from "./policy-fields.ts";
import { typedAmount, typedCount, typedMoment } from "./typed-number.ts";

const readAs = (text: string) => {
  const typed = typedAmount(text);
  return typed.ok ? typed.value : typed.problem;
};

describe("an amount that somebody typed", () => {
  it.each([
    ["2,500", "2500"],
    ["2 500", "2500"],
    ["2\u00a0500.5", "2500.5"],
    ["2'500", "2500"],
    ["1,234,567.25", "1234567.25"],
    ["0050", "50"],
    ["0.125", "0.125"],
    ["12.50", "12.5"],
  ])("%s is %s", (text, value) => expect(readAs(text)).toBe(value));

  it.each([
    ["2,5", "Write the decimals after a point: 2.5."],
    ["0,500", "Write the decimals after a point: 0.500."],
    ["00,125", "Write the decimals after a point: 00.125."],
    ["0 500", "This is not a number. Type digits only, such as 2500."],
    ["0,500.5", "This is not a number. Type digits only, such as 2500."],
    ["2.500", "This can mean 2500 or 2.5. Type the one you mean."],
    ["2.000", "This can mean 2000 or 2. Type the one you mean."],
    ["-5", "A limit cannot be below zero."],
    ["2k", "This is not a number. Type digits only, such as 2500."],
    ["1e3", "This is not a number. Type digits only, such as 2500."],
    ["1,00,000", "This is not a number. Type digits only, such as 2500."],
    ["1,000 000", "This is not a number. Type digits only, such as 2500."],
    ["1.5.5", "This is not a number. Type digits only, such as 2500."],
    ["1,000,000,000", "This is too large: at most nine digits before the point."],
    ["0.1234567", "At most six digits after the point."],
  ])("%s is refused in words", (text, problem) => expect(readAs(text)).toBe(problem));

  it("is the same in groups of three as without", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.constantFrom(",", " ", "\u202f", "’"),
        (whole, sign) => {
          const grouped = String(whole).replace(/\B(?=(\d{3})+$)/g, sign);
          expect(readAs(grouped)).toBe(String(whole));
        },
      ),
    );
  });
});

it("takes whole numbers for counts, and dates that exist for moments", () => {
  expect(typedCount("1,000")).toEqual({ ok: true, value: 1_000 });
  expect(typedCount("1.5")).toMatchObject({ ok: false });
  expect(typedMoment("2026-12-31 18:00")).toEqual({ ok: true, value: "2026-12-31T18:00:00.000Z" });
  expect(typedMoment("2026-12-31")).toEqual({ ok: true, value: "2026-12-31T00:00:00.000Z" });
  for (const text of ["2026-06-31", "tomorrow", "31.12.2026", "2026-12-31T25:00Z"]) {
    expect([text, typedMoment(text).ok]).toEqual([text, false]);
  }
});

describe("the form of the limits", () => {
  const paper = defaultPolicy("DU1234567", "paper");
  const sent = (change: Record<string, string> = {}) => {
    const form = new URLSearchParams();
    for (const { path, value } of fieldsOf(paper)) {
      if (typeof value !== "boolean") form.set(path, fieldText(path, value));
      else if (value) form.set(path, "yes");
    }
    for (const [path, text] of Object.entries(change)) form.set(path, text);
    return documentFrom(paper, form);
  };

  it("says the policy it was filled in from", () => {
    expect(sent()).toEqual({ ok: true, document: paper });
  });

  it("takes what people write, in any case and with any separator", () => {
    const read = sent({
      "order.max_notional": " 2,500 ",
      "cumulative.max_orders_per_day": "",
      "form.order_types": "lmt; Stp",
      "instruments.conids_denied": "265598, 1",
      "instruments.currencies": "USD",
      "tiers.tier_zero": "Mandate",
    });
    expect(read).toMatchObject({
      ok: true,
      document: {
        order: { max_notional: "2500" },
        cumulative: { max_orders_per_day: null },
        form: { order_types: ["LMT", "STP"] },
        instruments: { conids_denied: [265598, 1], currencies: ["USD"] },
        tiers: { tier_zero: "mandate" },
      },
    });
  });

  it("takes no share with a sign of thousands: two and a half percent may be meant", () => {
    for (const path of ["order.max_nlv_percent", "data.max_spread_bps"]) {
      const read = sent({ [path]: "2,500" });
      expect(read.ok ? null : read.problems.get(path)).toMatch(/^Write this share with a point/);
    }
  });

  it("keeps names of several words whole: what is denied is what was written", () => {
    const read = sent({
      "instruments.sectors_denied": "Real Estate, Energy",
      "instruments.issuers_denied": "Berkshire Hathaway",
    });
    expect(read).toMatchObject({
      ok: true,
      document: {
        instruments: {
          sectors_denied: ["Real Estate", "Energy"],
          issuers_denied: ["Berkshire Hathaway"],
        },
      },
    });
  });

  it("shows names so that one of two words and two of one are not alike", () => {
    const shown = (names: string[]) => fieldText("instruments.sectors_denied", names);
    expect([shown(["Real Estate"]), shown(["Real", "Estate"])]).toEqual([
      "Real Estate",
      "Real, Estate",
    ]);
  });

  it("names every field that cannot be taken, and says of each what is wrong", () => {
    const read = sent({
      "order.max_notional": "lots",
      "form.order_types": "LMT, HMM",
      "data.fat_finger_least_orders": "",
      "behaviour.stop_after_errors": "0",
      "instruments.conids_denied": "AAPL",
      "instruments.currencies": "dollars",
      expires_at: "soon",
    });
    expect(read.ok ? [] : [...read.problems]).toEqual([
      ["expires_at", "Write a date and a time in UTC, such as 2026-12-31 18:00."],
      ["form.order_types", expect.stringContaining("“HMM” is not known here. Use LMT,")],
      ["instruments.conids_denied", expect.stringContaining("“AAPL” is not a contract id")],
      ["instruments.currencies", expect.stringContaining("“dollars”")],
      ["data.fat_finger_least_orders", "This limit needs a value."],
      ["order.max_notional", expect.stringContaining("not a number")],
      ["behaviour.stop_after_errors", "This must be more than zero."],
    ]);
  });

  it("has no field whose problem would be shown nowhere", () => {
    const paths = fieldsOf(paper).filter(({ value }) => typeof value !== "boolean");
    for (const { path } of paths) {
      const read = sent({ [path]: "\u0000".repeat(300) });
      expect([path, read.ok ? [] : [...read.problems.keys()]]).toEqual([path, [path]]);
    }
  });
});
