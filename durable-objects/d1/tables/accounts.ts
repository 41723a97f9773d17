import { gatewayAccountIdOf, isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";

/**
 * The operator's account: the one whose owner holds OWNER_TOKEN. Made on first use; the unique
 * index decides between requests that race.
 */
export async function operatorAccount(db: D1Database, now: Date): Promise<string> {
  const known = await findOperator(db);
  if (known !== null) return known;
  await db
    .prepare(
      "INSERT INTO accounts (id, role, created_at) VALUES (?, 'operator', ?) ON CONFLICT DO NOTHING",
    )
    .bind(newAccountId(), now.toISOString())
    .run();
  const made = await findOperator(db);
  if (made === null) throw new Error("the operator's account could not be made");
  return made;
}

/** The operator's account, or null before its owner first signed in. */
export function findOperator(db: D1Database): Promise<string | null> {
  return db.prepare("SELECT id FROM accounts WHERE role = 'operator'").first<string>("id");
}

/** A new owner's own account. */
export async function openAccount(db: D1Database, id: string, now: Date): Promise<void> {
  await db
    .prepare("INSERT INTO accounts (id, role, created_at) VALUES (?, 'member', ?)")
    .bind(id, now.toISOString())
    .run();
}

/** A fresh account id. */
export function newAccountId(): string {
  return gatewayAccountIdOf(crypto.getRandomValues(new Uint8Array(16)));
}

/** Ids of accounts in their order, after this one; at most so many. */
export async function accountsAfter(
  db: D1Database,
  after: string,
  most: number,
): Promise<string[]> {
  const { results } = await db
    .prepare("SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT ?")
    .bind(after, most)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/**
 * Whether an account exists. Asked before an account's object is addressed by an id that a stranger
 * named, because addressing an object brings it into being.
 */
export async function accountExists(db: D1Database, id: string): Promise<boolean> {
  const found = await db.prepare("SELECT 1 AS found FROM accounts WHERE id = ?").bind(id).first();
  return found !== null;
}

/**
 * The account behind a passkey's user handle (base64url of its id). A key that keeps no handle can
 * only be the operator's: everyone else enrolled with one.
 */
export async function accountOf(db: D1Database, userHandle: string | null): Promise<string | null> {
  if (userHandle === null) return findOperator(db);
  const id = decodeText(userHandle);
  return isAccountId(id) && (await accountExists(db, id)) ? id : null;
}

function decodeText(base64url: string): string {
  try {
    return atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}

/** Whether the table can be read; rejects when it cannot. */
export async function probeAccounts(db: D1Database): Promise<void> {
  await db.prepare("SELECT 1 FROM accounts LIMIT 1").first();
}
