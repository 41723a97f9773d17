import { completedBy, type TreeNodes, treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import { randomBytes } from "../platform/random.ts";
import type { NewAuditEvent } from "./events.ts";
import { leafOfCanonical } from "./leaf.ts";
import { seal } from "./seal.ts";
import { fitting } from "./shorten-large-event.ts";
import { auditSize, insertEvent, type LoggedEvent, newestLeaf, storedNode } from "./tables/log.ts";

/**
 * The account's audit log: numbered without gaps from 1, never changed, one row written for one
 * event.
 *
 * {@link appendAudit} runs in the same turn as the action it records, so the two are committed together or
 * not at all. Beside its event a row keeps the Merkle nodes that its leaf completes, so that the
 * root over the whole log is O(log n) reads and no row is ever written twice. The salts of its
 * commitments stand in the row too, outside of what is hashed and copied, so that they can be erased.
 */

const HASH_BYTES = 32;

export type { LoggedEvent };

export interface AppendedEvent {
  seq: number;
  /** Lower-case hex. */
  leafHash: string;
}

/** Appends one event. Synchronous: call it in the turn that commits what the event records. */
export function appendAudit(
  sql: SqlStorage,
  accountId: string,
  event: NewAuditEvent,
  nowMs: number,
  random: (bytes: number) => Uint8Array = randomBytes,
): AppendedEvent {
  const newest = newestLeaf(sql);
  const sealed = seal(event, random);
  return appendAfter(sql, accountId, newest, {
    event: fitting(accountId, newest.seq + 1, sealed.event),
    salts: sealed.salts,
    appendedAt: nowMs,
  });
}

/** Appends an event as it stood in the log once: its text is hashed as it is. */
export function appendLogged(
  sql: SqlStorage,
  accountId: string,
  logged: LoggedEvent,
): AppendedEvent {
  return appendAfter(sql, accountId, newestLeaf(sql), logged);
}

function appendAfter(
  sql: SqlStorage,
  accountId: string,
  newest: ReturnType<typeof newestLeaf>,
  { event, salts, appendedAt }: LoggedEvent,
): AppendedEvent {
  const seq = newest.seq + 1;
  const leaf = leafOfCanonical(accountId, seq, event);
  const stored = storedNodes(sql);
  const completed = completedBy(leaf, seq, {
    // The leaf beside the new one is in the row that was read already.
    node: (level, index) => (level === 0 ? newest.leaf : stored.node(level, index)),
  });
  const nodes = new Uint8Array(completed.length * HASH_BYTES);
  completed.forEach((hash, level) => {
    nodes.set(hash, level * HASH_BYTES);
  });
  insertEvent(sql, { seq, nodes: nodes.buffer, event, salts, appendedAt });
  return { seq, leafHash: bytesToHex(leaf) };
}

/** Size and Merkle root of the log as it stands. */
export function auditHead(sql: SqlStorage): { size: number; root: string } {
  const size = auditSize(sql);
  return { size, root: bytesToHex(treeRoot(size, storedNodes(sql))) };
}

/** The log's Merkle nodes: a full subtree stands in the row of its last leaf, at its level. */
export function storedNodes(sql: SqlStorage): TreeNodes {
  return { node: (level, index) => storedNode(sql, (index + 1) * 2 ** level, level) };
}
