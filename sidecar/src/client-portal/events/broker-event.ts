import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

export interface BrokerEvent {
  type: "broker.session" | "broker.order" | "broker.execution" | "broker.question" | "broker.alert";
  payload: JsonValue;
}
