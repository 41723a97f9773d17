import { judgeAnswer, type Verdict } from "./answer-verdict.ts";
import type { Clock } from "./clock.ts";
import { LIMITS } from "./limits.ts";
import type { BrokerLogger } from "./logger.ts";
import type { Pacer } from "./pacing/pacer.ts";
import type { Priority } from "./pacing/priority.ts";
import type { PaceName } from "./pacing/rate-windows.ts";
import type { Urgency } from "./pacing/urgency.ts";
import { type Transport, TransportError, type WireRequest } from "./transport.ts";

/** A paced question to the gateway and what its answer means. */
export interface WireCall extends Omit<WireRequest, "timeoutMs"> {
  pace: PaceName;
  priority: Priority | Urgency;
  /** The client for whom it is asked; null for nobody's. */
  share?: string | null;
  maxWaitMs: number;
  timeoutMs?: number;
}

export type WireOutcome = Verdict | { kind: "failed"; error: TransportError };

export interface Wire {
  /** Never throws for what the gateway does; throws `GatewayError` when the pacer refuses. */
  call(call: WireCall): Promise<WireOutcome>;
}

export const API = "/v1/api";

export function createWire(options: {
  transport: Transport;
  pacer: Pacer;
  clock: Clock;
  onRateLimited(): void;
  /** Told of each answer, for the log. */
  log?: BrokerLogger["debug"];
}): Wire {
  const { transport, pacer } = options;
  return {
    call: async ({ pace, priority, share = null, maxWaitMs, timeoutMs, ...request }) => {
      const release = await pacer.acquire({
        pace,
        priority,
        share,
        maxWaitMs,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      try {
        const answer = await transport.send({
          ...request,
          urgent: (typeof priority === "string" ? priority : priority.priority) !== "agent",
          path: `${API}${request.path}`,
          timeoutMs: timeoutMs ?? LIMITS.readTimeoutMs,
        });
        const verdict = judgeAnswer(answer);
        // The path alone: what stands behind it can name an account.
        options.log?.({ method: request.method, verdict: verdict.kind }, "the broker answered");
        if (verdict.kind === "rate_limited") {
          pacer.penalize();
          options.onRateLimited();
        }
        return verdict;
      } catch (error) {
        if (error instanceof TransportError) return { kind: "failed", error };
        throw error;
      } finally {
        release();
      }
    },
  };
}
