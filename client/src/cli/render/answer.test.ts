import { describe, expect, it } from "vitest";
import { PLAIN, renderAnswer } from "./answer.ts";
import { paintFor } from "./paint.ts";
import { cellOf, table } from "./table.ts";

const page = { paint: PLAIN, width: 60 };

describe("a table", () => {
  it("has numbers to the right, words to the left, and never a zero for what is not known", () => {
    const { head, lines } = table(
      [
        { symbol: "AAPL", quantity: "10", value: "1,870.50", note: null },
        { symbol: "BRK B", quantity: "-2.5", value: null, note: null },
      ],
      null,
    );
    expect([head, ...lines]).toEqual([
      "symbol  quantity     value",
      "AAPL          10  1,870.50",
      "BRK B       -2.5         –",
    ]);
  });

  it("has what lies in an object in columns of its own, under names that are no other's", () => {
    const { head, lines } = table(
      [{ conid: 1, values: { last: "2.5", price: "3" }, reference: { price: "4" } }],
      null,
    );
    expect([head, ...lines].map((line) => line.trim().split(/\s+/))).toEqual([
      ["conid", "last", "values_price", "reference_price"],
      ["1", "2.5", "3", "4"],
    ]);
    expect(table([{ cash: { amount: "1.50", currency: "USD" } }], null).lines).toEqual([
      "1.50 USD",
    ]);
  });

  it("shows what there is room for, and names the rest", () => {
    const row = { a: "1".repeat(20), b: "2".repeat(20), c: "3".repeat(60) };
    const { head, left } = table([row], 45);
    expect([head.trim().split(/\s+/), left]).toEqual([["a", "b"], ["c"]]);
    expect(table([row], null).left).toEqual([]);
  });

  it("lets nothing from outside move the cursor or break a line", () => {
    expect(cellOf("a\u001b[2Jb\nc\u202ed")).toBe("a [2Jb c d");
  });
});

describe("an answer", () => {
  it("says what is simulated and how old it is, and what comes next", () => {
    const text = renderAnswer(
      {
        account_id: "DU1",
        total_cash: { amount: "10.50", currency: "USD" },
        positions: [{ symbol: "AAPL", quantity: "1" }],
        empty_list: [],
        source: "simulator",
        as_of: "2026-11-30T10:00:00.000Z",
        age_ms: 2_400,
        notes: ["Prices are delayed."],
        next_cursor: null,
      },
      page,
    );
    expect(text).toContain("account id: DU1\ntotal cash: 10.50 USD");
    expect(text).toContain("symbol  quantity\nAAPL           1");
    expect(text).toContain("No empty list.");
    expect(text).toMatch(
      /Prices are delayed\.\nSimulated broker, not real money\.\nAs of .*2 s old\./,
    );
    expect(text).not.toContain("cursor");
  });

  it("shows an object as lines", () => {
    const text = renderAnswer({ broker: { state: "ready", mode: "paper" } }, page);
    expect(text).toBe("broker state: ready\nbroker mode:  paper\n");
  });
});

describe("colour", () => {
  const terminal = Object.assign(Object.create(process.stdout), { isTTY: true });

  it("is for a terminal alone, and for none with NO_COLOR", () => {
    expect(paintFor(terminal, {}).bold("x")).toContain("\u001b[");
    expect(paintFor(terminal, { NO_COLOR: "1" }).bold("x")).toBe("x");
    expect(paintFor(Object.assign(Object.create(terminal), { isTTY: false }), {}).bold("x")).toBe(
      "x",
    );
  });
});
