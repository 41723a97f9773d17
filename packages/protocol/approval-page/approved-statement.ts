import { challengeOf, type Statement, statementHash } from "../approval/statement.ts";
import { acceptedOfTicket } from "../orders/broker-question.ts";
import { type AcceptedWarning, type Intent, intentOf } from "../orders/intent.ts";
import type { OrderBody, ProbeBody, Unsigned } from "./approver-envelope.ts";
import { DOMAINS, signedSha256 } from "./signed-body.ts";

/** What the owner decided on the page, beside what the envelope says. */
export interface Choice {
  /** 16 random bytes of the page's own, lower-case hex. */
  nonce: string;
  /** Of an order's warnings those that the owner accepts beforehand; of anything else none. */
  accepted_warnings: readonly AcceptedWarning[];
}

/** The intent of an order's envelope, the same at the page and at the PC. */
export function approvedIntent(body: OrderBody, { nonce, accepted_warnings }: Choice): Intent {
  return intentOf({
    v: 1,
    ticket: body.ticket,
    gateway_account_id: body.gateway_account_id,
    sidecar_id: body.sidecar_id,
    generation: body.generation,
    preview_id: body.preview_id,
    policy_version: body.policy_version,
    policy_hash: body.policy_hash,
    accepted_warnings: acceptedOfTicket(accepted_warnings, body.ticket.warnings),
    nonce,
    not_after: body.not_after,
  });
}

/** The statement that a yes to this envelope signs; null for a probe, which is none. */
export function approvedStatement(envelope: Unsigned, choice: Choice): Statement | null {
  const { nonce } = choice;
  switch (envelope.act) {
    case "order":
      return { act: "order", intent: approvedIntent(envelope.body, choice) };
    case "question": {
      const { intent_hash, reply_id, messages, not_after } = envelope.body;
      const fingerprints = messages.map(({ fingerprint }) => fingerprint);
      return {
        act: "question",
        question: { intent_hash, reply_id, fingerprints, confirm: true, nonce, not_after },
      };
    }
    case "mandate":
      return { act: "mandate", mandate: { ...envelope.body.mandate, nonce } };
    case "lift_kill_switch": {
      const { lift, not_after } = envelope.body;
      return { act: "lift_kill_switch", lift: { ...lift, nonce, not_after } };
    }
    case "loosen_policy": {
      const { change, not_after } = envelope.body;
      return { act: "loosen_policy", change: { ...change, nonce, not_after } };
    }
    case "probe":
      return null;
  }
}

/** Lower-case hex SHA-256 of what a yes to this envelope signs. */
export function approvedHash(envelope: Unsigned, choice: Choice): string {
  const statement = approvedStatement(envelope, choice);
  if (statement !== null) return statementHash(statement);
  if (envelope.act !== "probe") throw new TypeError("only a probe is no statement");
  return probeHash(envelope.body, choice.nonce);
}

/** The WebAuthn challenge of a yes, base64url. */
export const approvedChallenge = (envelope: Unsigned, choice: Choice): string =>
  challengeOf(approvedHash(envelope, choice));

/** `SHA-256("ibkr-approver-probe/v1\n" ‖ JCS{credential_id, gateway_account_id, nonce, not_after, sidecar_id})`. */
export function probeHash(body: ProbeBody, nonce: string): string {
  const { credential_id, gateway_account_id, sidecar_id, not_after } = body;
  return signedSha256(DOMAINS.probe, {
    credential_id,
    gateway_account_id,
    sidecar_id,
    not_after,
    nonce,
  });
}
