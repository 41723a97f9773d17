import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { moveApproval } from "./decide-approval.ts";

/** The approval is used up once the outcome is proved, whatever it is. */
export function settleApproval(sql: SqlStorage, coid: string, nowMs: number): void {
  const intent = findIntent(sql, coid);
  if (intent === null || intent.approval_id === null) return;
  const open = ["submitting", "awaiting_confirmation"].includes(intent.state);
  if (open || isInDoubt(intent.state) || intent.delivered === 0) return;
  // An approval that was given back, of an order that then turned up, is used all the same.
  if (moveApproval(sql, intent.approval_id, "settle", nowMs) === null) {
    moveApproval(sql, intent.approval_id, "revoke", nowMs);
  }
}
