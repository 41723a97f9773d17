import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { encode } from "jose/base64url";
import { CLEANING_INVITATIONS, INVITATION_DAYS, INVITATIONS_MAX } from "../limits.ts";

export interface Invitation {
  /** Its hash: enough to cancel it, not enough to use it. */
  id: string;
  note: string;
  expiresAt: string;
}

/** Makes an invitation and gives its code, which is kept nowhere; null when too many are open. */
export async function invite(db: D1Database, note: string, now: Date): Promise<string | null> {
  const code = encode(crypto.getRandomValues(new Uint8Array(24)));
  const expires = new Date(now.getTime() + INVITATION_DAYS * 86_400_000);
  const made = await db
    .prepare(
      `INSERT INTO invitations (code_hash, note, created_at, expires_at)
       SELECT ?1, ?2, ?3, ?4
       WHERE (SELECT COUNT(*) FROM invitations WHERE account_id IS NULL AND expires_at > ?3) < ?5`,
    )
    .bind(sha256Hex(code), note, now.toISOString(), expires.toISOString(), INVITATIONS_MAX)
    .run();
  return made.meta.changes === 1 ? code : null;
}

/** Those that can still be used, the latest first. */
export async function openInvitations(db: D1Database, now: Date): Promise<Invitation[]> {
  const { results } = await db
    .prepare(
      `SELECT code_hash, note, expires_at FROM invitations
       WHERE account_id IS NULL AND expires_at > ? ORDER BY created_at DESC`,
    )
    .bind(now.toISOString())
    .all<{ code_hash: string; note: string; expires_at: string }>();
  return results.map((row) => ({
    id: row.code_hash,
    note: row.note,
    expiresAt: row.expires_at,
  }));
}

export async function cancelInvitation(db: D1Database, id: string): Promise<void> {
  await db
    .prepare("DELETE FROM invitations WHERE code_hash = ? AND account_id IS NULL")
    .bind(id)
    .run();
}

export async function isInvited(db: D1Database, code: string, now: Date): Promise<boolean> {
  const found = await db
    .prepare(
      "SELECT 1 AS found FROM invitations WHERE code_hash = ? AND account_id IS NULL AND expires_at > ?",
    )
    .bind(sha256Hex(code), now.toISOString())
    .first();
  return found !== null;
}

/** Removes invitations that ended unused; how many. One that was used stays with its account. */
export async function pruneInvitations(db: D1Database, now: Date): Promise<number> {
  const removed = await db
    .prepare(
      `DELETE FROM invitations WHERE code_hash IN
         (SELECT code_hash FROM invitations
          WHERE account_id IS NULL AND expires_at <= ? LIMIT ?)`,
    )
    .bind(now.toISOString(), CLEANING_INVITATIONS)
    .run();
  return removed.meta.changes;
}
