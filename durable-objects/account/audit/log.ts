import { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { leafOfCanonical } from "@ibkr-edge-gateway/protocol/audit/leaf.ts";
import { completedBy, type TreeNodes, treeRoot } from "@ibkr-edge-gateway/protocol/audit/merkle.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { AuditPage } from "../rpc/account.ts";

/**
 * The account's audit log: numbered without gaps from 1, never changed, one row written for one
 * event.
 *
 * {@link appendAudit} runs in the same turn as the action it records, so the two are committed together or
 * not at all. Beside its event a row keeps the Merkle nodes that its leaf completes, so that the
 * root over the whole log is O(log n) reads and no row is ever written twice.
 */
export const AUDIT_LOG_SCHEMA = `
CREATE TABLE IF NOT EXISTS audit_log (
  seq INTEGER PRIMARY KEY,
  nodes BLOB NOT NULL,
  event TEXT NOT NULL,
  appended_at INTEGER NOT NULL
) STRICT;
`;

export const AUDIT_PAGE_MAX_RECORDS = 200;
const HASH_BYTES = 32;

export interface AppendedEvent {
  seq: number;
  /** Lower-case hex. */
  leafHash: string;
}

/** Appends one event. Synchronous: call it in the turn that commits what the event records. */
export function appendAudit(
  sql: SqlStorage,
  accountId: string,
  event: AuditEvent,
  nowMs: number,
): AppendedEvent {
  const newest = newestRow(sql);
  const seq = newest.seq + 1;
  const json = canonicalJson(event);
  const leaf = leafOfCanonical(accountId, seq, json);
  const stored = storedNodes(sql);
  const completed = completedBy(leaf, seq, {
    // The leaf beside the new one is in the row that was read already.
    node: (level, index) => (level === 0 ? newest.leaf : stored.node(level, index)),
  });
  const nodes = new Uint8Array(completed.length * HASH_BYTES);
  completed.forEach((hash, level) => {
    nodes.set(hash, level * HASH_BYTES);
  });
  sql.exec(
    "INSERT INTO audit_log (seq, nodes, event, appended_at) VALUES (?, ?, ?, ?)",
    seq,
    nodes.buffer,
    json,
    nowMs,
  );
  return { seq, leafHash: bytesToHex(leaf) };
}

function newestRow(sql: SqlStorage): { seq: number; leaf: Uint8Array } {
  const [row] = sql
    .exec<{ seq: number; leaf: ArrayBuffer }>(
      `SELECT seq, substr(nodes, 1, ${HASH_BYTES}) AS leaf FROM audit_log ORDER BY seq DESC LIMIT 1`,
    )
    .toArray();
  return row === undefined
    ? { seq: 0, leaf: new Uint8Array() }
    : { seq: row.seq, leaf: new Uint8Array(row.leaf) };
}

/** How many events the log holds; also the number of the newest. */
export function auditSize(sql: SqlStorage): number {
  return sql.exec<{ size: number }>("SELECT COALESCE(MAX(seq), 0) AS size FROM audit_log").one()
    .size;
}

/** Size and Merkle root of the log as it stands. */
export function auditHead(sql: SqlStorage): { size: number; root: string } {
  const size = auditSize(sql);
  return { size, root: bytesToHex(treeRoot(size, storedNodes(sql))) };
}

/** The newest events before `beforeSeq` (or of all), newest first. */
export function tailAudit(
  sql: SqlStorage,
  query: { beforeSeq?: number; limit: number },
): AuditPage {
  const limit = Math.min(Math.max(Math.trunc(query.limit), 1), AUDIT_PAGE_MAX_RECORDS);
  const headSeq = auditSize(sql);
  const records = sql
    .exec<{ seq: number; leaf_hash: string; event: string }>(
      `SELECT seq, lower(hex(substr(nodes, 1, ${HASH_BYTES}))) AS leaf_hash, event FROM audit_log
       WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
      query.beforeSeq ?? headSeq + 1,
      limit,
    )
    .toArray()
    .map((row) => ({
      seq: row.seq,
      leaf_hash: row.leaf_hash,
      event: AuditEvent.parse(JSON.parse(row.event)),
    }));
  const oldest = records.at(-1)?.seq ?? 1;
  return { records, nextBeforeSeq: oldest > 1 ? oldest : null, headSeq };
}

/** The next events after `seq`, oldest first, as they go to D1. */
export function auditRowsAfter(
  sql: SqlStorage,
  seq: number,
  limit: number,
): { seq: number; leaf_hash: string; event: string }[] {
  return sql
    .exec<{ seq: number; leaf_hash: string; event: string }>(
      `SELECT seq, lower(hex(substr(nodes, 1, ${HASH_BYTES}))) AS leaf_hash, event FROM audit_log
       WHERE seq > ? ORDER BY seq LIMIT ?`,
      seq,
      limit,
    )
    .toArray();
}

/** The log's Merkle nodes: a full subtree stands in the row of its last leaf, at its level. */
export function storedNodes(sql: SqlStorage): TreeNodes {
  return {
    node(level, index) {
      const { nodes } = sql
        .exec<{ nodes: ArrayBuffer }>(
          `SELECT substr(nodes, ?, ${HASH_BYTES}) AS nodes FROM audit_log WHERE seq = ?`,
          level * HASH_BYTES + 1,
          (index + 1) * 2 ** level,
        )
        .one();
      return new Uint8Array(nodes);
    },
  };
}
