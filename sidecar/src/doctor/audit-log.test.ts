import { expect, it } from "vitest";
import type { LogStanding } from "../trust/witness/log-standing.ts";
import { logFinding } from "./audit-log.ts";

const MINUTE = 60_000;
// fixed date: the ages told here are counted from it.
const AT = Date.parse("2026-11-20T10:00:00.000Z");
const standing = (over: Partial<Exclude<LogStanding, { state: "unwitnessed" }>>): LogStanding => ({
  ...{ state: "whole", origin: "gw.example/audit/7f3a", size: 41, cosignedAt: AT, since: AT },
  ...{ shown: null },
  ...over,
});

it("tells the last head that this PC cosigned, how old it is, and that the log is whole", () => {
  const says = (ms: number) => logFinding(standing({}), AT + ms).says;
  expect(says(0)).toBe(
    "Whole: this PC cosigned it up to entry 41, less than a minute ago, as gw.example/audit/7f3a.",
  );
  expect(says(MINUTE)).toContain("1 minute ago");
  expect(says(90 * MINUTE)).toContain("90 minutes ago");
  expect(says(3 * 60 * MINUTE)).toContain("3 hours ago");
  expect(says(3 * 24 * 60 * MINUTE)).toContain("3 days ago");
  expect(logFinding(standing({}), AT)).toMatchObject({ verdict: "ok", next_step: null });
});

it("is no fault before a head was shown, and one with a next step when the log is another", () => {
  expect(logFinding({ state: "unwitnessed" }, AT).verdict).toBe("unknown");
  const shown = { origin: "gw.example/audit/7f3a", size: 12 };
  for (const state of ["rolled_back", "forked", "another_log"] as const) {
    const found = logFinding(standing({ state, shown }), AT);
    expect([found.verdict, found.next_step]).toEqual(["wrong", expect.stringContaining("accept")]);
    expect(found.says).toContain("up to entry 41");
  }
});
