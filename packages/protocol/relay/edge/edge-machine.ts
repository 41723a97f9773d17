import type { Capability } from "../../capabilities.ts";
import { HANDSHAKES_PER_SIDECAR_MAX } from "../../limits.ts";
import { decodeFrame } from "../frame-codec.ts";
import { PING } from "../frame-envelope.ts";
import { FROM_SIDECAR } from "../messages.ts";
import { CLOSE } from "../relay-errors.ts";
import { dropConnection } from "./drop-connection.ts";
import { answerChecked, handshakeFrame, proofSigned, tokenChecked } from "./edge-handshake.ts";
import {
  type ConnectionId,
  type EdgeState,
  isUnauthenticated,
  liveConnection,
} from "./edge-state.ts";
import {
  type Draft,
  draftOf,
  type EdgeEffect,
  type EdgeEnv,
  type EdgeInput,
  type EdgeWrite,
  setSession,
} from "./edge-step.ts";
import { refreshChecked, rotationChecked } from "./lease.ts";
import { liveFrame } from "./live-frame.ts";
import { settleRevoked } from "./lost-writes.ts";
import { close, send, sendProblem } from "./send.ts";
import { submitJob } from "./submit-job.ts";
import { edgeTick } from "./tick.ts";

export interface EdgeStep {
  readonly state: EdgeState;
  /** To be stored in one transaction before any effect is carried out. */
  readonly writes: readonly EdgeWrite[];
  readonly effects: readonly EdgeEffect[];
}

/** One step of the edge's half of the protocol. Pure: time, ids and chance come with `env`. */
export function edgeStep(state: EdgeState, input: EdgeInput, env: EdgeEnv): EdgeStep {
  const draft = draftOf(state, env);
  apply(draft, input);
  const { session, cursor, ackedAt, reconciling, connections, jobs, writes, effects } = draft;
  return { state: { session, cursor, ackedAt, reconciling, connections, jobs }, writes, effects };
}

function apply(draft: Draft, input: EdgeInput): void {
  switch (input.kind) {
    case "opened":
      opened(draft, input);
      return;
    case "frame":
      frameArrived(draft, input.conn, input.text);
      return;
    case "binary":
      if (isOpen(draft, input.conn)) {
        broken(draft, input.conn, "binary frames are not spoken here", "INVALID_ARGUMENT");
      }
      return;
    case "closed":
      closed(draft, input.conn);
      return;
    case "token_checked":
      tokenChecked(draft, input.conn, input.verdict);
      return;
    case "answer_checked":
      if (draft.connections.get(input.conn)?.phase.kind === "live") {
        refreshChecked(draft, input.conn, input.valid);
      } else {
        answerChecked(draft, input.conn, input.valid);
      }
      return;
    case "proof_signed":
      proofSigned(draft, input.conn, input.proof);
      return;
    case "rotation_checked":
      rotationChecked(draft, input.conn, input);
      return;
    case "submit":
      submitJob(draft, input.job);
      return;
    case "cancel":
      cancel(draft, input.jobId, input.reason);
      return;
    case "revoked":
      revoked(draft, input.sidecarId, input.reason);
      return;
    case "narrowed":
      narrowed(draft, input.sidecarId, input.granted);
      return;
    case "chosen":
      chosen(draft, input);
      return;
    case "audit_head": {
      const live = liveConnection(draft);
      if (live !== null) send(draft, live.id, "audit.checkpoint", input.head, { optional: true });
      return;
    }
    case "silent":
      silent(draft);
      return;
    case "tick":
      edgeTick(draft);
  }
}

/**
 * A PC's newest socket has a place: where too many of its own have not authenticated, the oldest of
 * them goes. So no number of sockets, its own or anybody's, keeps it out.
 */
function opened(draft: Draft, { conn, sidecarId }: Extract<EdgeInput, { kind: "opened" }>): void {
  const own = [...draft.connections].filter(
    ([, connection]) => connection.sidecarId === sidecarId && isUnauthenticated(connection),
  );
  draft.connections.set(conn, { openedAt: draft.env.now, sidecarId, phase: { kind: "new" } });
  for (const [oldest] of own.slice(0, Math.max(0, own.length + 1 - HANDSHAKES_PER_SIDECAR_MAX))) {
    const message = "a newer connection of this sidecar took the place of this one";
    sendProblem(draft, oldest, "connection", { code: "RESOURCE_EXHAUSTED", message, id: null });
    close(draft, oldest, CLOSE.overloaded, "a newer handshake of this sidecar");
  }
}

function frameArrived(draft: Draft, conn: ConnectionId, text: string): void {
  const phase = draft.connections.get(conn)?.phase;
  if (phase === undefined || phase.kind === "closed" || text === PING) return;
  if (phase.kind === "live" && draft.env.now >= draft.session.leaseExpiresAt) {
    edgeTick(draft);
    return;
  }
  const decoded = decodeFrame(text, FROM_SIDECAR);
  if (decoded.ok === "ignored") return;
  if (!decoded.ok) {
    const { problem } = decoded;
    if (problem.close === null && phase.kind === "live") {
      sendProblem(draft, conn, "request", problem);
      return;
    }
    sendProblem(draft, conn, "connection", problem);
    close(draft, conn, problem.close ?? CLOSE.protocolError, problem.message);
    if (phase.kind === "live") dropConnection(draft, { audited: "protocol_error" });
    return;
  }
  if (phase.kind === "live") liveFrame(draft, conn, phase, decoded.frame);
  else handshakeFrame(draft, conn, decoded.frame, text);
}

function broken(draft: Draft, conn: ConnectionId, message: string, code: "INVALID_ARGUMENT"): void {
  const live = draft.connections.get(conn)?.phase.kind === "live";
  sendProblem(draft, conn, "connection", { code, message, id: null });
  close(draft, conn, CLOSE.protocolError, message);
  if (live) dropConnection(draft, { audited: "protocol_error" });
}

function closed(draft: Draft, conn: ConnectionId): void {
  const connection = draft.connections.get(conn);
  draft.connections.delete(conn);
  if (connection?.phase.kind === "live" && connection.phase.epoch === draft.session.epoch) {
    dropConnection(draft, { audited: "lost" });
  }
}

function cancel(draft: Draft, jobId: string, reason: string | undefined): void {
  const live = liveConnection(draft);
  const job = draft.jobs.get(jobId);
  if (live === null || job === undefined || job.state !== "sent") {
    draft.effects.push({ kind: "cancel_answered", jobId, answer: "unknown" });
    return;
  }
  send(draft, live.id, "job.cancel", {
    job_id: jobId,
    ...(reason === undefined ? {} : { reason }),
  });
}

function revoked(draft: Draft, sidecarId: string, reason = "the owner revoked this sidecar"): void {
  const live = liveConnection(draft);
  const isSession = draft.session.sidecarId === sidecarId;
  for (const [conn, { phase }] of draft.connections) {
    const theirs =
      ("offer" in phase && phase.offer.sidecarId === sidecarId) || (isSession && conn === live?.id);
    if (!theirs) continue;
    send(draft, conn, "session.evicted", { code: "LEASE_REVOKED", reason });
    close(draft, conn, CLOSE.revoked, "revoked");
  }
  if (isSession) {
    dropConnection(draft, { audited: "revoked" });
    setSession(draft, { ...draft.session, resume: null, capabilities: [] });
  }
  settleRevoked(draft, sidecarId);
}

/** Holds for the open session and for a handshake that is under way. */
function narrowed(draft: Draft, sidecarId: string, granted: readonly Capability[]): void {
  for (const [conn, connection] of draft.connections) {
    const { phase } = connection;
    if (!("offer" in phase) || phase.offer.sidecarId !== sidecarId) continue;
    const offer = { ...phase.offer, granted };
    draft.connections.set(conn, { ...connection, phase: { ...phase, offer } });
  }
  if (draft.session.sidecarId !== sidecarId) return;
  const capabilities = draft.session.capabilities.filter((one) => granted.includes(one));
  if (capabilities.length === draft.session.capabilities.length) return;
  setSession(draft, { ...draft.session, capabilities });
}

/** Whoever else holds the session, or is about to, stands by from now on. */
function chosen(
  draft: Draft,
  { sidecarId, message }: { sidecarId: string; message: string },
): void {
  const live = liveConnection(draft);
  const replaced = live !== null && draft.session.sidecarId !== sidecarId;
  for (const [conn, { phase }] of draft.connections) {
    const begins = "offer" in phase && phase.offer.sidecarId !== sidecarId;
    if (!begins && !(replaced && conn === live.id)) continue;
    send(draft, conn, "session.evicted", { code: "STANDBY", reason: message });
    close(draft, conn, CLOSE.superseded, "standby");
  }
  if (replaced) dropConnection(draft, { audited: "standby" });
}

function silent(draft: Draft): void {
  const live = liveConnection(draft);
  if (live === null) return;
  send(draft, live.id, "session.evicted", {
    code: "HEARTBEAT_LOST",
    reason: "nothing was heard for too long",
  });
  close(draft, live.id, CLOSE.heartbeatLost, "heartbeat lost");
  dropConnection(draft, { audited: "heartbeat_lost" });
}

function isOpen(draft: Draft, conn: ConnectionId): boolean {
  const phase = draft.connections.get(conn)?.phase;
  return phase !== undefined && phase.kind !== "closed";
}
