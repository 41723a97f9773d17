import type { DatabaseSync } from "node:sqlite";
import { type Statement, statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { type Approver, findApprover } from "../../trust/tables/approvers.ts";
import { claimNonce, isNonceUsed } from "../../trust/tables/nonces.ts";
import { type CounterVerdict, noteCounter } from "../../trust/verify/counters.ts";
import type { RelyingParty } from "../../trust/verify/verify-assertion.ts";
import { verifyBy } from "../../trust/verify/verify-by-approver.ts";

/**
 * Whether the owner signed this very statement, with a passkey enrolled at this PC, in time, and for
 * the first time. When it did, the nonce is spent and the key's counter raised before this returns.
 */
export async function ownerSigned(
  parts: {
    db: DatabaseSync;
    relyingParty: RelyingParty;
    simulator: boolean;
    nowMs: number;
    /** It is about an exit, which what an authenticator counts never holds back. */
    ofExit?: boolean;
  },
  statement: Statement,
  signed: { nonce: string; not_after: string; assertion: Assertion },
): Promise<{
  refusals: OrderRefusal[];
  key: Approver | null;
  counter: CounterVerdict | null;
}> {
  const { db, nowMs } = parts;
  const no = (code: OrderRefusal["code"], field: string, rule: string, message: string) => ({
    refusals: [refusal(code, field, rule, message)],
    key: null,
    counter: null,
  });
  const notAfterMs = Date.parse(signed.not_after);
  if (!(nowMs < notAfterMs)) {
    return no("APPROVAL_EXPIRED", "not_after", "not_expired", "The signature has expired.");
  }
  const used = (): ReturnType<typeof no> =>
    no("APPROVAL_CONSUMED", "nonce", "one_use", "This signature was used before.");
  if (isNonceUsed(db, signed.nonce)) return used();
  const key = findApprover(db, signed.assertion.id, parts.simulator);
  if (key === null) {
    return no(
      "APPROVAL_KEY_NOT_ENROLLED",
      "id",
      "enrolled_key",
      "The signature is not by a passkey enrolled at this PC.",
    );
  }
  const hash = statementHash(statement);
  const verdict = await verifyBy(
    db,
    { hash, assertion: signed.assertion },
    key,
    parts.relyingParty,
    "The signature does not hold.",
  );
  if (!verdict.ok) return { refusals: [verdict.refusal], key: null, counter: null };
  const claim = { nonce: signed.nonce, statementHash: hash, notAfterMs };
  if (!claimNonce(db, claim, nowMs)) return used();
  const counter = noteCounter(db, key.credentialId, verdict.counter, nowMs);
  return counter !== "seen" || parts.ofExit === true
    ? { refusals: [], key, counter }
    : no(
        "APPROVAL_COUNTER_REGRESSED",
        "counter",
        "counter_unseen",
        "The passkey's counter was seen before.",
      );
}
