import type { JsonValue } from "../../../src/protocol/json.ts";

/** What the relay asks the broker side for. */
export interface OperationRequest {
  operation: string;
  /** Not yet trusted: the executor parses it with the operation's strict schema. */
  input: unknown;
  deadlineMs: number;
  signal: AbortSignal;
}

/**
 * The broker side of the sidecar, as the relay sees it: typed operations in, domain answers out.
 * `execute` throws `GatewayError` for every expected failure.
 */
export interface OperationExecutor {
  execute(request: OperationRequest): Promise<JsonValue>;
  /** Called on every change of the broker session and, later, for orders and executions. */
  onEvent(listener: (event: BrokerEvent) => void): () => void;
  close(): Promise<void>;
}

export interface BrokerEvent {
  type: "broker.session" | "broker.order" | "broker.execution" | "broker.question" | "broker.alert";
  payload: JsonValue;
}
