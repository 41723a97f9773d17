import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { Preview } from "../../tables/previews.ts";

/** What the caller says it sends must be what was previewed. */
export function misfitOf(
  preview: Preview,
  request: { accountId: string; mode: TradingMode; scope: Scope },
): OrderRefusal | null {
  const { order } = preview.ticket;
  if (preview.brokerAccount !== request.accountId) {
    return refusal(
      "APPROVAL_PREVIEW_MISMATCH",
      "account_id",
      "same_account",
      "The approval is for another broker account.",
    );
  }
  if (order.mode !== request.mode) {
    return refusal(
      "ORDER_ACCOUNT_MODE_REFUSED",
      "mode",
      "same_mode",
      `This is a ${order.mode} order; use the tool for ${order.mode} orders.`,
    );
  }
  const verb = request.scope.split(":").at(-1);
  const wanted = order.action === "place" ? "submit" : order.action;
  return verb === wanted
    ? null
    : refusal(
        "APPROVAL_PREVIEW_MISMATCH",
        "approval_id",
        "same_action",
        `What was approved is to ${order.action} an order; use the tool for that.`,
      );
}
