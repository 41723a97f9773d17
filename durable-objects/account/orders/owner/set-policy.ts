import { PolicyDocument, policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import { compareRestriction } from "@ibkr-edge-gateway/policy/restriction.ts";
import type { Statement } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import type { PolicyBegun, PolicyOutcome, SignedTerms } from "../../rpc/order-views.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { newestVersion, policyInForce } from "../tables/policies.ts";
import { changePolicy } from "../transactions/policy-transaction.ts";
import { ceremonyOf, newTerms, signed } from "./signed-statement.ts";

/** The owner's changes of a policy. What loosens takes the passkey over that very change, or a day. */

export type Change = { document: unknown; basedOn: string };

export function beginPolicy(parts: OrderParts, change: Change): PolicyBegun {
  const { sql } = parts.storage;
  const parsed = PolicyDocument.safeParse(change.document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, detail: `${issue?.path.join(".")}: ${issue?.message}` };
  }
  const inForce = policyInForce(sql, parsed.data.account_id, parts.now());
  if (inForce === null || inForce.hash !== change.basedOn) {
    return { ok: false, detail: "The policy was changed meanwhile." };
  }
  const comparison = compareRestriction(inForce.document, parsed.data);
  const terms = newTerms(parts);
  const statement = policyStatement(parts, parsed.data, change.basedOn, terms);
  return { ok: true, ...comparison, ceremony: ceremonyOf(sql, statement, terms) };
}

/** With the passkey over this very change at once; without it a loosening waits a day. */
export async function setPolicy(
  parts: OrderParts,
  owner: SignedIn,
  change: Change & { signed: { terms: SignedTerms; assertion: PasskeyAssertion } | null },
): Promise<PolicyOutcome> {
  const { storage } = parts;
  const parsed = PolicyDocument.safeParse(change.document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, reason: "invalid", detail: issue?.path.join(".") ?? "" };
  }
  const document = parsed.data;
  // An account that has no policy gets its first by being used, never by a form.
  if (policyInForce(storage.sql, document.account_id, parts.now()) === null) {
    return { ok: false, reason: "stale", detail: "This account has no policy to change." };
  }
  if (change.signed !== null) {
    const { terms, assertion } = change.signed;
    const statement = policyStatement(parts, document, change.basedOn, terms);
    if (!(await signed(parts, owner, statement, terms, assertion))) {
      return { ok: false, reason: "passkey", detail: "The passkey did not sign this change." };
    }
  }
  const isSigned = change.signed !== null;
  return changeNow(parts, { document, basedOn: change.basedOn, isSigned }, owner.requestId);
}

/** A change that its owner's passkey was found to have signed. */
export const changeConfirmed = (
  parts: OrderParts,
  change: { document: PolicyDocument; basedOn: string },
  requestId: string,
): PolicyOutcome => changeNow(parts, { ...change, isSigned: true }, requestId);

function changeNow(
  parts: OrderParts,
  { document, basedOn, isSigned }: { document: PolicyDocument; basedOn: string; isSigned: boolean },
  requestId: string,
): PolicyOutcome {
  const { storage } = parts;
  return storage.transactionSync((): PolicyOutcome => {
    const nowMs = parts.now();
    const made = changePolicy(storage.sql, { document, basedOn, signed: isSigned }, nowMs);
    if (!made.ok) return made;
    const waits = made.effectiveAt > nowMs;
    parts.log({
      type: "policy.changed",
      kind: "owner",
      clientId: null,
      sidecarId: null,
      brokerAccount: document.account_id,
      decision: "allow",
      errorCode: null,
      requestId,
      meta: {
        version: String(made.version),
        hash: made.hash,
        from_hash: basedOn,
        signed: String(isSigned),
        effective_at: iso(made.effectiveAt),
        fields: (made.comparison?.changes ?? [])
          .map(({ field, change: how }) => `${field}:${how}`)
          .join(",")
          .slice(0, 500),
      },
    });
    return {
      ok: true,
      version: made.version,
      effectiveAt: iso(made.effectiveAt),
      changes: made.comparison?.changes ?? [],
      waits,
    };
  });
}

function policyStatement(
  parts: OrderParts,
  document: PolicyDocument,
  basedOn: string,
  terms: SignedTerms,
): Statement {
  const newest = newestVersion(parts.storage.sql, document.account_id);
  return {
    act: "loosen_policy",
    change: {
      gateway_account_id: parts.accountId,
      broker_account_id: document.account_id,
      from_hash: basedOn,
      to_hash: policyHash(document),
      to_version: newest + 1,
      nonce: terms.nonce,
      not_after: terms.notAfter,
    },
  };
}
