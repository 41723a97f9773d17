import { entryBytes } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { hashLeaf } from "@ibkr-edge-gateway/evidence/merkle/hash.ts";
import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";

/** The leaf of one event in its account's log; packages/evidence says what its bytes are. */
export function auditLeaf(accountId: string, seq: number, event: AuditEvent): Uint8Array {
  return leafOfCanonical(accountId, seq, canonicalJson(event));
}

/** The same over an event that is in its RFC 8785 form already. */
export function leafOfCanonical(accountId: string, seq: number, event: string): Uint8Array {
  return hashLeaf(entryBytes({ account: accountId, seq, event }));
}
