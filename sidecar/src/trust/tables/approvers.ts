import type { DatabaseSync } from "node:sqlite";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import * as z from "zod";
import {
  algorithmOf,
  type EnrolledKey,
  isKnownAlgorithm,
  type RelyingParty,
} from "../verify/verify-assertion.ts";

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

/** Columns that a table of an earlier version lacks; what it held came through the gateway's pages. */
export function widenApproversTable(db: DatabaseSync): void {
  const known = new Set(
    db
      .prepare("SELECT name FROM pragma_table_info('approvers')")
      .all()
      .map(({ name }) => name),
  );
  for (const [name, column] of [
    ["kind", `kind TEXT NOT NULL DEFAULT '${TERMINAL_EDGE}'`],
    ["rp_id", "rp_id TEXT"],
    ["origins", "origins TEXT"],
    ["statement", "statement TEXT"],
  ] as const) {
    if (!known.has(name)) db.exec(`ALTER TABLE approvers ADD COLUMN ${column}`);
  }
}

/**
 * How a passkey came to this PC. `terminal-edge`: it lives under the gateway's own pages and was
 * accepted at the terminal, so that what a tap signs is the gateway's choice: it stays on probation.
 * `loopback`: made on this PC's own page. `qr`: made on the page that its owner hosts, with a secret
 * from this PC's screen. `usb`: proved at this PC without a browser.
 */
export const ENROLLED_VIA = ["terminal-edge", "loopback", "qr", "usb"] as const;
export type EnrolledVia = (typeof ENROLLED_VIA)[number];
export const TERMINAL_EDGE = "terminal-edge";

export interface Approver extends EnrolledKey {
  label: string;
  /** Six words over the key: what the terminal shows and asks about. */
  fingerprint: string;
  enrolledAt: number;
  /** `terminal`, or {@link UNASKED}. */
  enrolledBy: string;
  /** Where the key lives and which page uses it. */
  kind: EnrolledVia;
  /** Where an assertion of this key comes from; null for the gateway that this PC is paired with. */
  relyingParty: RelyingParty | null;
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
  approver: {
    credentialId: string;
    publicKey: Uint8Array;
    label: string;
    enrolledBy: string;
    /** Of a key that this PC's ceremony made; without it the key is the gateway's own pages'. */
    own?: { via: "loopback" | "qr"; relyingParty: RelyingParty };
  },
  nowMs: number,
): boolean {
  const algorithm = algorithmOf(approver.publicKey);
  if (algorithm === null || !isKnownAlgorithm(algorithm)) return false;
  const { changes } = db
    .prepare(
      `INSERT INTO approvers (credential_id, public_key, algorithm, counter, label, enrolled_at,
         enrolled_by, kind, rp_id, origins)
       VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (credential_id) DO NOTHING`,
    )
    .run(
      approver.credentialId,
      approver.publicKey,
      algorithm,
      approver.label,
      nowMs,
      approver.enrolledBy,
      approver.own?.via ?? TERMINAL_EDGE,
      approver.own?.relyingParty.id ?? null,
      approver.own === undefined ? null : JSON.stringify(approver.own.relyingParty.origins),
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

/** Whether an approver stands here that the gateway had no part in. */
export const hasOwnApprover = (db: DatabaseSync): boolean =>
  listApprovers(db).some(({ kind }) => kind !== TERMINAL_EDGE);

/** Keys that came through the gateway's pages, and that somebody at this PC said yes to. */
export const onProbation = (db: DatabaseSync): Approver[] =>
  listApprovers(db).filter(
    ({ kind, enrolledBy }) => kind === TERMINAL_EDGE && enrolledBy !== UNASKED,
  );

/** This PC's signed word about the key, as it was said when the key was enrolled. */
export function keepStatement(db: DatabaseSync, credentialId: string, statement: string): void {
  db.prepare("UPDATE approvers SET statement = ? WHERE credential_id = ?").run(
    statement,
    credentialId,
  );
}

/** Null when nothing was said of it: a key of the gateway's pages. */
export function approverStatement(db: DatabaseSync, credentialId: string): string | null {
  const row = db
    .prepare("SELECT statement FROM approvers WHERE credential_id = ?")
    .get(credentialId);
  return typeof row?.statement === "string" ? row.statement : null;
}

/** What this PC said of passkeys, those that were removed since included; the newest so many. */
export function approverStatements(db: DatabaseSync, limit: number): string[] {
  return db
    .prepare(
      `SELECT statement FROM approvers WHERE statement IS NOT NULL
       ORDER BY enrolled_at DESC, credential_id LIMIT ?`,
    )
    .all(limit)
    .map(({ statement }) => String(statement));
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

/** This counter is refused from now on; what is below it is older. */
export function raiseCounterFloor(db: DatabaseSync, credentialId: string, counter: number): void {
  db.prepare("UPDATE approvers SET counter = MAX(counter, ?) WHERE credential_id = ?").run(
    counter,
    credentialId,
  );
}

const Row = z.object({
  credential_id: z.string(),
  public_key: z.instanceof(Uint8Array),
  counter: z.number(),
  label: z.string(),
  enrolled_at: z.number(),
  enrolled_by: z.string(),
  kind: z.enum(ENROLLED_VIA),
  rp_id: z.string().nullable(),
  origins: z.string().nullable(),
});
const Origins = z.array(z.string()).min(1);

function approverOf(given: Record<string, unknown>): Approver {
  const row = Row.parse(given);
  // A key of another kind is never judged as one of the gateway's pages.
  if ((row.kind === TERMINAL_EDGE) !== (row.rp_id === null) || !row.rp_id !== !row.origins) {
    throw new TypeError("approvers table holds a row of another shape");
  }
  return {
    credentialId: row.credential_id,
    publicKey: row.public_key,
    counter: row.counter,
    label: row.label,
    fingerprint: approverFingerprint(row.public_key),
    enrolledAt: row.enrolled_at,
    enrolledBy: row.enrolled_by,
    kind: row.kind,
    relyingParty:
      row.rp_id === null
        ? null
        : { id: row.rp_id, origins: Origins.parse(JSON.parse(row.origins ?? "[]")) },
  };
}
