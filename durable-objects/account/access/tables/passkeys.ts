import type { PasskeyView } from "../../rpc/account-types.ts";

export function insertPasskey(
  sql: SqlStorage,
  made: {
    credentialId: string;
    publicKey: string;
    counter: number;
    transports: readonly string[];
    name: string;
    backedUp: boolean;
    addedAt: number;
  },
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO passkeys
           (credential_id, public_key, counter, transports, name, backed_up, added_at)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
        made.credentialId,
        made.publicKey,
        made.counter,
        JSON.stringify(made.transports),
        made.name,
        made.backedUp ? 1 : 0,
        made.addedAt,
      )
      .toArray().length > 0
  );
}

/** What an answer of this passkey is verified with; null when there is none. */
export function findPasskey(
  sql: SqlStorage,
  credentialId: string,
): { credentialId: string; publicKey: string; counter: number; addedAt: number } | null {
  const [row] = sql
    .exec<{ public_key: string; counter: number; added_at: number }>(
      "SELECT public_key, counter, added_at FROM passkeys WHERE credential_id = ?",
      credentialId,
    )
    .toArray();
  return row === undefined
    ? null
    : {
        credentialId,
        publicKey: row.public_key,
        counter: row.counter,
        addedAt: row.added_at,
      };
}

/** Moves the counter, and only forwards; false when it is further by now, or the passkey gone. */
export function notePasskeyUse(
  sql: SqlStorage,
  use: { credentialId: string; counter: number; backedUp: boolean; usedAt: number },
): boolean {
  return (
    sql
      .exec(
        `UPDATE passkeys SET counter = ?1, backed_up = ?2, last_used_at = ?3
         WHERE credential_id = ?4 AND (counter < ?1 OR (counter = 0 AND ?1 = 0)) RETURNING 1`,
        use.counter,
        use.backedUp ? 1 : 0,
        use.usedAt,
        use.credentialId,
      )
      .toArray().length > 0
  );
}

export function countPasskeys(sql: SqlStorage): number {
  return sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM passkeys").one().n;
}

export function isPasskey(sql: SqlStorage, credentialId: string): boolean {
  return (
    sql.exec("SELECT 1 FROM passkeys WHERE credential_id = ?", credentialId).toArray().length > 0
  );
}

export function listPasskeys(sql: SqlStorage): PasskeyView[] {
  return sql
    .exec<{
      credential_id: string;
      public_key: string;
      transports: string;
      name: string;
      backed_up: number;
      added_at: number;
      last_used_at: number | null;
    }>("SELECT * FROM passkeys ORDER BY added_at, credential_id")
    .toArray()
    .map((row) => ({
      credentialId: row.credential_id,
      publicKey: row.public_key,
      transports: JSON.parse(row.transports),
      name: row.name,
      backedUp: row.backed_up === 1,
      addedAt: new Date(row.added_at).toISOString(),
      lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
    }));
}

/** Removes one, never the last: without any, the owner token alone would open the house again. */
export function removePasskey(sql: SqlStorage, credentialId: string): boolean {
  return (
    sql
      .exec(
        `DELETE FROM passkeys
         WHERE credential_id = ? AND (SELECT COUNT(*) FROM passkeys) > 1 RETURNING 1`,
        credentialId,
      )
      .toArray().length > 0
  );
}
