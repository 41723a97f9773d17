import { canonicalJson } from "../digest.ts";
import type { AuditEvent } from "./event.ts";
import { hashLeaf } from "./merkle.ts";

const DOMAIN = "ibkr-audit/v1";
const UTF8 = new TextEncoder();

/**
 * The leaf of one event in its account's log: SHA-256 over the RFC 6962 leaf prefix, the domain
 * and the RFC 8785 form of account, sequence number and event. Account and sequence are inside, so
 * a true event cannot be moved to another account or to another place in the log.
 */
export function auditLeaf(accountId: string, seq: number, event: AuditEvent): Uint8Array {
  return leafOfCanonical(accountId, seq, canonicalJson(event));
}

/** The same over an event that is in its RFC 8785 form already. */
export function leafOfCanonical(accountId: string, seq: number, event: string): Uint8Array {
  // RFC 8785 sorts members by name, and these three are in that order.
  const json = `{"account":${canonicalJson(accountId)},"event":${event},"seq":${seq}}`;
  return hashLeaf(UTF8.encode(`${DOMAIN}\n${json}`));
}
