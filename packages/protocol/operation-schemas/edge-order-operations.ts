import { tradeApproval, tradeAsk } from "./trade-approvals.ts";
import { tradeKill, tradeKillStatus } from "./trade-kill-switch.ts";
import { tradeLimits } from "./trade-limits.ts";
import { tradePreview, tradePreviewBracket, tradePreviewGroup } from "./trade-previews.ts";
import { tradeReconcile } from "./trade-reconcile.ts";
import { tradeCancel, tradeModify, tradeQuestion, tradeSubmit } from "./trade-writes.ts";
/**
 * What an agent may ask the account object about orders. The object asks the sidecar itself where
 * it has to; an agent never reaches `order.place` and its kind but through these.
 */
export const EDGE_ORDER_OPERATIONS = {
  "trade.preview": tradePreview,
  "trade.preview_bracket": tradePreviewBracket,
  "trade.preview_group": tradePreviewGroup,
  "trade.ask": tradeAsk,
  "trade.approval": tradeApproval,
  "trade.submit": tradeSubmit,
  "trade.cancel": tradeCancel,
  "trade.modify": tradeModify,
  "trade.question": tradeQuestion,
  "trade.kill_status": tradeKillStatus,
  "trade.kill": tradeKill,
  "trade.limits": tradeLimits,
  "trade.reconcile": tradeReconcile,
} as const;
export type EdgeOrderOperationName = keyof typeof EDGE_ORDER_OPERATIONS;

/**
 * Whether a name is that of an order operation that the account object answers or carries out
 * itself.
 */
export function isEdgeOrderOperation(name: string): name is EdgeOrderOperationName {
  return Object.hasOwn(EDGE_ORDER_OPERATIONS, name);
}
