import { Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import * as z from "zod";

/**
 * The mandates of an account: bounds the owner signed, and how each stands here and at the PC. A
 * mandate is never changed; it ends by its time or by being revoked, and stays as what it was.
 */
export const MANDATES_SCHEMA = `
CREATE TABLE order_mandates (
  mandate_id TEXT PRIMARY KEY,
  mandate_hash TEXT NOT NULL UNIQUE,
  mandate TEXT NOT NULL,
  assertion TEXT NOT NULL,
  signed_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_by TEXT CHECK (revoked_by IN ('owner', 'pc')),
  -- What a PC said of it, and which one: another PC has to be told anew.
  pc_sidecar TEXT,
  pc_state TEXT NOT NULL DEFAULT 'untold'
    CHECK (pc_state IN ('untold', 'waiting', 'confirmed', 'refused', 'revoked')),
  pc_words TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- The mandate an approval was given under; null for a tap.
ALTER TABLE order_approvals ADD COLUMN mandate_id TEXT;
CREATE INDEX order_approvals_mandate ON order_approvals (mandate_id, created_at)
  WHERE mandate_id IS NOT NULL;
`;

/** Every PC that may know a mandate: its end is sent to each, whichever is there now. */
export const MANDATE_PCS_SCHEMA = `
CREATE TABLE order_mandate_pcs (
  mandate_id TEXT NOT NULL,
  sidecar_id TEXT NOT NULL,
  PRIMARY KEY (mandate_id, sidecar_id)
) STRICT, WITHOUT ROWID;
INSERT INTO order_mandate_pcs (mandate_id, sidecar_id)
  SELECT mandate_id, pc_sidecar FROM order_mandates
  WHERE pc_sidecar IS NOT NULL AND pc_state <> 'revoked';
`;

const PcState = z.enum(["untold", "waiting", "confirmed", "refused", "revoked"]);
export type PcState = z.infer<typeof PcState>;

export interface SignedMandate {
  hash: string;
  mandate: Mandate;
  assertion: Assertion;
  signedAt: number;
  revokedAt: number | null;
  revokedBy: "owner" | "pc" | null;
  pc: { sidecarId: string | null; state: PcState; words: string };
}

/** Keeps a mandate whose signature the caller has verified. False when it is known already. */
export function storeMandate(
  sql: SqlStorage,
  signed: { mandate: Mandate; assertion: Assertion },
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO order_mandates (mandate_id, mandate_hash, mandate, assertion, signed_at)
         VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
        signed.mandate.mandate_id,
        mandateHash(signed.mandate),
        JSON.stringify(signed.mandate),
        JSON.stringify(signed.assertion),
        nowMs,
      )
      .toArray().length > 0
  );
}

const Row = z.object({
  mandate_hash: z.string(),
  mandate: z.string(),
  assertion: z.string(),
  signed_at: z.number(),
  revoked_at: z.number().nullable(),
  revoked_by: z.enum(["owner", "pc"]).nullable(),
  pc_sidecar: z.string().nullable(),
  pc_state: PcState,
  pc_words: z.string(),
});

export function findMandate(sql: SqlStorage, mandateId: string): SignedMandate | null {
  const [row] = sql.exec("SELECT * FROM order_mandates WHERE mandate_id = ?", mandateId).toArray();
  return row === undefined ? null : mandateOf(row);
}

/** All in force, so that none is lost from sight, then the newest of those that ended. */
export function listMandates(sql: SqlStorage, endedMax: number, nowMs: number): SignedMandate[] {
  const ended = sql
    .exec(
      `SELECT * FROM order_mandates
       WHERE revoked_at IS NOT NULL OR json_extract(mandate, '$.not_after') <= ?
       ORDER BY signed_at DESC, mandate_id LIMIT ?`,
      new Date(nowMs).toISOString(),
      endedMax,
    )
    .toArray()
    .map(mandateOf);
  return [...standingMandates(sql, nowMs).reverse(), ...ended];
}

/** Neither revoked nor over. One that has not begun yet is among them. */
export function standingMandates(sql: SqlStorage, nowMs: number): SignedMandate[] {
  // Both are UTC with milliseconds: their order as text is their order in time.
  return sql
    .exec(
      `SELECT * FROM order_mandates INDEXED BY order_mandates_standing
       WHERE revoked_at IS NULL AND json_extract(mandate, '$.not_after') > ?
       ORDER BY signed_at, mandate_id`,
      new Date(nowMs).toISOString(),
    )
    .toArray()
    .map(mandateOf);
}

/** What a PC said of it last. */
export function setAtPc(
  sql: SqlStorage,
  mandateId: string,
  pc: { sidecarId: string; state: PcState; words: string },
): void {
  sql.exec(
    "UPDATE order_mandates SET pc_sidecar = ?, pc_state = ?, pc_words = ? WHERE mandate_id = ?",
    pc.sidecarId,
    pc.state,
    pc.words.slice(0, 500),
    mandateId,
  );
}

/** It is over at the PC that was the last to say something of it, if that is this one. */
export function setEndedAtPc(sql: SqlStorage, mandateId: string, sidecarId: string): void {
  sql.exec(
    `UPDATE order_mandates SET pc_state = 'revoked', pc_words = ''
     WHERE mandate_id = ? AND pc_sidecar = ?`,
    mandateId,
    sidecarId,
  );
}

/** Ends it for good; false when it had ended so before. */
export function endMandate(
  sql: SqlStorage,
  mandateId: string,
  by: "owner" | "pc",
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `UPDATE order_mandates SET revoked_at = ?, revoked_by = ?
         WHERE mandate_id = ? AND revoked_at IS NULL RETURNING 1`,
        nowMs,
        by,
        mandateId,
      )
      .toArray().length > 0
  );
}

/** Of a row of the table. */
export function mandateOf(found: unknown): SignedMandate {
  const row = Row.parse(found);
  return {
    hash: row.mandate_hash,
    mandate: Mandate.parse(JSON.parse(row.mandate)),
    assertion: Assertion.parse(JSON.parse(row.assertion)),
    signedAt: row.signed_at,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
    pc: { sidecarId: row.pc_sidecar, state: row.pc_state, words: row.pc_words },
  };
}
