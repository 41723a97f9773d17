import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";

/** What the relay asks the broker side for. */
export interface OperationRequest {
  operation: string;
  /** Not yet trusted: the executor parses it with the operation's strict schema. */
  input: unknown;
  deadlineMs: number;
  signal: AbortSignal;
  /** The relay's id of this job; for a write, its idempotency key. */
  jobId?: string;
  /** What the edge grants this job, already narrowed by the relay to what this PC offers. */
  grant?: { capability: Capability; brokerAccount: string | null };
  /** The edge's word for how urgent it is and whose; absent from an older edge. */
  service?: JobService;
  /**
   * Given for a write. To be called once, right before the first thing that cannot be taken back:
   * it journals that the job has begun, and throws when the job was cancelled, has timed out or
   * cannot be journaled. A write that fails without having called it was provably not executed.
   */
  begin?: () => void;
}

/**
 * The broker side of the sidecar, as the relay sees it: typed operations in, domain answers out.
 * `execute` throws `GatewayError` for every expected failure.
 */
export interface OperationExecutor {
  execute(request: OperationRequest): Promise<JsonValue>;
  /**
   * Called on every change of the broker session, for orders and executions; with `fromStart` first for
   * each that was told before anybody listened so.
   */
  onEvent(listener: (event: BrokerEvent) => void, options?: { fromStart?: boolean }): () => void;
  close(): Promise<void>;
}
