import { accountHasher } from "../audit/account-hash.ts";
import type { countCall } from "../calls/call-metrics.ts";
import { type RunningCalls, runningCalls } from "../calls/running-calls.ts";
import { type CallBudget, callBudget } from "../clients/rate-limit.ts";
import { type StepUps, stepUps } from "../clients/step-ups.ts";
import type { ChangeWaits } from "../orders/agent/change-waits.ts";

/** What agents' calls need of the account beyond what every verb does. */
export interface AgentParts {
  readonly budget: CallBudget;
  readonly stepUps: StepUps;
  readonly waits: ChangeWaits;
  readonly running: RunningCalls;
  readonly accountHash: ReturnType<typeof accountHasher>;
  readonly analytics: Parameters<typeof countCall>[0];
}

/** Those of one object, for as long as it is in memory; `accountKey` is the log's own, 32 bytes. */
export function createAgentParts(given: {
  readonly callsPerMinute: Parameters<typeof callBudget>[0];
  readonly waits: ChangeWaits;
  readonly accountKey: () => Uint8Array;
  readonly analytics: AgentParts["analytics"];
}): AgentParts {
  const { callsPerMinute, waits, accountKey, analytics } = given;
  return {
    budget: callBudget(callsPerMinute),
    stepUps: stepUps(Date.now),
    waits,
    running: runningCalls(),
    accountHash: accountHasher(accountKey),
    analytics,
  };
}
