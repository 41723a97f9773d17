import { utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "../digest.ts";
import type { AuditEvent } from "./event.ts";
import { hashLeaf } from "./merkle.ts";

const DOMAIN = "ibkr-audit/v1";

/**
 * The leaf of one event in its account's log: SHA-256 over the RFC 6962 leaf prefix, the domain
 * and the RFC 8785 form of account, sequence number and event. Account and sequence are inside, so
 * a true event cannot be moved to another account or to another place in the log.
 */
export function auditLeaf(accountId: string, seq: number, event: AuditEvent): Uint8Array {
  return hashLeaf(utf8ToBytes(`${DOMAIN}\n${canonicalJson({ account: accountId, seq, event })}`));
}
