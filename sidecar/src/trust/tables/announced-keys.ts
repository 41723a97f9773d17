import type { DatabaseSync } from "node:sqlite";

/** Before the present ones are stored again. */
export function markAllAbsent(db: DatabaseSync): void {
  db.exec("UPDATE announced_keys SET present = 0");
}

/** The same id with another key is another key: a "no" was not said to it, nor was a "yes". */
export function storeAnnounced(
  db: DatabaseSync,
  key: { credentialId: string; publicKey: Uint8Array; label: string },
  nowMs: number,
): void {
  db.prepare(
    `INSERT INTO announced_keys (credential_id, public_key, label, announced_at, present)
     VALUES (?1, ?2, ?3, ?4, 1)
     ON CONFLICT (credential_id) DO UPDATE SET
       refused_at = CASE WHEN public_key = ?2 THEN refused_at END,
       public_key = ?2, label = ?3, announced_at = ?4, present = 1`,
  ).run(key.credentialId, key.publicKey, key.label, nowMs);
}

/** Deletes absent keys: those never refused, and all but the latest refused ones. */
export function deleteAbsent(db: DatabaseSync, refusedKept: number): void {
  db.exec("DELETE FROM announced_keys WHERE present = 0 AND refused_at IS NULL");
  db.prepare(
    `DELETE FROM announced_keys WHERE present = 0 AND credential_id NOT IN
       (SELECT credential_id FROM announced_keys WHERE present = 0
        ORDER BY refused_at DESC LIMIT ?)`,
  ).run(refusedKept);
}

export function setRefused(db: DatabaseSync, credentialId: string, nowMs: number): void {
  db.prepare("UPDATE announced_keys SET refused_at = ? WHERE credential_id = ?").run(
    nowMs,
    credentialId,
  );
}
