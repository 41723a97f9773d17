import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  approverAsk,
  approverPages,
  approverPending,
  approverReceipts,
  approverResult,
  approverSubmit,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import type {
  OperationInput,
  OperationOutput,
} from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import { clientKnows } from "../../relay/client-knows.ts";
import { iso, type OrderParts } from "../order-context.ts";
import type { Approval } from "../tables/approvals.ts";
import { servedAs } from "./approval-service-class.ts";
import { askSidecar, type SidecarAnswer } from "./ask-sidecar.ts";

/** What the owner's own page and the PC say to one another, carried. A PC without it is asked nothing. */
const grant = { scope: "ibkr:approvals:create", account: null } as const;

export const knowsApprovalPage = (parts: OrderParts): boolean =>
  clientKnows(parts.storage.sql, "own-page");

/** Lets the PC ask its owner on pages of the PC's own making; false where it has none. */
export async function askOnApprovalPage(
  parts: OrderParts,
  asked: OperationInput<typeof approverAsk>,
): Promise<boolean> {
  const answer = await askSidecar(parts, approverAsk, asked, grant);
  return answer.ok && answer.value.ticket_sha256 !== null;
}

/** The same about an order; what the PC answers is no condition. */
export async function askOrderOnApprovalPage(parts: OrderParts, approval: Approval): Promise<void> {
  if (!knowsApprovalPage(parts)) return;
  const { intent, tier, expiresAt } = approval;
  const asked: OperationInput<typeof approverAsk> = {
    act: "order",
    preview_id: approval.previewId,
    tier: tier === 2 ? 2 : 1,
    policy_version: intent.policy_version,
    policy_hash: intent.policy_hash,
    not_after: iso(expiresAt),
  };
  await askSidecar(parts, approverAsk, asked, { ...grant, ...servedAs(parts, approval) });
}

export const readPages = (
  parts: OrderParts,
): Promise<SidecarAnswer<OperationOutput<typeof approverPages>>> =>
  askSidecar(parts, approverPages, {}, grant);

export const readPendingOnPage = (
  parts: OrderParts,
): Promise<SidecarAnswer<OperationOutput<typeof approverPending>>> =>
  askSidecar(parts, approverPending, {}, grant);

export const readReceipts = (
  parts: OrderParts,
): Promise<SidecarAnswer<OperationOutput<typeof approverReceipts>>> =>
  askSidecar(parts, approverReceipts, {}, grant);

export const submitFromPage = (
  parts: OrderParts,
  message: JsonObject,
): Promise<SidecarAnswer<OperationOutput<typeof approverSubmit>>> =>
  askSidecar(parts, approverSubmit, { message }, grant);

/** Tells the PC what became of an answer here; whether that arrives is no condition. */
export async function tellResult(
  parts: OrderParts,
  ticketSha256: string,
  refusedCode: string | null,
): Promise<void> {
  const refused = refusedCode === null ? null : { code: refusedCode };
  await askSidecar(parts, approverResult, { ticket_sha256: ticketSha256, refused }, grant);
}
