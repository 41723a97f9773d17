import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { OperationLookup } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import type { BrokerEvent } from "../../../sidecar/src/client-portal/events/broker-event.ts";
import type { OperationExecutor } from "../../../sidecar/src/operation-handlers/executor-interface.ts";

/** The two operations that exist in tests only: a read, and a write that leaves a mark. */
export const testOperations: OperationLookup = (name) => {
  if (name === "test.read") return { class: "read", capability: "broker.read" };
  if (name === "test.write") return { class: "write", capability: "orders.paper" };
  return null;
};

export interface TestExecutor extends OperationExecutor {
  emit(payload: Record<string, JsonValue>): void;
  /** A change of the broker session; `generation` tells one from another. */
  emitSession(generation: number, bytes?: number): void;
  /** Job ids in the order in which their writes reached the "broker". */
  readonly executed: string[];
}

interface TestInput {
  /** Milliseconds before the point of no return, and after it. */
  before?: number;
  after?: number;
  /** Characters of the answer. */
  size?: number;
  fail?: boolean;
}

/** `marks` gets one line for each write that happened, flushed before the write goes on. */
export function testExecutor(marks?: string): TestExecutor {
  const listeners = new Set<(event: BrokerEvent) => void>();
  const executed: string[] = [];
  return {
    executed,
    async execute({ input, signal, jobId = "", begin }) {
      const { before = 0, after = 0, size, fail } = input as TestInput;
      if (before > 0) await sleep(before, undefined, { signal });
      if (begin !== undefined) {
        begin();
        executed.push(jobId);
        if (marks !== undefined) appendFileSync(marks, `${jobId}\n`, { flush: true });
      }
      if (after > 0) await sleep(after, undefined, begin === undefined ? { signal } : {});
      if (fail === true) throw new Error("told to fail");
      return size === undefined ? { jobId } : { jobId, filler: "x".repeat(size) };
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(payload) {
      for (const listener of listeners) listener({ type: "broker.alert", payload });
    },
    emitSession(generation, bytes = 0) {
      const payload: BrokerSession = {
        state: "ready",
        meaning: "x".repeat(bytes),
        mode: "paper",
        generation,
        observed_at: new Date().toISOString(),
        source: "simulator",
        next_step: null,
        session_ends_at: null,
        warnings: [],
        reads: "all",
        server_version: null,
        silent_until: null,
      };
      for (const listener of listeners) listener({ type: "broker.session", payload });
    },
    close: async () => undefined,
  };
}
