import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";

/** What passes between the Worker and an account's object; the verbs stand beside this file. */

/** The agent behind a tool call, as its access token proved it. */
export interface Principal {
  /** The OAuth subject; it is also the name of the account's object. */
  accountId: string;
  clientId: string;
  /** The OAuth grant the token belongs to; null for a token of another issuer. */
  grantId: string | null;
  /** What another issuer's token says of itself; absent for our own. */
  external?: {
    clientName: string;
    issuer: string;
    /** Its `jti`, where it has one. */
    tokenId: string | null;
  };
  scopes: string[];
  /** Where the client asked for a token with less than its grant: what it asked for. */
  within?: string[];
}

export interface ToolCall {
  /** MCP tool name. */
  tool: string;
  /** A relay operation (`positions.list`) or one the object answers itself (`gateway.health`, `audit.tail`). */
  operation: string;
  /** Already parsed by the tool's schema. */
  input: JsonObject;
  principal: Principal;
  /**
   * The scope that the tool declares; null for what every connected client may ask. The object
   * checks it against what the owner gives the client, and it goes into the job's grant.
   */
  scope: Scope | null;
  requestId: string;
  /** W3C trace context, passed on to the sidecar; never trusted as identity. */
  traceparent?: string;
  /** The caller's own JSON-RPC id, as JSON: by it a call is taken back. */
  rpcId?: string;
  /** From arrival at the object to the answer. */
  deadlineMs: number;
}

export type ToolOutcome =
  | { ok: true; result: JsonValue; audit_seq: number }
  | { ok: false; failure: GatewayFailure; audit_seq: number };

/** How a wait for a change ended; `full`: no place was free, and nothing was waited for. */
export type WaitEnd = "changed" | "unchanged" | "full";

/** A call that never became an operation: scope missing, forbidden name, input refused. */
export interface RefusedCall {
  tool: string;
  principal: Principal;
  requestId: string;
  decision: "deny" | "refuse";
  failure: GatewayFailure;
  input: JsonValue;
  /** The scope that was missing, where the caller is about to be challenged for it. */
  missing?: Scope;
}

/** A client the owner consented to. Standing is checked on every call, here and not in KV. */
export interface ClientAdmission {
  clientId: string;
  grantId: string;
  clientName: string;
  redirectHost: string;
  scopes: string[];
  /** The owner let it do more than read from its first minute. */
  atOnce: boolean;
  /** Broker accounts it may use; null for all, absent where the owner was not asked. */
  accounts?: string[] | null;
  /** Ends every other connection that the client has. */
  endsOthers?: boolean;
}

/** What the owner gives a client from now on, be it more or less than before. */
export interface ClientChange {
  clientId: string;
  scopes: string[];
  /** Broker accounts it may use; null for all. */
  accounts: string[] | null;
  /** Ends the first, read-only hour now. */
  atOnce: boolean;
  /** The one connection (grant) that is to stay; absent where none is ended. */
  keepOnly?: string;
}

export interface PairedSidecar {
  sidecarId: string;
  machine: string;
  version: string;
  /** Six words over the device key. */
  fingerprint: string;
  capabilities: Capability[];
  state: "active" | "revoked";
  pairedAt: string;
  /** The one that holds the session, by its owner's choice. */
  chosen: boolean;
  /** In a list: its connection is the one that is open. */
  connected?: boolean;
  /** In a list: the one that is in use once the chosen one is revoked. */
  next?: boolean;
  lastSeenAt: string | null;
}

export type BrokerSessionState =
  | "unknown"
  | "gateway_down"
  | "login_required"
  | "initializing"
  | "ready"
  | "degraded"
  | "takeover_required"
  | "blocked"
  | "penalty_box"
  | "maintenance_suspected";

/** What the console's front page and `ibkr_backend_status` show. */
export interface BackendStatus {
  sidecar: {
    state: "not_paired" | "offline" | "online";
    sidecar_id: string | null;
    machine: string | null;
    connected_since: string | null;
    last_seen_at: string | null;
  };
  broker: {
    state: BrokerSessionState;
    mode: "paper" | "live" | "unknown";
    generation: number | null;
    /** When the sidecar observed this; null when it never reported. */
    observed_at: string | null;
    /** Set when the backend is the simulator, so that no figure can pass for the broker's. */
    source: "client_portal" | "simulator" | "unknown";
    /** Of a simulated market that never closes, in words; null for every real one. */
    market_note: string | null;
  };
  /** What the owner should do next, in words; null when all is well. */
  next_step: string | null;
}

/** One sign-in of a client, with the tokens that came of it: an OAuth grant. */
export interface ClientConnection {
  grantId: string;
  madeAt: string;
}

export interface ConnectedClient {
  clientId: string;
  clientName: string;
  redirectHost: string;
  /** What it may do now. */
  scopes: string[];
  /** What the owner ticked on the consent page. */
  consented: string[];
  /** Broker accounts it may use; null for all. */
  accounts: string[] | null;
  state: "active" | "revoked";
  admittedAt: string;
  /** Until then it may only read; null when that is over or was waived. */
  readOnlyUntil: string | null;
  lastUsedAt: string | null;
  calls: number;
  /** Those that were not ended, the newest first; none of another issuer's client. */
  connections: ClientConnection[];
}

export interface ClientPage {
  clients: ConnectedClient[];
  /** Where the next page begins; null after the last. */
  next: string | null;
}

/** How an owner session was opened; `recovery` is the owner token together with the paired PC. */
export type SignInMethod = "token" | "passkey" | "oidc" | "recovery";

export interface OwnerSession {
  id: string;
  /** Every form of the session carries it back. */
  csrf: string;
  expiresAt: string;
  method: SignInMethod;
  /** A passkey confirmed this session within the last minutes. */
  confirmed: boolean;
}

/** An open session as its owner sees it in the list. */
export interface OwnerSessionView {
  id: string;
  method: SignInMethod;
  /** Browser and system, coarsely. */
  label: string;
  openedAt: string;
  lastSeenAt: string;
  expiresAt: string;
}

export interface PasskeyView {
  credentialId: string;
  /** COSE, base64url. */
  publicKey: string;
  transports: string[];
  name: string;
  /** Synced by its maker, so it survives the loss of a device. */
  backedUp: boolean;
  addedAt: string;
  lastUsedAt: string | null;
}

/** A recovery that waits or is open; times in Unix milliseconds. */
export interface PendingRecovery {
  sidecarId: string;
  machine: string;
  askedAt: number;
  /** From then on its PC shows codes. */
  readyAt: number;
}

/** What a PC's request for a recovery leads to: its wait begins, goes on, or is over. */
export type RecoveryStep =
  | { state: "begun" | "waiting"; readyAt: number }
  | { state: "open"; code: string };

/** What stands between an owner and the account. */
export interface SignInSecurity {
  passkeys: PasskeyView[];
  /** Whether the owner token signs in. */
  tokenSignsIn: boolean;
}

export interface SignInSource {
  /** Hash of the caller's address. */
  source: string;
  /** Browser and system, coarsely; shown in the list of sessions. */
  label: string;
}

/** A broker account as the owner chooses it for a client. */
export interface BrokerAccount {
  accountId: string;
  mode: "paper" | "live" | "unknown";
}

export interface AuditRecord {
  seq: number;
  leaf_hash: string;
  event: AuditEvent;
}

export interface AuditPage {
  records: AuditRecord[];
  /** Pass as `beforeSeq` for the next, older page; null at the beginning of the log. */
  nextBeforeSeq: number | null;
  headSeq: number;
}

/** How far the log is signed, and under which address (`https://<origin>`) that is served. */
export interface SignedHead {
  logId: string;
  origin: string;
  /** Events that the newest head covers. */
  size: number;
  /** What the PC that answered last has cosigned, and what it says of the log; null before any did. */
  witnessed: {
    size: number;
    atMs: number | null;
    state: "whole" | "rolled_back" | "forked" | "another_log";
  } | null;
}

export interface NewSidecar {
  /** Raw Ed25519 public key, base64url. */
  devicePublicKey: string;
  machine: string;
  version: string;
  fingerprint: string;
  capabilities: Capability[];
}

/** A sidecar that was just paired, with what undoes it. */
export interface NewlyPaired extends PairedSidecar {
  undo: PairingUndo;
}

/**
 * What a pairing changed, so that the PC can give it up. It names the pairing it undoes: after any
 * later act of the owner's on this PC it fits no more. Times in Unix milliseconds.
 */
export interface PairingUndo {
  devicePublicKey: string;
  pairedAt: number;
  /** How the same PC stood, where it was paired already; null where it was not, or was revoked. */
  before: {
    machine: string;
    capabilities: Capability[];
    pairedAt: number;
    chosenAt: number | null;
  } | null;
}
