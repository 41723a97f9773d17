import type { approvalCheck } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-check.ts";
import type {
  OperationInput,
  OperationOutput,
} from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { leastTier } from "../../trust/limits/caps.ts";
import { checkApproval } from "../../trust/verify/check-approval.ts";
import type { KeptPreview } from "../journal/previews.ts";
import type { Reach } from "../notify/desktop-and-webhook.ts";
import { orderedHereBefore } from "../submit/one-order-per-preview.ts";
import type { SubmitContext } from "../submit/submit-context.ts";

/** Says beforehand whether an approval would hold here; a wrong number is also told at this PC. */
export async function checkAtPc(
  parts: SubmitContext,
  reach: Reach,
  input: OperationInput<typeof approvalCheck>,
): Promise<OperationOutput<typeof approvalCheck>> {
  const { store, clock } = parts;
  const nowMs = clock.now();
  const kept = store.preview(input.approval.preview_id, nowMs);
  const preview = kept?.ticket.order.account_id === input.account_id ? kept : null;
  const second = orderedHereBefore(store, input.approval.preview_id, nowMs);
  if (second.length > 0) {
    return { holds: false, refusals: second, tries_left: null, as_of: isoTime(nowMs) };
  }
  const { holds, refusals, triesLeft } = await checkApproval(
    store.db,
    input.approval,
    dryRunView(parts, preview, nowMs),
  );
  // That none came is no guess, and nothing to tell.
  const wrong =
    input.approval.echo !== null && refusals.some(({ code }) => code === "APPROVAL_ECHO_MISMATCH");
  if (wrong && preview !== null) {
    const words = ticketText(preview.ticket);
    reach.terminal([
      "A wrong number came with the approval of:",
      ...words.map((line) => `  ${line}`),
    ]);
    void reach.desktop("A wrong number came", words.join("\n"));
  }
  return { holds, refusals, tries_left: triesLeft, as_of: isoTime(nowMs) };
}

/** What this PC knows of an approval before it is used. */
export function dryRunView(
  parts: Pick<
    SubmitContext,
    "gatewayAccountId" | "sidecarId" | "session" | "rules" | "relyingParty" | "simulator"
  >,
  preview: KeptPreview | null,
  nowMs: number,
): Parameters<typeof checkApproval>[2] {
  const caps = parts.rules.caps();
  return {
    gatewayAccountId: parts.gatewayAccountId,
    sidecarId: parts.sidecarId,
    generation: parts.session().generation ?? -1,
    preview,
    leastTier:
      preview !== null && caps.ok
        ? leastTier(caps.caps, preview.ticket.order, preview.ticket.notional)
        : 2,
    effectAtPreview: preview?.usage?.effect ?? null,
    relyingParty: parts.relyingParty,
    simulator: parts.simulator,
    nowMs,
  };
}
