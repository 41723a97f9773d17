import * as z from "zod";
import type { CallKind } from "../clients/rate-limit.ts";
import { findApproval } from "../orders/tables/approvals.ts";
import { findPreview } from "../orders/tables/previews.ts";
import type { ToolCall } from "../rpc/account-types.ts";

/** Calls on an order's way; the others read. */
const ORDER_CALLS: ReadonlySet<string> = new Set([
  "trade.preview",
  "trade.ask",
  "trade.approval",
  "trade.submit",
  "trade.modify",
]);

const Named = z.looseObject({
  preview_id: z.string().max(64).optional(),
  approval_id: z.string().max(64).optional(),
});

/** As what a call is counted: an exit by what the PC found at the preview that the call names. */
export function callKind(
  sql: SqlStorage,
  { operation, input, principal }: ToolCall,
  nowMs: number,
): CallKind {
  if (!ORDER_CALLS.has(operation)) return "read";
  const named = Named.safeParse(input);
  if (!named.success) return "order";
  const { approval_id, preview_id } = named.data;
  const approved = approval_id === undefined ? null : findApproval(sql, approval_id, nowMs);
  const previewId = approved?.previewId ?? preview_id;
  const preview = previewId === undefined ? null : findPreview(sql, previewId);
  const own = preview?.clientId === principal.clientId;
  return own && preview.facts.effect?.kind === "exit" ? "exit" : "order";
}
