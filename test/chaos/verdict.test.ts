import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { describe, expect, it } from "vitest";
import { recoveriesOf } from "./recoveries.ts";
import { type Evidence, isClean, judge } from "./verdict.ts";

const ok: JobSettlement = { ok: true, result: null, resultSha256: "" };
const notExecuted: JobSettlement = {
  ok: false,
  code: "UNAVAILABLE",
  message: "",
  retryable: true,
  outcome: "not_executed",
};
const unknown: JobSettlement = { ...notExecuted, code: "OUTCOME_UNKNOWN", outcome: "unknown" };

function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    asked: [{ jobId: "A", write: true, told: ok, ms: 1 }],
    hung: [],
    stored: [{ job_id: "A", record: JSON.stringify(ok), settled_at: 1 }],
    marks: ["A"],
    journaled: [1, 2],
    applied: [1, 2],
    ...change,
  };
}

const row = (end: JobSettlement, settled_at: number | null = 1) => [
  { job_id: "A", record: JSON.stringify(end), settled_at },
];

describe("the chaos run's judge", () => {
  it("finds nothing wrong with a clean run", () => {
    expect(isClean(judge(evidence()))).toBe(true);
  });

  it.each<[string, Partial<Evidence>]>([
    ["a write executed twice", { marks: ["A", "A"] }],
    ["a write said to be done that never happened", { marks: [] }],
    ["a write said not to be executed that was", { stored: row(notExecuted), asked: [] }],
    ["a write that nobody settled", { stored: row(ok, null) }],
    ["a caller told the opposite of the record", { stored: row(unknown) }],
    ["a caller that hung", { hung: ["A"] }],
    ["an event that never arrived", { applied: [1] }],
    ["an event applied twice", { applied: [1, 2, 2] }],
    ["events in the wrong order", { applied: [2, 1] }],
  ])("finds %s", (name, change) => {
    const asked = name.includes("not to be executed")
      ? [{ jobId: "A", write: true, told: notExecuted, ms: 1 }]
      : undefined;
    const seen = evidence({ ...change, ...(asked === undefined ? {} : { asked }) });
    expect(isClean(judge(seen))).toBe(false);
  });

  it("takes an unknown outcome as neither lost nor a lie", () => {
    const asked = [{ jobId: "A", write: true, told: unknown, ms: 1 }];
    expect(isClean(judge(evidence({ asked, stored: row(unknown) })))).toBe(true);
    expect(isClean(judge(evidence({ asked, stored: row(unknown), marks: [] })))).toBe(true);
  });
});

describe("the chaos run's clock", () => {
  it("counts a recovery from the end of its fault, and says how much of an outage was the fault", () => {
    const report = recoveriesOf([
      { fault: "stall the line", ms: 200, lastedMs: 50_000 },
      { fault: "cut the line", ms: 30, lastedMs: 1 },
      { fault: "cut the line", ms: 90, lastedMs: 1 },
    ]);
    expect(report.recovery_ms).toEqual({ times: 3, p50: 90, p95: 90, longest: 200 });
    expect(report.recovery_ms_by_fault["cut the line"]).toMatchObject({ times: 2, longest: 90 });
    expect(report.longest_outage_ms).toEqual({
      fault: "stall the line",
      outage: 50_200,
      of_which_fault: 50_000,
    });
  });
});
