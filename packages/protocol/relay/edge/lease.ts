import { LEASE_HOURS, LEASE_REFRESH_BEFORE_MS, LEASE_REFRESH_DEADLINE_MS } from "../../limits.ts";
import { fingerprintWords } from "../fingerprint.ts";
import type { SidecarFrame } from "../messages.ts";
import { CLOSE } from "../relay-errors.ts";
import { authenticateTranscript, rotationTranscript } from "../transcript.ts";
import { dropConnection } from "./drop-connection.ts";
import { type ConnectionId, liveConnection, type Phase } from "./edge-state.ts";
import { type Draft, setPhase, setSession } from "./edge-step.ts";
import { close, send, sendProblem } from "./send.ts";

type Live = Extract<Phase, { kind: "live" }>;

/** Asks for a new proof in band when the lease nears its end; evicts when it has ended. */
export function leaseTick(draft: Draft): void {
  const live = liveConnection(draft);
  if (live === null) return;
  const { now } = draft.env;
  const { refresh } = live.phase;
  if (now >= draft.session.leaseExpiresAt || (refresh !== null && now >= refresh.deadlineAt)) {
    evictLease(draft, live.id);
    return;
  }
  if (refresh === null && now >= draft.session.leaseExpiresAt - LEASE_REFRESH_BEFORE_MS) {
    const challenge = draft.env.random32();
    const deadlineAt = Math.min(now + LEASE_REFRESH_DEADLINE_MS, draft.session.leaseExpiresAt);
    setPhase(draft, live.id, {
      ...live.phase,
      refresh: { challenge, deadlineAt, checking: false },
    });
    send(draft, live.id, "session.refresh", { deadline_ms: deadlineAt - now, challenge });
  }
}

function evictLease(draft: Draft, conn: ConnectionId): void {
  send(draft, conn, "session.evicted", { code: "LEASE_EXPIRED", reason: "the lease has ended" });
  close(draft, conn, CLOSE.leaseExpired, "lease expired");
  dropConnection(draft, { audited: "lease_expired" });
}

/** The answer to `session.refresh`. */
export function answerRefresh(
  draft: Draft,
  conn: ConnectionId,
  phase: Live,
  frame: Extract<SidecarFrame, { type: "session.authenticate" }>,
): void {
  const { refresh } = phase;
  const { sidecarId } = draft.session;
  if (refresh === null || refresh.checking || sidecarId === null) {
    sendProblem(draft, conn, "request", {
      code: "FAILED_PRECONDITION",
      message: "no refresh was asked for",
      id: frame.id,
    });
    return;
  }
  setPhase(draft, conn, { ...phase, refresh: { ...refresh, checking: true } });
  draft.effects.push({
    kind: "check_refresh",
    conn,
    sidecarId,
    message: authenticateTranscript({
      origin: draft.env.origin,
      account: draft.env.account,
      sidecar: sidecarId,
      challenge: refresh.challenge,
      nonce: frame.payload.nonce,
      about: phase.sessionId,
    }),
    signature: frame.payload.response,
  });
}

/**
 * The answer to a refresh was checked: a good one extends the lease, a bad one ends the connection.
 */
export function refreshChecked(draft: Draft, conn: ConnectionId, valid: boolean): void {
  const phase = draft.connections.get(conn)?.phase;
  if (phase?.kind !== "live" || phase.refresh?.checking !== true) return;
  if (!valid) {
    evictLease(draft, conn);
    return;
  }
  setPhase(draft, conn, { ...phase, refresh: null });
  const leaseExpiresAt = draft.env.now + LEASE_HOURS * 3_600_000;
  setSession(draft, { ...draft.session, leaseExpiresAt });
  send(draft, conn, "session.refreshed", {
    lease: { expires_at: new Date(leaseExpiresAt).toISOString() },
  });
}

/** A new device key: the old one and the new one must both have signed it. */
export function rotateKey(
  draft: Draft,
  conn: ConnectionId,
  phase: Live,
  frame: Extract<SidecarFrame, { type: "session.rotate_key" }>,
): void {
  const { sidecarId } = draft.session;
  if (sidecarId === null) return;
  const { public_key: publicKey, old_signature, new_signature } = frame.payload;
  draft.effects.push({
    kind: "check_rotation",
    conn,
    requestId: frame.id,
    sidecarId,
    publicKey,
    message: rotationTranscript({
      origin: draft.env.origin,
      account: draft.env.account,
      sidecar: sidecarId,
      sessionId: phase.sessionId,
      publicKey,
    }),
    oldSignature: old_signature,
    newSignature: new_signature,
  });
}

/**
 * The signatures of a new device key were checked. With good ones the key is stored and confirmed;
 * with bad ones the request is refused and the old key stays.
 */
export function rotationChecked(
  draft: Draft,
  conn: ConnectionId,
  input: { requestId: string; publicKey: string; valid: boolean },
): void {
  const phase = draft.connections.get(conn)?.phase;
  const { sidecarId } = draft.session;
  if (phase?.kind !== "live" || phase.epoch !== draft.session.epoch || sidecarId === null) return;
  const { requestId, publicKey, valid } = input;
  if (!valid) {
    sendProblem(draft, conn, "request", {
      code: "PERMISSION_DENIED",
      message: "the new key is not signed by the old one and by itself",
      id: requestId,
    });
    return;
  }
  const fingerprint = fingerprintWords(publicKey).join(" ");
  draft.writes.push(
    { kind: "sidecar_key", sidecarId, publicKey },
    { kind: "audit", type: "sidecar.key_rotated", sidecarId, meta: { fingerprint } },
  );
  send(draft, conn, "session.key_rotated", { fingerprint }, { correlation_id: requestId });
}
