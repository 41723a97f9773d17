import { describe, expect, it } from "vitest";
import { AT, NEW_YORK } from "../../../test/support/closed-market.ts";
import { onlyProved, viewFrom } from "./market-view.ts";

/** What an order may be judged by while nothing trades: a price whose session is proved. */
const read = (updatedAt: string | null, days: string[] | null = null) => {
  const row = {
    conid: 1,
    updatedAt: updatedAt === null ? null : Date.parse(updatedAt),
    availabilityCode: "ZB",
    fields: new Map([["31", "187.25"]]),
  };
  const closes = days?.map((day) => ({ day, close: "187.25" })) ?? null;
  const proof = closes === null ? null : { closes, session: null };
  return onlyProved(viewFrom(Date.parse(AT.saturday), NEW_YORK, row, undefined, proof)).reference;
};

describe("the last price of a market that is closed", () => {
  it.each([null, AT.saturday])("is of no known session by the time %s alone", (at) => {
    expect(read(at)).toEqual({ price: null, why: "session_not_proved" });
  });

  it("is of Friday's where the broker's time lies in it", () => {
    expect(read("2026-11-20T20:59:00.000Z").price?.session_date).toBe("2026-11-20");
  });

  it("is of Friday's where the daily bars show that it traded then, and else is none", () => {
    expect(read(null, ["2026-11-19", "2026-11-20"]).price?.session_date).toBe("2026-11-20");
    expect(read(null, ["2026-11-19"]).price?.session_date ?? null).not.toBe("2026-11-20");
  });
});
