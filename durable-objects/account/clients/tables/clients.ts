import type { ConnectedClient } from "../../rpc/account-types.ts";

/** Clients by id; lists are JSON, times Unix milliseconds. */
type ClientRow = {
  client_id: string;
  client_name: string;
  redirect_host: string;
  scopes: string;
  consented: string;
  accounts: string | null;
  state: string;
  admitted_at: number;
  read_only_until: number;
  last_used_at: number | null;
  calls: number;
};

/**
 * A client, or the same client again: it keeps the hour it has served while it was in, and its
 * accounts where they are undefined.
 */
export function storeClient(
  sql: SqlStorage,
  client: {
    clientId: string;
    clientName: string;
    redirectHost: string;
    scopes: readonly string[];
    /** Null for all, undefined to keep what is there. */
    accounts: readonly string[] | null | undefined;
    readOnlyUntil: number;
  },
  nowMs: number,
): void {
  const { accounts } = client;
  sql.exec(
    `INSERT INTO clients
       (client_id, client_name, redirect_host, scopes, consented, state, admitted_at,
        read_only_until, accounts)
     VALUES (?1, ?2, ?3, ?4, ?4, 'active', ?5, ?6, ?7)
     ON CONFLICT (client_id) DO UPDATE SET
       client_name = ?2, redirect_host = ?3, scopes = ?4, consented = ?4, admitted_at = ?5,
       read_only_until =
         CASE WHEN state = 'active' THEN MIN(read_only_until, ?6) ELSE ?6 END,
       accounts = CASE WHEN ?8 THEN ?7 WHEN state = 'active' THEN accounts END,
       state = 'active', revoked_at = NULL`,
    client.clientId,
    client.clientName,
    client.redirectHost,
    sorted(client.scopes),
    nowMs,
    client.readOnlyUntil,
    accounts == null ? null : sorted(accounts),
    accounts === undefined ? 0 : 1,
  );
}

/** A client that is new; one that is known stays as it is. */
export function insertClient(
  sql: SqlStorage,
  client: {
    clientId: string;
    clientName: string;
    redirectHost: string;
    scopes: readonly string[];
    readOnlyUntil: number;
  },
  nowMs: number,
): void {
  sql.exec(
    `INSERT INTO clients
       (client_id, client_name, redirect_host, scopes, consented, state, admitted_at, read_only_until)
     VALUES (?1, ?2, ?3, ?4, ?4, 'active', ?5, ?6) ON CONFLICT DO NOTHING`,
    client.clientId,
    client.clientName,
    client.redirectHost,
    sorted(client.scopes),
    nowMs,
    client.readOnlyUntil,
  );
}

/** True when it was active. */
export function setClientRevoked(sql: SqlStorage, clientId: string, nowMs: number): boolean {
  return (
    sql
      .exec(
        `UPDATE clients SET state = 'revoked', revoked_at = ?
         WHERE client_id = ? AND state = 'active' RETURNING 1`,
        nowMs,
        clientId,
      )
      .toArray().length > 0
  );
}

/** The ids of those that were active. */
export function setAllClientsRevoked(sql: SqlStorage, nowMs: number): string[] {
  return sql
    .exec<{ client_id: string }>(
      `UPDATE clients SET state = 'revoked', revoked_at = ?
       WHERE state = 'active' RETURNING client_id`,
      nowMs,
    )
    .toArray()
    .map((row) => row.client_id);
}

/** Back from revoked; false when it was not. */
export function setClientActive(
  sql: SqlStorage,
  client: { clientId: string; readOnlyUntil: number },
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `UPDATE clients SET state = 'active', admitted_at = ?1, read_only_until = ?2,
           revoked_at = NULL
         WHERE client_id = ?3 AND state = 'revoked' RETURNING 1`,
        nowMs,
        client.readOnlyUntil,
        client.clientId,
      )
      .toArray().length > 0
  );
}

export function setClientAccess(
  sql: SqlStorage,
  client: {
    clientId: string;
    scopes: readonly string[];
    accounts: readonly string[] | null;
    /** Its first hour is waived. */
    atOnce: boolean;
  },
): void {
  sql.exec(
    `UPDATE clients SET scopes = ?, accounts = ?,
       read_only_until = CASE WHEN ? THEN 0 ELSE read_only_until END
     WHERE client_id = ?`,
    sorted(client.scopes),
    client.accounts === null ? null : sorted(client.accounts),
    client.atOnce ? 1 : 0,
    client.clientId,
  );
}

export function addClientCalls(
  sql: SqlStorage,
  clientId: string,
  use: { calls: number; lastUsedMs: number },
): void {
  sql.exec(
    "UPDATE clients SET calls = calls + ?, last_used_at = ? WHERE client_id = ?",
    use.calls,
    use.lastUsedMs,
    clientId,
  );
}

/** A client as its owner sees it, but for its connections. */
export type ClientShown = Omit<ConnectedClient, "connections">;

/** Where a page of the list ends. */
export interface ClientPlace {
  admittedAt: number;
  clientId: string;
}

/** Those that are in, or those that were withdrawn, the latest let in first; from after a place. */
export function listedClients(
  sql: SqlStorage,
  state: ConnectedClient["state"],
  page: { after: ClientPlace | null; limit: number },
): ClientShown[] {
  return sql
    .exec<ClientRow>(
      `SELECT * FROM clients WHERE state = ?1 AND admitted_at <= ?2
         AND (admitted_at < ?2 OR client_id > ?3)
       ORDER BY admitted_at DESC, client_id LIMIT ?4`,
      state,
      page.after?.admittedAt ?? Number.MAX_SAFE_INTEGER,
      page.after?.clientId ?? "",
      page.limit,
    )
    .toArray()
    .map(shownClient);
}

export function clientOf(sql: SqlStorage, clientId: string): ClientShown | null {
  const [row] = sql
    .exec<ClientRow>("SELECT * FROM clients WHERE client_id = ?", clientId)
    .toArray();
  return row === undefined ? null : shownClient(row);
}

/** What these clients call themselves; one that is not known is left out. */
export function namesOfClients(
  sql: SqlStorage,
  clientIds: Iterable<string>,
): Map<string, { name: string; redirectHost: string }> {
  return new Map(
    sql
      .exec<{ client_id: string; client_name: string; redirect_host: string }>(
        `SELECT client_id, client_name, redirect_host FROM json_each(?) AS wanted
         CROSS JOIN clients ON client_id = wanted.value`,
        JSON.stringify([...new Set(clientIds)]),
      )
      .toArray()
      .map((row) => [row.client_id, { name: row.client_name, redirectHost: row.redirect_host }]),
  );
}

/** Forgets clients withdrawn before a moment, but for those of other issuers; at most the limit. */
export function deleteClients(
  sql: SqlStorage,
  before: { revokedMs: number; butPrefix: string },
  limit: number,
): void {
  sql.exec(
    `DELETE FROM clients WHERE client_id IN (
       SELECT client_id FROM clients INDEXED BY clients_revoked
       WHERE revoked_at < ?1 AND state = 'revoked'
         AND substr(client_id, 1, length(?2)) <> ?2 LIMIT ?3)`,
    before.revokedMs,
    before.butPrefix,
    limit,
  );
}

const shownClient = (row: ClientRow): ClientShown => ({
  clientId: row.client_id,
  clientName: row.client_name,
  redirectHost: row.redirect_host,
  scopes: textList(row.scopes),
  consented: textList(row.consented),
  accounts: row.accounts === null ? null : textList(row.accounts),
  state: row.state === "active" ? "active" : "revoked",
  admittedAt: new Date(row.admitted_at).toISOString(),
  readOnlyUntil: row.read_only_until === 0 ? null : new Date(row.read_only_until).toISOString(),
  lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
  calls: row.calls,
});

export function findClient(
  sql: SqlStorage,
  clientId: string,
): { state: string; scopes: string[]; readOnlyUntil: number } | null {
  const [row] = sql
    .exec<ClientRow>("SELECT * FROM clients WHERE client_id = ?", clientId)
    .toArray();
  return row === undefined
    ? null
    : { state: row.state, scopes: textList(row.scopes), readOnlyUntil: row.read_only_until };
}

const sorted = (list: readonly string[]): string => JSON.stringify([...list].sort());

/** A list as it stands in a row. */
export function textList(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
