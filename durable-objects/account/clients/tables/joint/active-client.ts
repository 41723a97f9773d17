/** Joins `clients` and `grants`: what one call needs to know of both, in one read. */
import { textList } from "../clients.ts";

export interface ClientAndGrant {
  active: boolean;
  /** The grant is active, and is this client's. */
  granted: boolean;
  scopes: string[];
  /** Null for all. */
  accounts: string[] | null;
  /** Unix milliseconds; 0 when the first hour was waived. */
  readOnlyUntil: number;
}

export function clientAndGrant(
  sql: SqlStorage,
  clientId: string,
  grantId: string | null,
): ClientAndGrant | null {
  const [row] = sql
    .exec<{
      state: string;
      scopes: string;
      accounts: string | null;
      read_only_until: number;
      grants: number;
    }>(
      `SELECT state, scopes, accounts, read_only_until,
         (SELECT COUNT(*) FROM grants g
          WHERE g.grant_id = ?2 AND g.client_id = c.client_id AND g.state = 'active') AS grants
       FROM clients c WHERE client_id = ?1`,
      clientId,
      grantId,
    )
    .toArray();
  if (row === undefined) return null;
  return {
    active: row.state === "active",
    granted: row.grants > 0,
    scopes: textList(row.scopes),
    accounts: row.accounts === null ? null : textList(row.accounts),
    readOnlyUntil: row.read_only_until,
  };
}
