import {
  mandateRevoke,
  mandateTake,
} from "@ibkr-edge-gateway/protocol/operation-schemas/mandates.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { OrderParts } from "../order-context.ts";
import { revokeUnderMandate, storedApproval } from "../tables/approvals.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { unsentRevocations } from "../tables/joint/mandate-orders.ts";
import {
  endMandate,
  findMandate,
  type SignedMandate,
  standingMandates,
} from "../tables/mandates.ts";
import { isDue, lastDone, noteDone } from "../tables/scheduled-tasks.ts";
import { noteAtPc, noteEndKnown } from "../transactions/mandate-at-pc.ts";
import { askSidecar } from "./ask-sidecar.ts";

/**
 * What the PC is told of mandates: that one was signed, so that it can verify and show it, and that
 * one has ended. Both are said until the PC has answered, and neither is waited for here: an order
 * under a mandate that ended is refused at this end from that turn on.
 */
const AT_ONCE = 5;
const RETRY_MS = 30_000;
const TASK = "tell-mandates";

/** Tells whatever the PC does not know yet; never throws. The PC must be there. */
export async function syncMandates(parts: OrderParts): Promise<void> {
  const { sql } = parts.storage;
  if (!isDue(sql, TASK, RETRY_MS, parts.now())) return;
  for (const signed of unsent(parts).slice(0, AT_ONCE)) {
    const answer =
      signed.revokedAt === null
        ? await sendMandate(parts, signed)
        : await sendMandateEnd(parts, signed);
    if (answer) continue;
    noteDone(sql, TASK, parts.now());
    return;
  }
}

/** When there is something to tell; null when there is not, or nobody to tell it to. */
export function nextMandateSyncAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  if (!parts.relay.presence().online || unsent(parts).length === 0) return null;
  const failed = lastDone(sql, TASK);
  return Math.max(parts.now(), failed === null ? 0 : failed + RETRY_MS);
}

/** Ends first: what narrows goes before what widens. */
function unsent(parts: OrderParts): SignedMandate[] {
  const { sql } = parts.storage;
  const { sidecarId } = parts.relay.presence();
  const ended = sidecarId === null ? [] : unsentRevocations(sql, sidecarId);
  const begun = standingMandates(sql, parts.now()).filter(
    ({ pc }) => pc.state === "untold" || pc.sidecarId !== sidecarId,
  );
  return [...ended, ...begun];
}

/** Shows a signed mandate at the PC; false when the PC could not be asked. */
export async function sendMandate(parts: OrderParts, signed: SignedMandate): Promise<boolean> {
  const { mandate, assertion } = signed;
  const { sql } = parts.storage;
  const { sidecarId } = parts.relay.presence();
  if (sidecarId === null) return false;
  // From here on it may be known there, whatever becomes of the answer: its end has to be told.
  if (signed.pc.sidecarId !== sidecarId) {
    noteAtPc(sql, mandate.mandate_id, { sidecarId, state: "untold", words: "" });
  }
  const answer = await askSidecar(
    parts,
    mandateTake,
    { mandate, assertion },
    { scope: "ibkr:approvals:create", account: null },
  );
  if (!answer.ok) return false;
  const { state, refusals } = answer.value;
  parts.storage.transactionSync(() => {
    noteAtPc(sql, mandate.mandate_id, {
      sidecarId,
      state: state === "unknown" ? "refused" : state,
      words: refusals.map(({ message }) => message).join(" "),
    });
    if (refusals.some(({ rule }) => rule === "not_revoked")) {
      endedAtPc(parts, signed, "", sidecarId);
    }
  });
  return true;
}

/** Tells that one has ended; false when the PC could not be asked. */
export async function sendMandateEnd(parts: OrderParts, signed: SignedMandate): Promise<boolean> {
  const { sidecarId } = parts.relay.presence();
  const answer = await askSidecar(
    parts,
    mandateRevoke,
    { mandate_hash: signed.hash },
    { scope: "ibkr:approvals:create", account: null },
  );
  if (!answer.ok || sidecarId === null) return false;
  // One that this PC never met cannot be used there without its owner's number.
  noteEndKnown(parts.storage.sql, signed.mandate.mandate_id, sidecarId);
  return true;
}

/**
 * The PC refused an order because its mandate ended or waits there: from now on this end knows it
 * too, and the next order is asked of the owner instead of being let out in vain.
 */
export function noteRefusedUnder(parts: OrderParts, coid: string, outcome: OrderOutcome): void {
  const rules = new Set(outcome.refusals.map(({ rule }) => rule));
  if (!rules.has("not_revoked") && !rules.has("confirmed_at_pc")) return;
  const { sql } = parts.storage;
  const intent = findIntent(sql, coid);
  const approval = storedApproval(sql, intent?.approval_id ?? "");
  const mandateId = approval?.mandateId ?? null;
  const signed = mandateId === null ? null : findMandate(sql, mandateId);
  const sidecarId = signed?.pc.sidecarId ?? null;
  if (signed === null || sidecarId === null) return;
  if (rules.has("not_revoked")) {
    endedAtPc(parts, signed, "", sidecarId);
  } else {
    noteAtPc(sql, signed.mandate.mandate_id, { sidecarId, state: "waiting", words: "" });
  }
}

/** It was ended at the PC: by its owner there, or by a wrong number. */
export function endedAtPc(
  parts: OrderParts,
  signed: SignedMandate,
  requestId: string,
  sidecarId: string,
): void {
  const { sql } = parts.storage;
  const { mandate_id } = signed.mandate;
  noteAtPc(sql, mandate_id, { sidecarId, state: "revoked", words: "" });
  if (!endMandate(sql, mandate_id, "pc", parts.now())) return;
  revokeUnderMandate(sql, mandate_id, parts.now());
  parts.log({
    type: "mandate.revoked",
    kind: "sidecar",
    clientId: null,
    sidecarId,
    brokerAccount: null,
    decision: "allow",
    errorCode: null,
    requestId,
    meta: { mandate_id, mandate_hash: signed.hash, by: "pc" },
  });
}
