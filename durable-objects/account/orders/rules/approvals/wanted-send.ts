import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { AgentAsker } from "../../order-context.ts";
import type { Approval } from "../../tables/approvals.ts";
import type { Preview } from "../../tables/previews.ts";
import { sendWish } from "../../tables/sends.ts";
import { keyIsTaken } from "../submits/used-idempotency-key.ts";

/** The submit that the agent wants the owner's approval to make. */
export interface WantedSend {
  /** Its idempotency key. */
  key: string;
  action: "place" | "modify";
  /** The words of its own submit of this approval. */
  said(approvalId: string): JsonObject;
}

/** Asked again with another wish than the one the owner's page shows; null where it is the same. */
export function otherwiseAsked(
  sql: SqlStorage,
  open: Approval,
  send: WantedSend | null,
): OrderRefusal | null {
  if (send === null || open.mandateId !== null) return null;
  const wish = sendWish(sql, open.approvalId);
  if (wish?.key === send.key) return null;
  return refusal(
    "IDEMPOTENCY_CONFLICT",
    "submit_on_approval",
    "same_request",
    wish === null
      ? "The owner was asked about this preview already, without submit_on_approval. Wait for the answer and submit it, or make a new preview."
      : "The owner was asked about this preview already, under another idempotency key. Use that key, or make a new preview.",
  );
}

/** What would stop the submit whatever the owner says, before the owner is asked. */
export function cannotSend(
  sql: SqlStorage,
  asker: Pick<AgentAsker, "clientId" | "scopes">,
  preview: Preview,
  send: WantedSend,
  nowMs: number,
): OrderRefusal | null {
  const { mode, action } = preview.ticket.order;
  const needed = `ibkr:orders:${mode}:${action === "modify" ? "modify" : "submit"}`;
  if (!asker.scopes.includes(needed)) {
    return refusal(
      "AUTH_MISSING_SCOPE",
      "submit_on_approval",
      "may_submit",
      `This connection may not send it: it was not granted ${needed}.`,
    );
  }
  if (action !== send.action) {
    return refusal(
      "APPROVAL_PREVIEW_MISMATCH",
      "submit_on_approval",
      "same_action",
      "To send a change on approval, say submit_on_approval in the call that asks for the change.",
    );
  }
  return keyIsTaken(sql, asker.clientId, send.key, nowMs)
    ? refusal(
        "IDEMPOTENCY_CONFLICT",
        "idempotency_key",
        "unused",
        "The idempotency key stands for another order already. Use a new one.",
      )
    : null;
}
