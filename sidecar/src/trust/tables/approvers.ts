import type { DatabaseSync } from "node:sqlite";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { algorithmOf, type EnrolledKey, isKnownAlgorithm } from "../verify-assertion.ts";

/**
 * The passkeys that may approve, enrolled at this machine and nowhere else. The edge can show a
 * key; only the terminal puts it in. A signature of a key that is here does not: the edge chooses
 * what a tap signs.
 */
export const APPROVERS_SCHEMA = `
CREATE TABLE IF NOT EXISTS approvers (
  credential_id TEXT PRIMARY KEY,
  public_key BLOB NOT NULL,
  algorithm INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  label TEXT NOT NULL,
  enrolled_at INTEGER NOT NULL,
  enrolled_by TEXT NOT NULL,
  revoked_at INTEGER
) STRICT;
`;

/** A column that a table of an earlier version lacks; what it held came through the gateway's pages. */
export function widenApproversTable(db: DatabaseSync): void {
  const known = db
    .prepare("SELECT 1 FROM pragma_table_info('approvers') WHERE name = 'kind'")
    .get();
  if (known !== undefined) return;
  db.exec(`ALTER TABLE approvers ADD COLUMN kind TEXT NOT NULL DEFAULT '${TERMINAL_EDGE}'`);
}

/**
 * A passkey of the gateway's own pages, accepted at this PC: the gateway serves the page on which
 * it is used, so what a tap signs is the gateway's choice.
 */
const TERMINAL_EDGE = "terminal-edge";

export interface Approver extends EnrolledKey {
  label: string;
  /** Six words over the key: what the terminal shows and asks about. */
  fingerprint: string;
  enrolledAt: number;
  /** `terminal`, or {@link UNASKED}. */
  enrolledBy: string;
  /** Where the key lives and which page uses it. */
  kind: typeof TERMINAL_EDGE;
}

/**
 * Six words over the COSE key. Always worked out here from the key itself: a fingerprint that came
 * with a key says nothing about it.
 */
export function approverFingerprint(publicKey: Uint8Array): string {
  return fingerprintWords(Buffer.from(publicKey).toString("base64url")).join(" ");
}

/** False when the key is no passkey this sidecar can judge, or its id was ever used before. */
export function enrolApprover(
  db: DatabaseSync,
  approver: { credentialId: string; publicKey: Uint8Array; label: string; enrolledBy: string },
  nowMs: number,
): boolean {
  const algorithm = algorithmOf(approver.publicKey);
  if (algorithm === null || !isKnownAlgorithm(algorithm)) return false;
  const { changes } = db
    .prepare(
      `INSERT INTO approvers (credential_id, public_key, algorithm, counter, label, enrolled_at, enrolled_by)
       VALUES (?, ?, ?, 0, ?, ?, ?) ON CONFLICT (credential_id) DO NOTHING`,
    )
    .run(
      approver.credentialId,
      approver.publicKey,
      algorithm,
      approver.label,
      nowMs,
      approver.enrolledBy,
    );
  return Number(changes) === 1;
}

/**
 * The key, when it is enrolled, not revoked, and good for the broker behind this PC: one that was
 * taken without asking anybody approves at the simulator and nowhere else.
 */
export function findApprover(
  db: DatabaseSync,
  credentialId: string,
  simulator: boolean,
): Approver | null {
  const row = db
    .prepare("SELECT * FROM approvers WHERE credential_id = ? AND revoked_at IS NULL")
    .get(credentialId);
  if (row === undefined) return null;
  const approver = approverOf(row);
  return approver.enrolledBy === UNASKED && !simulator ? null : approver;
}

/** Whether its id was ever enrolled here, and if so, whether it still is. */
export function approverState(
  db: DatabaseSync,
  credentialId: string,
): "accepted" | "removed" | null {
  const row = db
    .prepare("SELECT revoked_at FROM approvers WHERE credential_id = ?")
    .get(credentialId);
  if (row === undefined) return null;
  return row.revoked_at === null ? "accepted" : "removed";
}

export function listApprovers(db: DatabaseSync): Approver[] {
  return db
    .prepare("SELECT * FROM approvers WHERE revoked_at IS NULL ORDER BY enrolled_at, credential_id")
    .all()
    .map(approverOf);
}

/** A revoked key stays known, so that it cannot come back in as a new one. */
export function revokeApprover(db: DatabaseSync, credentialId: string, nowMs: number): boolean {
  const { changes } = db
    .prepare("UPDATE approvers SET revoked_at = ? WHERE credential_id = ? AND revoked_at IS NULL")
    .run(nowMs, credentialId);
  return Number(changes) === 1;
}

/** Who enrolled a key that was taken for the simulator, where nobody was asked. */
export const UNASKED = "simulated";

/** Somebody at the terminal says yes to a key that was taken unasked; false when there is none such. */
export function vouchFor(
  db: DatabaseSync,
  key: { credentialId: string; publicKey: Uint8Array },
): boolean {
  const { changes } = db
    .prepare(
      `UPDATE approvers SET enrolled_by = 'terminal'
       WHERE credential_id = ? AND public_key = ? AND enrolled_by = ? AND revoked_at IS NULL`,
    )
    .run(key.credentialId, key.publicKey, UNASKED);
  return Number(changes) === 1;
}

/** Forgets the keys nobody was asked about, with all that they enrolled in their turn. */
export function forgetUnasked(db: DatabaseSync): void {
  db.prepare(
    `WITH RECURSIVE unasked (id) AS (
       SELECT credential_id FROM approvers WHERE enrolled_by = ?
       UNION SELECT credential_id FROM approvers JOIN unasked ON enrolled_by = unasked.id)
     DELETE FROM approvers WHERE credential_id IN (SELECT id FROM unasked)`,
  ).run(UNASKED);
}

/** Null when the key is not enrolled, or revoked. */
export function findCounterFloor(db: DatabaseSync, credentialId: string): number | null {
  const row = db
    .prepare("SELECT counter FROM approvers WHERE credential_id = ? AND revoked_at IS NULL")
    .get(credentialId);
  return row === undefined ? null : Number(row.counter);
}

/** Counters at or below this one are refused from now on. */
export function raiseCounterFloor(db: DatabaseSync, credentialId: string, counter: number): void {
  db.prepare("UPDATE approvers SET counter = MAX(counter, ?) WHERE credential_id = ?").run(
    counter,
    credentialId,
  );
}

function approverOf(row: Record<string, unknown>): Approver {
  const { credential_id, public_key, counter, label, enrolled_at, enrolled_by, kind } = row;
  if (
    typeof credential_id !== "string" ||
    !(public_key instanceof Uint8Array) ||
    typeof counter !== "number" ||
    typeof label !== "string" ||
    typeof enrolled_at !== "number" ||
    typeof enrolled_by !== "string" ||
    kind !== TERMINAL_EDGE
  ) {
    throw new TypeError("approvers table holds a row of another shape");
  }
  return {
    credentialId: credential_id,
    publicKey: public_key,
    counter,
    label,
    fingerprint: approverFingerprint(public_key),
    enrolledAt: enrolled_at,
    enrolledBy: enrolled_by,
    kind: TERMINAL_EDGE,
  };
}
