import type { AuditEvent } from "../../src/protocol/audit/event.ts";
import type { Capability } from "../../src/protocol/capabilities.ts";
import type { GatewayFailure } from "../../src/protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";

/**
 * What the Worker may ask an account's object. Arguments and answers are plain data and must stay
 * readable by one version older and newer: Worker and object are not deployed at the same instant.
 * Expected failures are returned, not thrown.
 */

/** The agent behind a tool call, as its access token proved it. */
export interface Principal {
  /** The OAuth subject; it is also the name of the account's object. */
  accountId: string;
  clientId: string;
  scopes: string[];
}

export interface ToolCall {
  /** MCP tool name. */
  tool: string;
  /** A relay operation (`positions.list`) or one the object answers itself (`gateway.health`, `audit.tail`). */
  operation: string;
  /** Already parsed by the tool's schema. */
  input: JsonObject;
  principal: Principal;
  /** The scope that the tool declares and the grant holds; goes into the job's grant. */
  scope?: string;
  requestId: string;
  /** W3C trace context, passed on to the sidecar; never trusted as identity. */
  traceparent?: string;
  /** From arrival at the object to the answer. */
  deadlineMs: number;
}

export type ToolOutcome =
  | { ok: true; result: JsonValue; audit_seq: number }
  | { ok: false; failure: GatewayFailure; audit_seq: number };

/** A call that never became an operation: scope missing, forbidden name, input refused. */
export interface RefusedCall {
  tool: string;
  principal: Principal;
  requestId: string;
  decision: "deny" | "refuse";
  failure: GatewayFailure;
  input: JsonValue;
}

/** A client the owner consented to. Standing is checked on every call, here and not in KV. */
export interface ClientAdmission {
  clientId: string;
  clientName: string;
  redirectHost: string;
  scopes: string[];
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
  };
  /** What the owner should do next, in words; null when all is well. */
  next_step: string | null;
}

export interface ConnectedClient extends ClientAdmission {
  state: "active" | "revoked";
  admittedAt: string;
  lastUsedAt: string | null;
  calls: number;
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

export interface NewSidecar {
  /** Raw Ed25519 public key, base64url. */
  devicePublicKey: string;
  machine: string;
  version: string;
  fingerprint: string;
  capabilities: Capability[];
}

/** The account object's RPC surface. `fetch` is the relay's WebSocket upgrade and nothing else. */
export interface AccountRpc {
  run(call: ToolCall): Promise<ToolOutcome>;
  refuse(call: RefusedCall): Promise<{ audit_seq: number }>;
  backendStatus(): Promise<BackendStatus>;

  admitClient(client: ClientAdmission): Promise<void>;
  revokeClient(clientId: string): Promise<boolean>;
  listClients(): Promise<ConnectedClient[]>;

  /**
   * Takes one attempt from the budget, before the token is compared (in the Worker); `ok: false`
   * when it is used up. `source` is a hash of the caller's address.
   */
  signInAllowed(source: string): Promise<{ ok: true } | { ok: false; retryAfterMs: number }>;
  signInFailed(requestId: string): Promise<void>;
  openOwnerSession(
    source: string,
    requestId: string,
  ): Promise<{ secret: string; expiresAt: string }>;
  checkOwnerSession(secret: string): Promise<{ csrf: string; expiresAt: string } | null>;
  closeOwnerSession(secret: string, requestId: string): Promise<void>;

  /** Takes one of five pairing tries in ten minutes, before the code is looked up. */
  pairingTryAllowed(): Promise<boolean>;
  /** The code was wrong: the try stays taken, and the refusal is audited. */
  pairingTryFailed(): Promise<void>;
  /** The code was right: gives the try back. */
  pairingTryReturned(): Promise<void>;
  addSidecar(sidecar: NewSidecar, requestId: string): Promise<PairedSidecar>;
  listSidecars(): Promise<PairedSidecar[]>;
  revokeSidecar(sidecarId: string, requestId: string): Promise<boolean>;

  auditTail(query: { beforeSeq?: number; limit: number }): Promise<AuditPage>;
}
