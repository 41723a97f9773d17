import type { OrderParts } from "../order-context.ts";
import { insertAlert, type OrderAlert } from "../tables/alerts.ts";

/**
 * Keeps an alert and its leaf; false when there was one of this key. The alarm sends it to the PC,
 * unless it came from there: the PC's terminal, desktop and webhook reach an owner who does not look
 * at the console.
 */
export function raiseAlert(
  parts: Pick<OrderParts, "storage" | "log" | "now" | "wakeAt">,
  alert: Omit<OrderAlert, "at" | "seen">,
  from: "edge" | "pc" = "edge",
): boolean {
  const nowMs = parts.now();
  const sentToPcAtMs = from === "pc" ? nowMs : null;
  if (!insertAlert(parts.storage.sql, alert, { atMs: nowMs, sentToPcAtMs })) return false;
  if (from === "edge") parts.wakeAt(nowMs);
  parts.log({
    type: "order.alert",
    kind: "gateway",
    clientId: null,
    sidecarId: null,
    brokerAccount: alert.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: { alert: alert.kind, ...(alert.coid === null ? {} : { coid: alert.coid }) },
  });
  return true;
}
