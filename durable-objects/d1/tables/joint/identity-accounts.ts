/** Joins `accounts` and `identities`: an account that an outside identity signs in to. */
import { newAccountId } from "../accounts.ts";

/**
 * The account of an outside identity, opened when it comes for the first time. The primary key
 * decides between two first sign-ins that race; the account of the one that lost is never used.
 */
export async function accountOfIdentity(
  db: D1Database,
  identity: { issuer: string; subject: string },
  now: Date,
): Promise<string> {
  const { issuer, subject } = identity;
  const find = () =>
    db
      .prepare("SELECT account_id FROM identities WHERE issuer = ? AND subject = ?")
      .bind(issuer, subject)
      .first<string>("account_id");
  const known = await find();
  if (known !== null) return known;
  const id = newAccountId();
  const at = now.toISOString();
  await db.batch([
    db.prepare("INSERT INTO accounts (id, role, created_at) VALUES (?, 'member', ?)").bind(id, at),
    db
      .prepare(
        `INSERT INTO identities (issuer, subject, account_id, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      )
      .bind(issuer, subject, id, at),
  ]);
  const made = await find();
  if (made === null) throw new Error("the identity's account could not be opened");
  return made;
}
