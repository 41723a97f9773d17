import type { Capability } from "../../capabilities.ts";
import type { ChunkBuffer } from "../chunks.ts";
import type { ClientWord } from "../client-words.ts";
import type { JobSubmit } from "../job-messages.ts";
import type { RelayErrorCode } from "../relay-errors.ts";

/** Names one WebSocket of the account for as long as it lives. */
export type ConnectionId = string;

/** The account's one session: what must survive a restart, as a single row. */
export interface SessionRecord {
  /** Rises with every accepted connection; frames of an older one are refused. */
  readonly epoch: number;
  readonly sessionId: string | null;
  readonly sidecarId: string | null;
  readonly journalId: string | null;
  /** What the sidecar offers and the owner granted. */
  readonly capabilities: readonly Capability[];
  /** Words beyond the first protocol that the sidecar said it knows; absent in what was kept before. */
  readonly knows?: readonly ClientWord[];
  readonly acceptedAt: number;
  readonly leaseExpiresAt: number;
  /** SHA-256 of resume tokens: the newest, and the one before it until the newest is proved to have arrived. */
  readonly resume: { readonly current: string; readonly previous: string | null } | null;
  /** When its connection was lost; null while it is live. */
  readonly droppedAt: number | null;
}

/** What `session.open` says of itself. Nothing of it is proved. */
export interface Claims {
  /** SHA-256 of the frame's text, lower-case hex: what both ends sign when they mean this very frame. */
  readonly openSha256: string;
  readonly version: string;
  readonly knows: readonly ClientWord[];
  readonly offered: readonly Capability[];
  readonly journal: {
    readonly id: string;
    readonly oldest_seq: number;
    readonly newest_seq: number;
  };
  readonly resume: {
    readonly sessionId: string;
    readonly tokenHash: string;
    readonly lastProcessedSeq: number;
  } | null;
}

/** The claims, once the token behind them was verified, with what the account knows of the sidecar. */
export interface Offer extends Claims {
  readonly sidecarId: string;
  readonly publicKey: string;
  /** What the owner granted at pairing. */
  readonly granted: readonly Capability[];
  /** How far that journal's events were applied here before. */
  readonly cursor: number;
}

/** What the edge is about to sign and send as `session.accepted`. */
export interface Acceptance {
  readonly epoch: number;
  readonly sessionId: string;
  readonly resumed: boolean;
  readonly resumeToken: string;
  readonly leaseExpiresAt: number;
  readonly cursor: number;
  /** Events that the sidecar no longer holds and this edge never saw; zero but after a restore. */
  readonly eventsLost: number;
}

export type Phase =
  | { readonly kind: "new" }
  | { readonly kind: "checking_token"; readonly openId: string; readonly claims: Claims }
  | {
      readonly kind: "challenged";
      readonly openId: string;
      readonly offer: Offer;
      readonly challenge: string;
    }
  | {
      readonly kind: "checking_answer";
      readonly answerId: string;
      readonly offer: Offer;
      readonly challenge: string;
      readonly nonce: string;
    }
  | {
      readonly kind: "proving";
      readonly answerId: string;
      readonly offer: Offer;
      readonly challenge: string;
      readonly nonce: string;
      readonly acceptance: Acceptance;
    }
  | {
      readonly kind: "live";
      readonly epoch: number;
      readonly sessionId: string;
      /** A frame came on this connection, so its resume token arrived. */
      readonly confirmed: boolean;
      /** The last `session.ack` on it. */
      readonly ackedSeq: number;
      readonly refresh: Refresh | null;
      /** The sidecar's newest event when this began; null once all up to it have arrived. */
      readonly replayTo: number | null;
      /** When it, or those it took over from, replaced a live one of the same PC; see `copied-device.ts`. */
      readonly takeovers?: readonly number[];
    }
  /** A refusal that waits for the edge's signature. */
  | {
      readonly kind: "refusing";
      readonly correlation: string;
      readonly refusal: ConnectionRefusal;
    }
  | { readonly kind: "closed" };

export interface ConnectionRefusal {
  readonly type: "session.unauthenticated" | "session.rejected";
  readonly code: RelayErrorCode;
  readonly message: string;
}

export interface Refresh {
  readonly challenge: string;
  readonly deadlineAt: number;
  /** The answer is being verified. */
  readonly checking: boolean;
}

/** One socket: small enough for its attachment. */
export interface EdgeConnection {
  readonly openedAt: number;
  /** Whose key signed the upgrade; absent in what a version before kept with a socket. */
  readonly sidecarId?: string;
  readonly phase: Phase;
}

export interface EdgeJob {
  readonly submit: JobSubmit;
  readonly class: "read" | "write";
  readonly traceparent: string | undefined;
  readonly deadlineAt: number;
  /**
   * waiting: not on the wire (too many in flight, or its socket dropped); sent: on the wire of
   * `epoch`; unknown: a write whose frame may have arrived and whose session is gone.
   */
  readonly state: "waiting" | "sent" | "unknown";
  readonly epoch: number;
  /** The id of the frame that carried it last: what a refusal of the submit answers. */
  readonly frameId: string | null;
  /** Times it was put on the wire. */
  readonly tries: number;
  /** When a read that waits for a new session gives up. */
  readonly retryUntil: number | null;
  readonly chunks: ChunkBuffer;
  /** Nobody waits for the answer any more: the deadline passed and the caller was told. */
  readonly abandoned: boolean;
  /** Where a write went: no other journal's word about it counts. */
  readonly sentTo: { readonly sidecarId: string; readonly journalId: string } | null;
}

export interface Reconciling {
  readonly requestId: string;
  readonly jobIds: readonly string[];
  /** Everything asked for in this session so far, this request included. */
  readonly asked: ReadonlySet<string>;
  readonly deadlineAt: number;
}

export interface EdgeState {
  readonly session: SessionRecord;
  /** Applied so far of the session's journal. */
  readonly cursor: number;
  readonly connections: ReadonlyMap<ConnectionId, EdgeConnection>;
  readonly jobs: ReadonlyMap<string, EdgeJob>;
  /** When the last acknowledgement was sent. */
  readonly ackedAt: number;
  /** The open `session.list_jobs`; no new write starts before it is answered. */
  readonly reconciling: Reconciling | null;
}

export const NO_SESSION: SessionRecord = {
  epoch: 0,
  sessionId: null,
  sidecarId: null,
  journalId: null,
  capabilities: [],
  acceptedAt: 0,
  leaseExpiresAt: 0,
  resume: null,
  droppedAt: null,
};

/**
 * The state of an edge without connections and jobs; `cursor` is the last event that it
 * acknowledged.
 */
export function emptyEdgeState(session: SessionRecord = NO_SESSION, cursor = 0): EdgeState {
  return {
    session,
    cursor,
    connections: new Map(),
    jobs: new Map(),
    ackedAt: 0,
    reconciling: null,
  };
}

/** The connection that speaks for the session now. */
export function liveConnection(state: EdgeState): {
  id: ConnectionId;
  connection: EdgeConnection;
  phase: Extract<Phase, { kind: "live" }>;
} | null {
  for (const [id, connection] of state.connections) {
    const { phase } = connection;
    if (phase.kind === "live" && phase.epoch === state.session.epoch) {
      return { id, connection, phase };
    }
  }
  return null;
}

/** Whether a connection is open and has not proved yet whose it is. */
export function isUnauthenticated({ phase }: EdgeConnection): boolean {
  return phase.kind !== "live" && phase.kind !== "closed";
}
