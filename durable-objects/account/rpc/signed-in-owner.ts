import type { OwnerAccess, SignedIn } from "../access/owner-access.ts";
import { checkOwnerSession } from "../access/session-lifecycle.ts";
import { ownerEvent } from "../audit/events.ts";
import type { AccountParts } from "./account-parts.ts";
import { SessionEnded } from "./session-ended.ts";

/**
 * The owner behind a session's secret. Each verb of the owner's capability begins by asking for it,
 * and it is the only way from there to the account: it throws `SessionEnded` where there is no such
 * session, or none any more.
 */
export function signedInOwner(
  parts: AccountParts,
  secret: string,
  requestId: string,
): () => SignedIn {
  const session = () => {
    const open = parts.hasTables() ? checkOwnerSession(parts.sql, secret, parts.now()) : null;
    if (open === null) throw new SessionEnded();
    return open;
  };
  return () => {
    session();
    return { ...ownerAccess(parts, requestId), requestId, session };
  };
}

/** What is done about getting in, audited under the request that asked for it. */
export function ownerAccess(parts: AccountParts, requestId: string): OwnerAccess {
  return {
    sql: parts.sql,
    party: parts.party,
    now: parts.now,
    audit: (type, facts = {}) => {
      parts.audit(ownerEvent(type, parts.now(), { ...facts, requestId }));
    },
  };
}
