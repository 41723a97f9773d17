import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Approval } from "../../tables/approvals.ts";
import { requestOf } from "../previews/preview-request.ts";

/**
 * The call that sends what the owner approved, as a model can copy it: the tool by the account's
 * mode and the order's kind, with every argument.
 * @param key the idempotency key to send it under; the same one for every try
 * @param said what that key stands for already, where it does: a change is told again in those words
 */
export function submitCallText(
  approval: Pick<Approval, "approvalId" | "intent">,
  key: string,
  said: JsonObject | null = null,
): string {
  const { order } = approval.intent.ticket;
  const { account_id, mode } = order;
  const with_ = { approval_id: approval.approvalId, idempotency_key: key };
  const asked = requestOf(order);
  const call = (tool: string, args: Readonly<Record<string, unknown>>): string =>
    `ibkr_${mode}_${tool} ${JSON.stringify(args)}`;
  if (asked.kind === "modify") {
    const { act: _act, mode: _mode, ...words } = said ?? {};
    return call("order_modify", { ...(said === null ? asked.change : words), ...with_ });
  }
  // A cancel needs no approval; its tool takes the order alone.
  if (asked.kind === "cancel") {
    return call("order_cancel", { ...asked.cancel, idempotency_key: key });
  }
  const tool = order.structure === "single" ? "order_submit" : "bracket_order_submit";
  return call(tool, { account_id, ...with_ });
}
