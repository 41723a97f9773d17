import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";

/** A job of one of the two test operations. */
export interface TestJob {
  jobId: string;
  operation: "test.read" | "test.write";
  input: JsonObject;
  deadlineMs: number;
  account?: string;
}
