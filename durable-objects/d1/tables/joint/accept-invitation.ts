/** Joins `accounts` and `invitations`. */
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";

/**
 * Opens the account that an invitation is good for. Both happen or neither: of two who come with
 * the same code, one finds it used.
 */
export async function acceptInvitation(
  db: D1Database,
  code: string,
  accountId: string,
  now: Date,
): Promise<boolean> {
  const at = now.toISOString();
  const hash = sha256Hex(code);
  const [opened] = await db.batch([
    db
      .prepare(
        `INSERT INTO accounts (id, role, created_at)
         SELECT ?1, 'member', ?2 WHERE EXISTS
           (SELECT 1 FROM invitations
            WHERE code_hash = ?3 AND account_id IS NULL AND expires_at > ?2)`,
      )
      .bind(accountId, at, hash),
    db
      .prepare(
        `UPDATE invitations SET account_id = ?1
         WHERE code_hash = ?2 AND account_id IS NULL
           AND EXISTS (SELECT 1 FROM accounts WHERE id = ?1)`,
      )
      .bind(accountId, hash),
  ]);
  return opened?.meta.changes === 1;
}
