import type { BrokerExecutionEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/broker-events.ts";
import type { OrderParts } from "../order-context.ts";
import { storeFill } from "../tables/fills.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { positiveDecimal } from "./positive-decimal.ts";

/** The PC tells of a fill; each counts once, whoever placed the order. */
export function executed(parts: OrderParts, report: BrokerExecutionEvent): void {
  const { execution } = report;
  const { conid, side, account_id, order_ref } = execution;
  const quantity = positiveDecimal(execution.quantity);
  const price = positiveDecimal(execution.price);
  // A fill without its number, side or price cannot be counted; the positions still show it.
  if (conid === null || side === null || quantity === null || price === null) return;
  const at = Date.parse(execution.executed_at ?? report.observed_at);
  const coid =
    order_ref !== null && findIntent(parts.storage.sql, order_ref) !== null ? order_ref : null;
  const fresh = storeFill(parts.storage.sql, {
    executionId: execution.execution_id,
    coid,
    brokerAccount: account_id,
    conid,
    side: side === "buy" ? "BUY" : "SELL",
    quantity,
    price,
    atMs: Number.isFinite(at) ? at : parts.now(),
  });
  if (!fresh) return;
  parts.log({
    type: "broker.execution",
    kind: "sidecar",
    clientId: null,
    sidecarId: null,
    brokerAccount: account_id,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: {
      execution_id: execution.execution_id,
      origin: coid === null ? "foreign" : "gateway",
      ...(coid === null ? {} : { coid }),
    },
  });
}
