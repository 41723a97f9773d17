import { isOrderScope } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { notAllowed } from "@ibkr-edge-gateway/protocol/access-link.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  ALL_SCOPES,
  coversScope,
  isScope,
  SCOPES,
  type Scope,
} from "@ibkr-edge-gateway/protocol/scopes.ts";
import { spendOnce } from "../access/spent-tokens.ts";
import type { ClientAdmission, ClientChange, ConnectedClient, Principal } from "../rpc/account.ts";

/**
 * The clients this owner let in, and what each may do. OAuth tokens live in an eventually consistent
 * store and say what was granted when they were issued; what stands here is what counts, it is read
 * on every call, and the owner widens and narrows it without any token being issued anew.
 *
 * A call passes when its client and its grant are active, the owner gives the client the scope, the
 * client's first hour is over (for anything beyond reading or stopping), and the broker account is
 * one the client may use.
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

/**
 * A grant belongs to a client; once withdrawn no token of it works again, also after the same
 * client was let in anew.
 */
export const GRANTS_SCHEMA = `
CREATE TABLE grants (
  grant_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  admitted_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked'))
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_client ON grants (client_id);
ALTER TABLE clients ADD COLUMN consented TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN accounts TEXT;
ALTER TABLE clients ADD COLUMN read_only_until INTEGER NOT NULL DEFAULT 0;
`;

/** How long a new client may only read, unless the owner says otherwise. */
export const READ_ONLY_FIRST_MS = 3_600_000;

/**
 * Lets a client in, or in again, with what the owner chose this time. A client that was in before
 * keeps the hour it has served, and the accounts it was limited to where none were chosen now. How
 * many of its other connections ended with that.
 */
export function admitClient(
  sql: SqlStorage,
  client: ClientAdmission,
  nowMs: number,
): { ended: number } {
  const scopes = JSON.stringify([...client.scopes].sort());
  const readOnlyUntil = client.atOnce ? 0 : nowMs + READ_ONLY_FIRST_MS;
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
       state = 'active'`,
    client.clientId,
    client.clientName,
    client.redirectHost,
    scopes,
    nowMs,
    readOnlyUntil,
    accounts == null ? null : JSON.stringify([...accounts].sort()),
    accounts === undefined ? 0 : 1,
  );
  sql.exec(
    "INSERT INTO grants (grant_id, client_id, admitted_at, state) VALUES (?, ?, ?, 'active')",
    client.grantId,
    client.clientId,
    nowMs,
  );
  return { ended: client.endsOthers === true ? keepOnly(sql, client.clientId, client.grantId) : 0 };
}

/** Ends a client's other connections; how many. */
function keepOnly(sql: SqlStorage, clientId: string, grantId: string): number {
  return sql
    .exec(
      `UPDATE grants SET state = 'revoked'
       WHERE client_id = ? AND grant_id <> ? AND state = 'active' RETURNING 1`,
      clientId,
      grantId,
    )
    .toArray().length;
}

/** Throws a client out with every grant it ever had; true when it was in. */
export function revokeClient(sql: SqlStorage, clientId: string): boolean {
  sql.exec("UPDATE grants SET state = 'revoked' WHERE client_id = ?", clientId);
  return (
    sql
      .exec(
        "UPDATE clients SET state = 'revoked' WHERE client_id = ? AND state = 'active' RETURNING 1",
        clientId,
      )
      .toArray().length > 0
  );
}

/** Throws every client out; the ids of those that were in. */
export function revokeAllClients(sql: SqlStorage): string[] {
  sql.exec("UPDATE grants SET state = 'revoked'");
  return sql
    .exec<{ client_id: string }>(
      "UPDATE clients SET state = 'revoked' WHERE state = 'active' RETURNING client_id",
    )
    .toArray()
    .map((row) => row.client_id);
}

/** Withdraws one grant; the client it belonged to, or null when it was not active. */
export function revokeGrant(sql: SqlStorage, grantId: string): string | null {
  const [row] = sql
    .exec<{ client_id: string }>(
      "UPDATE grants SET state = 'revoked' WHERE grant_id = ? AND state = 'active' RETURNING client_id",
      grantId,
    )
    .toArray();
  return row?.client_id ?? null;
}

/**
 * Changes what a client may do, from its next call on: what it asked for once is no bound, the owner
 * is. The scopes before the change and how many connections it ended; null when there is no such
 * client.
 */
export function changeClient(
  sql: SqlStorage,
  change: ClientChange,
): { before: string[]; ended: number } | null {
  const client = readClient(sql, change.clientId);
  if (client === null || client.state !== "active") return null;
  const scopes = ALL_SCOPES.filter((scope) => change.scopes.includes(scope)).sort();
  sql.exec(
    `UPDATE clients SET scopes = ?, accounts = ?,
       read_only_until = CASE WHEN ? THEN 0 ELSE read_only_until END
     WHERE client_id = ?`,
    JSON.stringify(scopes),
    change.accounts === null ? null : JSON.stringify([...change.accounts].sort()),
    change.atOnce ? 1 : 0,
    change.clientId,
  );
  const ended = change.keepOnly === undefined ? 0 : keepOnly(sql, change.clientId, change.keepOnly);
  return { before: client.scopes, ended };
}

export interface Standing {
  /** Broker accounts the client may use; null for all. */
  accounts: string[] | null;
  /** What the owner gives it, as far as its token does not say less by itself. */
  scopes: string[];
  /** Unix milliseconds: until then it may only read; 0 when that was waived. */
  readOnlyUntilMs: number;
}

export type ClientStanding =
  | { ok: true; standing: Standing }
  | { ok: false; failure: GatewayFailure };

/** Stopping all trading only ever lowers a risk, so no waiting time stands before it. */
const STOPS: ReadonlySet<string> = new Set(["trade.kill"]);

/**
 * Whether the client may make a call that needs this scope now; null for a refreshed token and for
 * what needs none. The operation is what the call asks for, where it is a call; the link leads to
 * where the owner gives the client more.
 */
export function clientStanding(
  sql: SqlStorage,
  principal: ScopedPrincipal,
  needs: Scope | null,
  nowMs: number,
  { operation, link = null }: { operation?: string; link?: string | null } = {},
): ClientStanding {
  if (principal.external !== undefined) admitExternal(sql, principal, nowMs);
  const client = readActive(sql, principal);
  if (client === null) return { ok: false, failure: withdrawn() };
  const scopes = usable(client.scopes, principal);
  if (needs !== null) {
    if (!coversScope(scopes, needs))
      return { ok: false, failure: notAllowed(needs, link, principal) };
    const waitMs = client.readOnlyUntil - nowMs;
    const stops = operation !== undefined && STOPS.has(operation);
    if (SCOPES[needs].tier !== "read" && waitMs > 0 && !stops) {
      return { ok: false, failure: readOnlyYet(waitMs) };
    }
  }
  const { accounts, readOnlyUntil: readOnlyUntilMs } = client;
  return { ok: true, standing: { accounts, scopes, readOnlyUntilMs } };
}

type ScopedPrincipal = Pick<Principal, "clientId" | "grantId" | "external" | "within"> & {
  scopes?: string[];
};

/**
 * What the owner gives the client, within what its token says of itself: another issuer's always
 * does, one of ours only where the client asked for less than its grant.
 */
function usable(given: string[], { external, scopes = [], within }: ScopedPrincipal): string[] {
  const cap = external === undefined ? within : scopes;
  if (cap === undefined) return given;
  const both = [
    ...given.filter((scope) => isScope(scope) && coversScope(cap, scope)),
    ...cap.filter((scope) => isScope(scope) && coversScope(given, scope)),
  ];
  return [...new Set(both)];
}

/** Whether a client's first hour still runs; whom nobody let in may not do more than read either. */
export function isReadOnlyYet(sql: SqlStorage, clientId: string, nowMs: number): boolean {
  const client = readClient(sql, clientId);
  return client === null || client.readOnlyUntil > nowMs;
}

/** The client of a call, when it and the grant of its token are active; null otherwise. */
function readActive(
  sql: SqlStorage,
  { clientId, grantId, external }: Pick<Principal, "clientId" | "grantId" | "external">,
) {
  const [row] = sql
    .exec<
      Pick<ClientRow, "state" | "scopes" | "accounts" | "read_only_until"> & { grants: number }
    >(
      `SELECT state, scopes, accounts, read_only_until,
         (SELECT COUNT(*) FROM grants g
          WHERE g.grant_id = ?2 AND g.client_id = c.client_id AND g.state = 'active') AS grants
       FROM clients c WHERE client_id = ?1`,
      clientId,
      grantId,
    )
    .toArray();
  if (row?.state !== "active") return null;
  const granted = external === undefined ? row.grants > 0 : clientId.startsWith(EXTERNAL_PREFIX);
  if (!granted) return null;
  return {
    scopes: textList(row.scopes),
    accounts: row.accounts === null ? null : textList(row.accounts),
    readOnlyUntil: row.read_only_until,
  };
}

/** Client ids of other issuers; none of ours begins like this. */
const EXTERNAL_PREFIX = "ext:";

/**
 * A client of a configured issuer is let in by configuration, the first time it comes, with what
 * its tokens carry; from then on its owner sees it, narrows it and throws it out like any other.
 */
function admitExternal(
  sql: SqlStorage,
  { clientId, external }: Parameters<typeof clientStanding>[1],
  nowMs: number,
): void {
  if (external === undefined || !clientId.startsWith(EXTERNAL_PREFIX)) return;
  sql.exec(
    `INSERT INTO clients
       (client_id, client_name, redirect_host, scopes, consented, state, admitted_at, read_only_until)
     VALUES (?1, ?2, ?3, ?4, ?4, 'active', ?5, ?6) ON CONFLICT DO NOTHING`,
    clientId,
    external.clientName,
    new URL(external.issuer).host,
    JSON.stringify([...ALL_SCOPES].sort()),
    nowMs,
    nowMs + READ_ONLY_FIRST_MS,
  );
}

/**
 * Lets a client of another issuer in again after its owner threw it out. Clients of our own ask on
 * the consent page instead. False when there is none to let in.
 */
export function readmitExternal(sql: SqlStorage, clientId: string, nowMs: number): boolean {
  if (!clientId.startsWith(EXTERNAL_PREFIX)) return false;
  return (
    sql
      .exec(
        `UPDATE clients SET state = 'active', admitted_at = ?1, read_only_until = ?2
         WHERE client_id = ?3 AND state = 'revoked' RETURNING 1`,
        nowMs,
        nowMs + READ_ONLY_FIRST_MS,
        clientId,
      )
      .toArray().length > 0
  );
}

/** How long another issuer's token id is remembered; its tokens live an hour, a day at most. */
const TOKEN_ID_MS = 2 * 86_400_000;

/**
 * Another issuer's token may be presented for an order scope once: with it stolen, nothing more can
 * be sent than what its holder just did. Reads are not limited. Null when the call may go ahead.
 */
export function takeExternalToken(
  sql: SqlStorage,
  { principal, scope }: { principal: Principal; scope: Scope | null },
  nowMs: number,
): GatewayFailure | null {
  const { external } = principal;
  if (external === undefined || scope === null || !isOrderScope(scope)) return null;
  if (external.tokenId === null) {
    return failure("AUTH_TOKEN_INVALID", "Order scopes need a token with an id (jti).");
  }
  const hash = sha256Hex(`jti\n${external.issuer}\n${external.tokenId}`);
  if (spendOnce(sql, hash, TOKEN_ID_MS, nowMs)) return null;
  return failure("AUTH_TOKEN_INVALID", "This token was used for an order already. Get a new one.");
}

function withdrawn(): GatewayFailure {
  return failure("AUTH_TOKEN_INVALID", "The owner has withdrawn this client's access.", {
    user_action: "Connect this client to the gateway again and approve it on the consent page.",
  });
}

function readOnlyYet(waitMs: number): GatewayFailure {
  return failure(
    "CLIENT_READ_ONLY_YET",
    "This client is new and may only read for its first hour. Nothing was done.",
    {
      retryable: true,
      retry_after_ms: waitMs,
      user_action: "Wait, or lift the first hour for this client in the console, under Clients.",
    },
  );
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

/** Every client ever let in: those that still are first, the latest first. */
export function listClients(sql: SqlStorage): ConnectedClient[] {
  const connections = Map.groupBy(
    sql
      .exec<{ grant_id: string; client_id: string; admitted_at: number }>(
        `SELECT grant_id, client_id, admitted_at FROM grants WHERE state = 'active'
         ORDER BY admitted_at DESC, grant_id`,
      )
      .toArray(),
    (grant) => grant.client_id,
  );
  return sql
    .exec<ClientRow>("SELECT * FROM clients ORDER BY state, admitted_at DESC, client_id")
    .toArray()
    .map((row) => ({
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
      connections: (connections.get(row.client_id) ?? []).map((grant) => ({
        grantId: grant.grant_id,
        madeAt: new Date(grant.admitted_at).toISOString(),
      })),
    }));
}

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

function readClient(sql: SqlStorage, clientId: string) {
  const [row] = sql
    .exec<ClientRow>("SELECT * FROM clients WHERE client_id = ?", clientId)
    .toArray();
  if (row === undefined) return null;
  return {
    state: row.state,
    scopes: textList(row.scopes),
    readOnlyUntil: row.read_only_until,
  };
}

function textList(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
