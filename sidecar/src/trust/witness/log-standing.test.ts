import { describe, expect, it } from "vitest";
import { HEAD_WITHHELD_MS, type LogStanding, logFault, standingInWords } from "./log-standing.ts";

// fixed dates: the standing of these tests has a clock of its own.
const COSIGNED = Date.parse("2026-11-20T15:00:00.000Z");
const whole: LogStanding = {
  state: "whole",
  origin: "gw.example/audit/7f3a",
  size: 40,
  cosignedAt: COSIGNED,
  since: COSIGNED,
  shown: null,
};
const fault = (standing: LogStanding, lastSentAt: number | null, laterMs: number) =>
  logFault(standing, { lastSentAt, nowMs: (lastSentAt ?? COSIGNED) + laterMs });

describe("what stands in an entry's way at the PC", () => {
  it("is nothing while the log is whole or nobody ever showed one, and the words when it differs", () => {
    expect(fault(whole, null, 0)).toBeNull();
    expect(fault({ state: "unwitnessed" }, COSIGNED, 10 * HEAD_WITHHELD_MS)).toBeNull();
    for (const state of ["rolled_back", "forked", "another_log"] as const) {
      const differs: LogStanding = { ...whole, state, shown: { origin: "gw.example/b", size: 9 } };
      expect(fault(differs, null, 0)).toBe(standingInWords(differs));
      expect(standingInWords(differs)).toContain("up to entry 40");
      expect(standingInWords(differs)).toContain("audit accept");
    }
  });

  it("is a head that was owed after the last order and did not come for a quarter of an hour", () => {
    const sent = COSIGNED + 1;
    expect(fault(whole, sent, HEAD_WITHHELD_MS)).toBeNull();
    expect(fault(whole, sent, HEAD_WITHHELD_MS + 1)).toContain("15 minutes ago");
    // A head came since: an account that rests owes none.
    expect(fault(whole, COSIGNED - 1, 100 * HEAD_WITHHELD_MS)).toBeNull();
  });
});
