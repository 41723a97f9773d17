import type { DatabaseSync } from "node:sqlite";
import {
  DOMAINS,
  signedBytes,
  signedSha256,
} from "@ibkr-edge-gateway/protocol/approval-page/signed-body.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { ApproverStatement } from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import type { SigningKey } from "../pc-keys/statement-and-witness-keys.ts";
import { deletePagesOf, storePage } from "../tables/approver-pages.ts";
import {
  approverFingerprint,
  enrolApprover,
  findApprover,
  keepStatement,
  listApprovers,
  revokeApprover,
} from "../tables/approvers.ts";
import { currentEnrolment, moveEnrolment } from "../tables/enrolments.ts";
import { forgetHostedPage, hostedPageRows } from "../tables/hosted-page.ts";

/** The six words of the key that waits in the open ceremony; null when none does. */
export function wordsOfWaiting(db: DatabaseSync): string | null {
  const enrolment = currentEnrolment(db);
  return enrolment?.state === "waiting" && enrolment.key !== null
    ? approverFingerprint(enrolment.key.publicKey)
    : null;
}

/**
 * Somebody at the terminal says that the words are those on the page: the key is an approver from now
 * on, with the place it lives at. False when the ceremony stands elsewhere by now, or the key was known.
 */
export function acceptEnrolment(db: DatabaseSync, nowMs: number): boolean {
  const enrolment = currentEnrolment(db);
  if (enrolment?.key == null || !moveEnrolment(db, "waiting", "accepted")) return false;
  const { via, origin, rpId, label, key } = enrolment;
  const own = { via, relyingParty: { id: rpId, origins: [origin] } };
  if (!enrolApprover(db, { ...key, label, enrolledBy: "terminal", own }, nowMs)) {
    moveEnrolment(db, "accepted", "ended", "this passkey was known here before");
    return false;
  }
  // This PC's own page has links of its own.
  if (via === "qr") {
    const { credentialId, pageTokenSha256: tokenSha256 } = key;
    storePage(db, { tokenSha256, origin, credentialId, endsAt: null }, nowMs);
  }
  return true;
}

/** A passkey that does not prove that it works is no approver. */
export function undoEnrolment(db: DatabaseSync, why: string, nowMs: number): void {
  const enrolment = currentEnrolment(db);
  if (enrolment === null || enrolment.state === "proved") return;
  moveEnrolment(db, enrolment.state, "ended", why);
  if (enrolment.state === "accepted" && enrolment.key !== null) {
    removeApprover(db, enrolment.key.credentialId, nowMs);
  }
  forgetPagesOfNobody(db);
}

/** Takes an approver out, with the page that speaks for it. */
export function removeApprover(db: DatabaseSync, credentialId: string, nowMs: number): boolean {
  deletePagesOf(db, credentialId);
  const removed = revokeApprover(db, credentialId, nowMs);
  forgetPagesOfNobody(db);
  return removed;
}

/** An address at which no approver lives is looked at no more. */
function forgetPagesOfNobody(db: DatabaseSync): void {
  const lived = listApprovers(db).flatMap(({ relyingParty }) => relyingParty?.origins ?? []);
  for (const { url } of hostedPageRows(db)) {
    if (!lived.includes(new URL(url).origin)) forgetHostedPage(db, url);
  }
}

/**
 * This PC's signed word that this key was enrolled at it: where it lives, since when, and how. A
 * stranger holds an approval against it; kept beside it, and named by its hash. Null when there is no such approver.
 */
export function stateEnrolment(
  db: DatabaseSync,
  credentialId: string,
  key: SigningKey,
): { sha256: string; statement: ApproverStatement } | null {
  const approver = findApprover(db, credentialId, false);
  if (approver === null || approver.relyingParty === null) return null;
  const body = {
    v: 1 as const,
    kind: "approver" as const,
    credential_id: approver.credentialId,
    cose_key: Buffer.from(approver.publicKey).toString("base64url"),
    rp_id: approver.relyingParty.id,
    origins: [...approver.relyingParty.origins],
    label_sha256: sha256Hex(approver.label),
    enrolled_at: new Date(approver.enrolledAt).toISOString(),
    enrolled_via: approver.kind,
  };
  const signature = Buffer.from(key.sign(signedBytes(DOMAINS.receipt, body))).toString("base64url");
  const statement = { body, signature };
  keepStatement(db, credentialId, canonicalJson(statement));
  return { sha256: signedSha256(DOMAINS.receipt, body), statement };
}
