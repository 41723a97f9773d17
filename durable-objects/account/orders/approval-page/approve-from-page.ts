import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type Intent, intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { OrderParts } from "../order-context.ts";
import { approveAndSend, readToSend } from "../owner/approve-and-send.ts";
import { obstaclesTo } from "../rules/approvals/obstacles-to-approval.ts";
import { openRequest } from "../rules/approvals/open-request.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { type Approval, approvalsForPreview, findApproval } from "../tables/approvals.ts";
import { sendWish } from "../tables/sends.ts";
import { decideApproval } from "../transactions/decide-approval.ts";
import { logFailedApproval } from "../transactions/log-failed-approval.ts";

/** What became of a page's answer here; the reason is for the owner. */
export type DoneFromPage = { ok: true } | { ok: false; code: string; message: string };

/**
 * An order that its owner approved on a page of the PC's making, and that the PC found good: from here
 * on it is an approved order like any other, judged by the same rules, and sent where the agent asked
 * for that beforehand. The page made the nonce, so that the intent is another than the one asked for.
 */
export async function approveFromPage(
  parts: OrderParts,
  inFlight: InFlight,
  proof: PasskeyProof,
  requestId: string,
): Promise<DoneFromPage> {
  const approval = pendingOf(parts, proof.preview_id);
  // The same yes may come twice at once: the one that is second finds it taken, not refused.
  const over = () => (wasTaken(parts, proof) ? { ok: true as const } : notOpen());
  if (approval === null) return over();
  // A yes that its owner gave and that has no effect here stands in the log as well.
  const refused = (code: string, message: string): DoneFromPage => {
    logFailedApproval(parts, approval, code, requestId);
    return no(code, message);
  };
  const intent = intentFromPage(approval, proof);
  if (intent === null) {
    return refused("APPROVAL_PREVIEW_MISMATCH", "The request is another one by now.");
  }
  const inTheWay = obstaclesTo(parts, approval);
  if (inTheWay.length > 0) return refused("ORDER_REFUSED", inTheWay.join(" "));
  const said = { assertion: proof.assertion, echo: proof.echo, intent };
  const wish = sendWish(parts.storage.sql, approval.approvalId);
  if (wish !== null) {
    const read = await readToSend(parts, inFlight, approval);
    if (!read.ok) return refused("SIDECAR_UNAVAILABLE", read.detail);
    if (pendingOf(parts, proof.preview_id) === null) return over();
    const late = obstaclesTo(parts, approval);
    if (late.length > 0) return refused("ORDER_REFUSED", late.join(" "));
    const wanted = { approval, wish, said, fresh: read.fresh, requestId };
    const sent = await approveAndSend(parts, inFlight, wanted);
    if (sent.ok) return { ok: true };
    return sent.reason === "not_open" ? over() : no("ORDER_REFUSED", sent.detail);
  }
  const decided = decideApproval(
    parts.storage,
    { approvalId: approval.approvalId, requestId, say: "approve", ...said },
    parts.now(),
    parts.log,
  );
  return decided === null ? over() : { ok: true };
}

export function denyFromPage(
  parts: OrderParts,
  previewId: string,
  requestId: string,
): DoneFromPage {
  const approval = pendingOf(parts, previewId);
  if (approval === null) return notOpen();
  const { approvalId } = approval;
  const decided = decideApproval(
    parts.storage,
    { approvalId, requestId, say: "deny" },
    parts.now(),
    parts.log,
  );
  return decided === null ? notOpen() : { ok: true };
}

/** Whether this very yes was taken before: its answer was lost on the way, and the page asks again. */
function wasTaken(parts: OrderParts, { preview_id, nonce }: PasskeyProof): boolean {
  const { sql } = parts.storage;
  return approvalsForPreview(sql, preview_id, parts.now()).some((approvalId) => {
    const approval = findApproval(sql, approvalId, parts.now());
    return approval?.intent.nonce === nonce && TAKEN.has(approval.state);
  });
}

const TAKEN: ReadonlySet<Approval["state"]> = new Set(["approved", "reserved", "consumed"]);

function pendingOf(parts: OrderParts, previewId: string): Approval | null {
  const open = openRequest(parts.storage.sql, previewId, parts.now());
  return open?.state === "pending" ? open : null;
}

/** Of what was asked for, with the page's nonce and the warnings that the owner accepted there. */
function intentFromPage(approval: Approval, proof: PasskeyProof): Intent | null {
  const { coid: _coid, ...asked } = approval.intent;
  const same =
    asked.policy_hash === proof.policy_hash &&
    asked.policy_version === proof.policy_version &&
    asked.not_after === proof.not_after;
  if (!same || proof.tier < approval.tier) return null;
  const { nonce, accepted_warnings } = proof;
  const intent = intentOf({ ...asked, nonce, accepted_warnings });
  return intentHash(intent) === approval.intentHash ? null : intent;
}

const no = (code: string, message: string): DoneFromPage => ({ ok: false, code, message });
const notOpen = (): DoneFromPage => no("APPROVAL_CONSUMED", "The request was decided meanwhile.");
