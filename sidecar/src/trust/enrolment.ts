import type { DatabaseSync } from "node:sqlite";
import type { Assertion } from "../../../src/protocol/approval/assertion.ts";
import {
  type EnrolmentStatement,
  statementHash,
} from "../../../src/protocol/approval/statement.ts";
import { type OrderRefusal, refusal } from "../../../src/protocol/orders/refusal.ts";
import { enrolApprover, findApprover, raiseCounter } from "./approvers.ts";
import { claimNonce } from "./nonces.ts";
import { type RelyingParty, verifyAssertion } from "./verify-assertion.ts";

/**
 * The two ways an approver comes in: the person at this PC says yes to the words of the key, or a
 * key that is here already signs for the new one. There is no third, and none that the edge can
 * take alone.
 */
export function enrolAtTerminal(
  db: DatabaseSync,
  offer: { credentialId: string; publicKey: string; label: string },
  nowMs: number,
): boolean {
  return enrolApprover(
    db,
    {
      credentialId: offer.credentialId,
      publicKey: Buffer.from(offer.publicKey, "base64url"),
      label: offer.label,
      enrolledBy: "terminal",
    },
    nowMs,
  );
}

export async function enrolBySignature(
  db: DatabaseSync,
  enrolment: EnrolmentStatement,
  assertion: Assertion,
  own: {
    gatewayAccountId: string;
    sidecarId: string;
    relyingParty: RelyingParty;
    nowMs: number;
  },
): Promise<OrderRefusal[]> {
  const no = (code: OrderRefusal["code"], field: string, rule: string, message: string) => [
    refusal(code, field, rule, message),
  ];
  if (
    enrolment.gateway_account_id !== own.gatewayAccountId ||
    enrolment.sidecar_id !== own.sidecarId
  ) {
    return no(
      "APPROVAL_PREVIEW_MISMATCH",
      "sidecar_id",
      "own_pairing",
      "The enrolment is for another PC.",
    );
  }
  if (!(own.nowMs < Date.parse(enrolment.not_after))) {
    return no("APPROVAL_EXPIRED", "not_after", "not_expired", "The enrolment has expired.");
  }
  const signer = findApprover(db, assertion.id);
  if (signer === null) {
    return no(
      "APPROVAL_KEY_NOT_ENROLLED",
      "id",
      "enrolled_key",
      "A new approver needs the signature of one that is enrolled at this PC.",
    );
  }
  const hash = statementHash({ act: "enrol_approver", enrolment });
  const verdict = await verifyAssertion(hash, assertion, signer, own.relyingParty);
  if (!verdict.ok) {
    return no(
      verdict.code,
      verdict.field,
      verdict.rule,
      "The enrolment's signature does not hold.",
    );
  }
  const claim = {
    nonce: enrolment.nonce,
    statementHash: hash,
    notAfterMs: Date.parse(enrolment.not_after),
  };
  if (!claimNonce(db, claim, own.nowMs)) {
    return no("APPROVAL_CONSUMED", "nonce", "one_use", "This enrolment was used before.");
  }
  if (!raiseCounter(db, signer.credentialId, verdict.counter)) {
    return no(
      "APPROVAL_COUNTER_REGRESSED",
      "counter",
      "counter_rises",
      "The passkey's counter did not rise.",
    );
  }
  const enrolled = enrolApprover(
    db,
    {
      credentialId: enrolment.credential_id,
      publicKey: Buffer.from(enrolment.public_key, "base64url"),
      label: enrolment.label,
      enrolledBy: signer.credentialId,
    },
    own.nowMs,
  );
  return enrolled
    ? []
    : no(
        "APPROVAL_ALGORITHM_REFUSED",
        "public_key",
        "new_known_key",
        "The key cannot be enrolled.",
      );
}
