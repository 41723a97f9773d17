import { describe, expect, it } from "vitest";
import { momentInWords } from "./instant-words.ts";

const OPENS = "2026-11-30T14:30:00.000Z";

describe("an instant in words", () => {
  it("is said in the exchange's zone, and in the owner's where that is known", () => {
    expect(momentInWords(OPENS, "US/Eastern")).toBe("Mon 30 Nov 09:30 New York");
    expect(momentInWords(OPENS, "US/Eastern", "Europe/Berlin")).toBe(
      "Mon 30 Nov 09:30 New York (15:30 Berlin)",
    );
  });

  it("names the owner's day where it is another one", () => {
    expect(momentInWords(OPENS, "US/Eastern", "Pacific/Auckland")).toBe(
      "Mon 30 Nov 09:30 New York (Tue 1 Dec 03:30 Auckland)",
    );
  });

  it("says nothing twice, and nothing of a zone that this machine does not know", () => {
    expect(momentInWords(OPENS, "US/Eastern", "America/Toronto")).toBe("Mon 30 Nov 09:30 New York");
    expect(momentInWords(OPENS, "US/Eastern", "Mars/Base")).toBe("Mon 30 Nov 09:30 New York");
    expect(momentInWords(OPENS, null, "Europe/Berlin")).toBe("Mon 30 Nov 14:30 UTC (15:30 Berlin)");
  });
});
