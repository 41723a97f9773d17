import { failure, type GatewayFailure } from "../../src/protocol/errors.ts";
import type { ClientAdmission, ConnectedClient } from "./rpc.ts";

/**
 * The clients this owner let in. OAuth tokens live in an eventually consistent store; what stands
 * here is what counts, and it is read on every call.
 */
export const CLIENTS_SCHEMA = `
CREATE TABLE IF NOT EXISTS clients (
  client_id TEXT PRIMARY KEY,
  client_name TEXT NOT NULL,
  redirect_host TEXT NOT NULL,
  scopes TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  admitted_at INTEGER NOT NULL,
  last_used_at INTEGER,
  calls INTEGER NOT NULL DEFAULT 0
) STRICT;
`;

/** Lets a client in, or in again with what the owner ticked this time. */
export function admitClient(sql: SqlStorage, client: ClientAdmission, nowMs: number): void {
  sql.exec(
    `INSERT INTO clients (client_id, client_name, redirect_host, scopes, state, admitted_at)
     VALUES (?, ?, ?, ?, 'active', ?)
     ON CONFLICT (client_id) DO UPDATE SET
       client_name = excluded.client_name, redirect_host = excluded.redirect_host,
       scopes = excluded.scopes, state = 'active', admitted_at = excluded.admitted_at`,
    client.clientId,
    client.clientName,
    client.redirectHost,
    JSON.stringify([...client.scopes].sort()),
    nowMs,
  );
}

/** Throws a client out; true when it was in. */
export function revokeClient(sql: SqlStorage, clientId: string): boolean {
  return (
    sql
      .exec(
        "UPDATE clients SET state = 'revoked' WHERE client_id = ? AND state = 'active' RETURNING client_id",
        clientId,
      )
      .toArray().length > 0
  );
}

/** Null when the client may act now; else why it may not. */
export function clientStanding(sql: SqlStorage, clientId: string): GatewayFailure | null {
  const [row] = sql
    .exec<{ state: string }>("SELECT state FROM clients WHERE client_id = ?", clientId)
    .toArray();
  if (row?.state === "active") return null;
  return failure("AUTH_TOKEN_INVALID", "The owner has withdrawn this client's access.", {
    user_action: "Connect this client to the gateway again and approve it on the consent page.",
  });
}

/**
 * Counts calls. Kept in memory and written with {@link flushClientUse} when the audit outbox is
 * shipped, so that a call costs no row of its own; the figure is for the owner's eyes only.
 */
export type ClientUse = Map<string, { calls: number; lastUsedMs: number }>;

export function noteClientUse(use: ClientUse, clientId: string, nowMs: number): void {
  const seen = use.get(clientId);
  use.set(clientId, { calls: (seen?.calls ?? 0) + 1, lastUsedMs: nowMs });
}

export function flushClientUse(sql: SqlStorage, use: ClientUse): void {
  for (const [clientId, { calls, lastUsedMs }] of use) {
    sql.exec(
      "UPDATE clients SET calls = calls + ?, last_used_at = ? WHERE client_id = ?",
      calls,
      lastUsedMs,
      clientId,
    );
  }
  use.clear();
}

/** Every client ever let in, the latest first. */
export function listClients(sql: SqlStorage): ConnectedClient[] {
  return sql
    .exec<{
      client_id: string;
      client_name: string;
      redirect_host: string;
      scopes: string;
      state: string;
      admitted_at: number;
      last_used_at: number | null;
      calls: number;
    }>("SELECT * FROM clients ORDER BY state, admitted_at DESC, client_id")
    .toArray()
    .map((row) => ({
      clientId: row.client_id,
      clientName: row.client_name,
      redirectHost: row.redirect_host,
      scopes: scopeList(row.scopes),
      state: row.state === "active" ? "active" : "revoked",
      admittedAt: new Date(row.admitted_at).toISOString(),
      lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
      calls: row.calls,
    }));
}

function scopeList(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((scope) => typeof scope === "string") : [];
}
