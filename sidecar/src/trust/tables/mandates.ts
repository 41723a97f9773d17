import type { DatabaseSync } from "node:sqlite";
import { Mandate } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";

/**
 * Mandates whose signature this sidecar has verified, by hash. One counts only after the owner
 * brought back the number that was shown here: whoever runs the gateway chooses what a tap signs,
 * and cannot see the number. Revoking is for good; the same bounds need another signature.
 */
export const MANDATES_SCHEMA = `
CREATE TABLE IF NOT EXISTS mandates (
  mandate_hash TEXT PRIMARY KEY,
  mandate TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  verified_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
`;

/** Columns that a table of an earlier version lacks; what it held waits for its number. */
export function widenMandatesTable(db: DatabaseSync): void {
  const known = new Set(
    db
      .prepare("SELECT name FROM pragma_table_info('mandates')")
      .all()
      .map(({ name }) => name),
  );
  for (const column of ["number INTEGER", "confirmed_at INTEGER", "wrong_at INTEGER"]) {
    const [name] = column.split(" ");
    if (!known.has(name ?? "")) db.exec(`ALTER TABLE mandates ADD COLUMN ${column}`);
  }
}

export interface KeptMandate {
  hash: string;
  mandate: Mandate;
  /** Of the passkey that signed it. */
  credentialId: string;
  state: "waiting" | "confirmed" | "revoked";
  /** Shown here, and the owner's to bring back. */
  number: number | null;
  verifiedAt: number;
}

/** Keeps a verified mandate, with the number it waits for; one that is known stays as it is. */
export function storeMandate(
  db: DatabaseSync,
  kept: { hash: string; mandate: Mandate; credentialId: string; number: number },
  nowMs: number,
): void {
  db.prepare(
    `INSERT INTO mandates (mandate_hash, mandate, credential_id, verified_at, number)
     VALUES (?, ?, ?, ?, ?) ON CONFLICT (mandate_hash) DO NOTHING`,
  ).run(kept.hash, JSON.stringify(kept.mandate), kept.credentialId, nowMs, kept.number);
}

/** A number for one that was kept before numbers were asked for. */
export function giveNumber(db: DatabaseSync, hash: string, number: number): void {
  db.prepare("UPDATE mandates SET number = ? WHERE mandate_hash = ? AND number IS NULL").run(
    number,
    hash,
  );
}

export function findMandate(db: DatabaseSync, hash: string): KeptMandate | null {
  const row = db.prepare("SELECT * FROM mandates WHERE mandate_hash = ?").get(hash);
  return row === undefined ? null : mandateOf(row);
}

/** Newest first: all that were not revoked, and the last hundred of those that were. */
export function listMandates(db: DatabaseSync): KeptMandate[] {
  return db
    .prepare(
      `SELECT * FROM mandates WHERE revoked_at IS NULL OR mandate_hash IN
         (SELECT mandate_hash FROM mandates WHERE revoked_at IS NOT NULL
          ORDER BY verified_at DESC, mandate_hash LIMIT 100)
       ORDER BY verified_at DESC, mandate_hash`,
    )
    .all()
    .map(mandateOf);
}

/**
 * Takes the number that was brought back. One try: a wrong one revokes the mandate, so that each
 * guess costs another signature of the owner's. False when it is wrong, or nothing waits for it.
 */
export function confirmMandate(
  db: DatabaseSync,
  hash: string,
  number: number,
  nowMs: number,
): boolean {
  const { changes } = db
    .prepare(
      `UPDATE mandates SET
         confirmed_at = CASE WHEN number = ?1 THEN ?2 END,
         revoked_at = CASE WHEN number = ?1 THEN NULL ELSE ?2 END,
         wrong_at = CASE WHEN number = ?1 THEN NULL ELSE ?2 END
       WHERE mandate_hash = ?3 AND confirmed_at IS NULL AND revoked_at IS NULL`,
    )
    .run(number, nowMs, hash);
  return Number(changes) === 1 && findMandate(db, hash)?.state === "confirmed";
}

/** How many wrong numbers came since then: whoever guesses is through before the odds are. */
export function wrongNumbersSince(db: DatabaseSync, sinceMs: number): number {
  const row = db.prepare("SELECT COUNT(*) AS wrong FROM mandates WHERE wrong_at > ?").get(sinceMs);
  return Number(row?.wrong ?? 0);
}

/** The owner's word at this PC that the wrong numbers were typed by nobody else. */
export function forgetWrongNumbers(db: DatabaseSync): number {
  const { changes } = db.prepare("UPDATE mandates SET wrong_at = NULL WHERE wrong_at > 0").run();
  return Number(changes);
}

/** False when this PC does not know it, or it was revoked before. */
export function revokeMandate(db: DatabaseSync, hash: string, nowMs: number): boolean {
  const { changes } = db
    .prepare("UPDATE mandates SET revoked_at = ? WHERE mandate_hash = ? AND revoked_at IS NULL")
    .run(nowMs, hash);
  return Number(changes) === 1;
}

function mandateOf(row: Record<string, unknown>): KeptMandate {
  const { mandate_hash, mandate, credential_id, verified_at, revoked_at, number, confirmed_at } =
    row;
  if (
    typeof mandate_hash !== "string" ||
    typeof credential_id !== "string" ||
    typeof verified_at !== "number"
  ) {
    throw new TypeError("mandates table holds a row of another shape");
  }
  return {
    hash: mandate_hash,
    mandate: Mandate.parse(JSON.parse(String(mandate))),
    credentialId: credential_id,
    state: revoked_at !== null ? "revoked" : confirmed_at === null ? "waiting" : "confirmed",
    number: typeof number === "number" ? number : null,
    verifiedAt: verified_at,
  };
}
