import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { EDGE_ORDER_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type * as z from "zod";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import type { Written } from "../rules/submits/submit-response.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { findApproval } from "../tables/approvals.ts";
import { refusedAndLogged } from "./refuse-write.ts";
import { rehearseSubmit } from "./rehearse-submit.ts";
import { type WriteRequest, writeOnce } from "./write-once.ts";

type SubmitInput = z.output<(typeof EDGE_ORDER_OPERATIONS)["trade.submit"]["input"]>;

/** Sends what the owner approved; a rehearsal asks every gate and sends nothing. */
export function submitApproved(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  input: SubmitInput,
): Promise<Written> {
  const { account_id, mode, approval_id, idempotency_key } = input;
  const { sql } = parts.storage;
  const approval = findApproval(sql, approval_id, parts.now());
  const previewId = approval?.clientId === asker.clientId ? approval.previewId : "";
  // A group is several orders in one POST, as a bracket is: one tool sends both.
  const structure = approval?.intent.ticket.order.structure === "single" ? "single" : "bracket";
  const misfit = previewId === "" ? null : saidOtherwise(input, previewId, structure);
  const request: WriteRequest = {
    key: idempotency_key,
    said: saidToSubmit({ account_id, mode, approval_id }),
    accountId: account_id,
    mode,
    previewId,
    approvalId: approval_id,
    scope: mode === "live" ? "ibkr:orders:live:submit" : "ibkr:orders:paper:submit",
  };
  if (input.rehearse === true) return rehearseSubmit(parts, inFlight, asker, request, misfit);
  if (misfit !== null) {
    const asked = { accountId: account_id, previewId: "" };
    return Promise.resolve(refusedAndLogged(parts, asker, asked, [misfit]));
  }
  return writeOnce(parts, inFlight, asker, request);
}

/** What the caller says of the order must be what the owner approved. */
function saidOtherwise(
  input: SubmitInput,
  previewId: string,
  structure: "single" | "bracket",
): OrderRefusal | null {
  if (input.preview_id !== undefined && input.preview_id !== previewId) {
    return refusal(
      "APPROVAL_PREVIEW_MISMATCH",
      "preview_id",
      "approved_preview",
      "The approval is for another preview.",
    );
  }
  if (structure === input.structure) return null;
  return refusal(
    "APPROVAL_PREVIEW_MISMATCH",
    "approval_id",
    "same_structure",
    structure === "bracket"
      ? "A bracket or a group was approved; use the tool for brackets and groups."
      : "A single order was approved; use the tool for single orders.",
  );
}

/** What the key of a submit stands for. */
export const saidToSubmit = (
  submit: Pick<SubmitInput, "account_id" | "mode" | "approval_id">,
): JsonObject => ({ act: "submit", ...submit });
