/** One tool call in figures: nothing that names an owner, a client or a broker account. */
export interface CallMeasure {
  tool: string;
  /** `ok`, or the stable code of the failure. */
  outcome: string;
  /** From arrival at the account object to the answer. */
  ms: number;
}

/**
 * Counts a call where the deployment has an Analytics Engine dataset bound, and does nothing where
 * it has none. Blobs: tool, outcome; double: milliseconds.
 */
export function countCall(
  dataset: AnalyticsEngineDataset | undefined,
  { tool, outcome, ms }: CallMeasure,
): void {
  dataset?.writeDataPoint({ indexes: [tool.slice(0, 96)], blobs: [tool, outcome], doubles: [ms] });
}
