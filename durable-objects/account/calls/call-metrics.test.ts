import { expect, it } from "vitest";
import { countCall } from "./call-metrics.ts";

it("counts a call where a dataset is bound, by tool, outcome and time alone", () => {
  const points: unknown[] = [];
  const dataset = { writeDataPoint: (point: unknown) => points.push(point) };
  const call = { tool: "ibkr_health", outcome: "ok", ms: 12 };
  countCall(undefined, call);
  countCall(dataset, call);
  countCall(dataset, { ...call, tool: "x".repeat(200) });
  expect(points).toEqual([
    { indexes: ["ibkr_health"], blobs: ["ibkr_health", "ok"], doubles: [12] },
    { indexes: ["x".repeat(96)], blobs: ["x".repeat(200), "ok"], doubles: [12] },
  ]);
});
