import { isOrderScope } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { notAllowed } from "@ibkr-edge-gateway/protocol/access-link.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { WITHDRAWN_CLIENT_KEPT_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import {
  ALL_SCOPES,
  coversScope,
  isScope,
  SCOPES,
  type Scope,
} from "@ibkr-edge-gateway/protocol/scopes.ts";
import { spendOnce } from "../access/spent-tokens.ts";
import type { ClientAdmission, ClientChange, Principal } from "../rpc/account-types.ts";
import {
  addClientCalls,
  deleteClients,
  findClient,
  insertClient,
  setAllClientsRevoked,
  setClientAccess,
  setClientActive,
  setClientRevoked,
  storeClient,
} from "./tables/clients.ts";
import {
  deleteEndedGrants,
  insertGrant,
  revokeAllGrants,
  revokeGrantsOf,
  revokeOtherGrants,
} from "./tables/grants.ts";
import { clientAndGrant } from "./tables/joint/active-client.ts";

/**
 * The clients this owner let in, and what each may do. OAuth tokens live in an eventually consistent
 * store and say what was granted when they were issued; what stands here is what counts, it is read
 * on every call, and the owner widens and narrows it without any token being issued anew.
 *
 * A call passes when its client and its grant are active, the owner gives the client the scope, the
 * client's first hour is over (for anything beyond reading or stopping), and the broker account is
 * one the client may use.
 */
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
  const readOnlyUntil = client.atOnce ? 0 : nowMs + READ_ONLY_FIRST_MS;
  storeClient(sql, { ...client, accounts: client.accounts, readOnlyUntil }, nowMs);
  insertGrant(sql, client, nowMs);
  const ended =
    client.endsOthers === true ? revokeOtherGrants(sql, client.clientId, client.grantId) : 0;
  return { ended };
}

/** Throws a client out with every grant it ever had; true when it was in. */
export function revokeClient(sql: SqlStorage, clientId: string, nowMs: number): boolean {
  revokeGrantsOf(sql, clientId);
  return setClientRevoked(sql, clientId, nowMs);
}

/** Throws every client out; the ids of those that were in. */
export function revokeAllClients(sql: SqlStorage, nowMs: number): string[] {
  revokeAllGrants(sql);
  return setAllClientsRevoked(sql, nowMs);
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
  const client = findClient(sql, change.clientId);
  if (client === null || client.state !== "active") return null;
  const scopes = ALL_SCOPES.filter((scope) => change.scopes.includes(scope));
  setClientAccess(sql, { ...change, scopes, atOnce: change.atOnce === true });
  const ended =
    change.keepOnly === undefined ? 0 : revokeOtherGrants(sql, change.clientId, change.keepOnly);
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
  if (client === null) return { ok: false, failure: accessRevoked() };
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
  const client = findClient(sql, clientId);
  return client === null || client.readOnlyUntil > nowMs;
}

/** The client of a call, when it and the grant of its token are active; null otherwise. */
function readActive(
  sql: SqlStorage,
  { clientId, grantId, external }: Pick<Principal, "clientId" | "grantId" | "external">,
) {
  const client = clientAndGrant(sql, clientId, grantId);
  if (client === null || !client.active) return null;
  const granted = external === undefined ? client.granted : clientId.startsWith(EXTERNAL_PREFIX);
  return granted ? client : null;
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
  insertClient(
    sql,
    {
      clientId,
      clientName: external.clientName,
      redirectHost: new URL(external.issuer).host,
      scopes: ALL_SCOPES,
      readOnlyUntil: nowMs + READ_ONLY_FIRST_MS,
    },
    nowMs,
  );
}

/**
 * Lets a client of another issuer in again after its owner threw it out. Clients of our own ask on
 * the consent page instead. False when there is none to let in.
 */
export function readmitExternal(sql: SqlStorage, clientId: string, nowMs: number): boolean {
  if (!clientId.startsWith(EXTERNAL_PREFIX)) return false;
  return setClientActive(sql, { clientId, readOnlyUntil: nowMs + READ_ONLY_FIRST_MS }, nowMs);
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

export function accessRevoked(): GatewayFailure {
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
  for (const [clientId, used] of use) addClientCalls(sql, clientId, used);
  use.clear();
}

const PRUNED_AT_ONCE = 200;

/**
 * Forgets what ended long ago. One of another issuer's stays: its next token would let it in anew, as
 * one that its owner has never seen.
 */
export function pruneClients(sql: SqlStorage, nowMs: number): void {
  const before = nowMs - WITHDRAWN_CLIENT_KEPT_DAYS * 86_400_000;
  deleteEndedGrants(sql, before, PRUNED_AT_ONCE);
  deleteClients(sql, { revokedMs: before, butPrefix: EXTERNAL_PREFIX }, PRUNED_AT_ONCE);
}
