import type { Capability } from "../../capabilities.ts";
import type { GatewayFailure } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { AuditCheckpoint, AuditCosignature } from "../audit-messages.ts";
import type { JobSubmit } from "../job-messages.ts";
import type { BrokerEventType } from "../messages.ts";
import type { CloseCode, JobOutcome, RelayErrorCode } from "../relay-errors.ts";
import type {
  Claims,
  ConnectionId,
  EdgeConnection,
  EdgeJob,
  EdgeState,
  Offer,
  SessionRecord,
} from "./edge-state.ts";

/**
 * The edge's half of the protocol as values: `step(state, input)` gives the next state, what to
 * store and what to do. The caller stores `writes` in one transaction, adopts the state only when
 * that succeeded, and then carries out `effects` in order.
 */
export type EdgeInput =
  /** A socket was opened for the paired PC that signed the upgrade. */
  | { readonly kind: "opened"; readonly conn: ConnectionId; readonly sidecarId: string }
  | { readonly kind: "frame"; readonly conn: ConnectionId; readonly text: string }
  | { readonly kind: "binary"; readonly conn: ConnectionId }
  | { readonly kind: "closed"; readonly conn: ConnectionId; readonly code: number }
  | { readonly kind: "token_checked"; readonly conn: ConnectionId; readonly verdict: TokenVerdict }
  | { readonly kind: "answer_checked"; readonly conn: ConnectionId; readonly valid: boolean }
  | { readonly kind: "proof_signed"; readonly conn: ConnectionId; readonly proof: string }
  | {
      readonly kind: "rotation_checked";
      readonly conn: ConnectionId;
      readonly requestId: string;
      readonly publicKey: string;
      readonly valid: boolean;
    }
  | { readonly kind: "submit"; readonly job: NewJob }
  | { readonly kind: "cancel"; readonly jobId: string; readonly reason?: string }
  | { readonly kind: "revoked"; readonly sidecarId: string; readonly reason?: string }
  /** The owner grants it these and no more; what it gains by that it gets with its next session. */
  | {
      readonly kind: "narrowed";
      readonly sidecarId: string;
      readonly granted: readonly Capability[];
    }
  /** The owner takes this PC into use; `message` tells every other one that it stands by. */
  | { readonly kind: "chosen"; readonly sidecarId: string; readonly message: string }
  /** A head of the audit log for the PC that is connected; without one it is dropped. */
  | { readonly kind: "audit_head"; readonly head: AuditCheckpoint }
  /** No sign of life on the live connection for longer than allowed. */
  | { readonly kind: "silent" }
  | { readonly kind: "tick" };

export type TokenVerdict =
  | { readonly ok: true; readonly known: Omit<Offer, keyof Claims> }
  /** Other credentials may do. */
  | {
      readonly ok: false;
      readonly code: RelayErrorCode;
      readonly message: string;
      readonly verdict: "unauthenticated";
    }
  /** Final; the token proved whose it is. */
  | {
      readonly ok: false;
      readonly code: RelayErrorCode;
      readonly message: string;
      readonly verdict: "revoked";
      readonly sidecarId: string;
    };

export interface NewJob {
  readonly submit: JobSubmit;
  readonly class: "read" | "write";
  readonly traceparent?: string | undefined;
}

export type JobSettlement =
  | { readonly ok: true; readonly result: JsonValue; readonly resultSha256: string }
  | {
      readonly ok: false;
      readonly code: RelayErrorCode;
      readonly message: string;
      readonly retryable: boolean;
      readonly outcome: JobOutcome;
      readonly retryAfterMs?: number;
      /** What the sidecar wants the caller to be told, when it said so in the gateway's own terms. */
      readonly failure?: GatewayFailure;
    };

export type CancelAnswer = "cancelled" | "already_terminal" | "started" | "unknown";

export type EdgeEffect =
  | { readonly kind: "send"; readonly conn: ConnectionId; readonly text: string }
  | {
      readonly kind: "close";
      readonly conn: ConnectionId;
      readonly code: CloseCode;
      readonly reason: string;
    }
  | {
      readonly kind: "check_token";
      readonly conn: ConnectionId;
      readonly token: string;
      readonly principal: string;
      readonly journalId: string;
    }
  | {
      readonly kind: "check_answer";
      readonly conn: ConnectionId;
      readonly publicKey: string;
      readonly message: Uint8Array;
      readonly signature: string;
    }
  /** As `check_answer`, with the key that stands for the sidecar now. */
  | {
      readonly kind: "check_refresh";
      readonly conn: ConnectionId;
      readonly sidecarId: string;
      readonly message: Uint8Array;
      readonly signature: string;
    }
  | {
      readonly kind: "check_rotation";
      readonly conn: ConnectionId;
      readonly requestId: string;
      readonly sidecarId: string;
      readonly publicKey: string;
      readonly message: Uint8Array;
      readonly oldSignature: string;
      readonly newSignature: string;
    }
  | { readonly kind: "sign_proof"; readonly conn: ConnectionId; readonly message: Uint8Array }
  | { readonly kind: "settle"; readonly jobId: string; readonly settlement: JobSettlement }
  | { readonly kind: "cancel_answered"; readonly jobId: string; readonly answer: CancelAnswer }
  /** What the PC says of a head of the audit log. */
  | {
      readonly kind: "audit_answered";
      readonly sidecarId: string;
      readonly answer: AuditCosignature;
    };

export type EdgeWrite =
  | { readonly kind: "session"; readonly record: SessionRecord }
  | {
      readonly kind: "cursor";
      readonly sidecarId: string;
      readonly journalId: string;
      readonly seq: number;
    }
  /** Stored with the cursor in one transaction: applied exactly once. */
  | {
      readonly kind: "event";
      readonly sidecarId: string;
      readonly seq: number;
      readonly type: BrokerEventType;
      readonly payload: Record<string, unknown>;
    }
  | { readonly kind: "job"; readonly job: EdgeJob }
  | { readonly kind: "job_settled"; readonly jobId: string; readonly settlement: JobSettlement }
  /** Its journal is gone, so its end stays unknown: the owner has to be told. */
  | { readonly kind: "write_lost"; readonly job: EdgeJob }
  | { readonly kind: "sidecar_seen"; readonly sidecarId: string; readonly version: string }
  | { readonly kind: "sidecar_key"; readonly sidecarId: string; readonly publicKey: string }
  | {
      readonly kind: "audit";
      readonly type: "sidecar.connected" | "sidecar.disconnected" | "sidecar.key_rotated";
      readonly sidecarId: string;
      readonly meta: Readonly<Record<string, string>>;
    };

/** What the machine may not have of its own: identity, time and chance. */
export interface EdgeEnv {
  readonly now: number;
  readonly origin: string;
  readonly account: string;
  readonly edgeFingerprint: string;
  readonly edgeVersion: string;
  ulid(): string;
  /** 32 random bytes, base64url. */
  random32(): string;
}

/** One step under construction. It owns its maps; the state it came from is never touched. */
export interface Draft {
  session: SessionRecord;
  cursor: number;
  ackedAt: number;
  reconciling: EdgeState["reconciling"];
  connections: Map<ConnectionId, EdgeConnection>;
  jobs: Map<string, EdgeJob>;
  readonly writes: EdgeWrite[];
  readonly effects: EdgeEffect[];
  readonly env: EdgeEnv;
}

/** A copy of the state that one step may change, with nothing written and nothing to do yet. */
export function draftOf(state: EdgeState, env: EdgeEnv): Draft {
  return {
    session: state.session,
    cursor: state.cursor,
    ackedAt: state.ackedAt,
    reconciling: state.reconciling,
    connections: new Map(state.connections),
    jobs: new Map(state.jobs),
    writes: [],
    effects: [],
    env,
  };
}

/** Moves a connection to another phase; one that is gone already stays gone. */
export function setPhase(draft: Draft, conn: ConnectionId, phase: EdgeConnection["phase"]): void {
  const connection = draft.connections.get(conn);
  if (connection !== undefined) draft.connections.set(conn, { ...connection, phase });
}

/** Replaces the session's record, and has it stored. */
export function setSession(draft: Draft, record: SessionRecord): void {
  draft.session = record;
  draft.writes.push({ kind: "session", record });
}
