import { hexToBytes } from "@noble/hashes/utils.js";
import { sha256Hex } from "../../digest.ts";
import {
  FRAME_MAX_BYTES,
  HEARTBEAT_INTERVAL_MS,
  INFLIGHT_READS_MAX,
  INFLIGHT_WRITES_MAX_PER_BROKER_ACCOUNT,
  LEASE_HOURS,
  RESUME_WINDOW_MS,
} from "../../limits.ts";
import { CLOSE, type RelayErrorCode } from "../relay-errors.ts";
import { acceptedTranscript } from "../transcript.ts";
import { startReconcile } from "./ask-journal.ts";
import { REPLACED_BY_ITSELF, takeoversOf } from "./copied-device.ts";
import { dropConnection } from "./drop-connection.ts";
import {
  type Acceptance,
  type ConnectionId,
  liveConnection,
  type Offer,
  type Phase,
  type SessionRecord,
} from "./edge-state.ts";
import { type Draft, setPhase, setSession } from "./edge-step.ts";
import { settleGoneJournals } from "./lost-writes.ts";
import { close, send } from "./send.ts";
import { sendWaitingReads } from "./submit-job.ts";

type Proving = Extract<Phase, { kind: "proving" }>;

/** What would be accepted now: the same session when the resume token fits, else a fresh one. */
export function prepareAcceptance(
  draft: Draft,
  offer: Offer,
): { ok: true; acceptance: Acceptance } | { ok: false; code: RelayErrorCode; message: string } {
  const { journal, cursor } = offer;
  if (journal.newest_seq < cursor) {
    return {
      ok: false,
      code: "FAILED_PRECONDITION",
      message: "the journal is older than what was acknowledged; begin a new one",
    };
  }
  const refusal = offer.resume === null ? null : resumeRefusal(draft, offer, offer.resume);
  if (refusal !== null) return { ok: false, ...refusal };
  const resumed = offer.resume !== null;
  const begins = Math.max(cursor, journal.oldest_seq - 1);
  const { now } = draft.env;
  return {
    ok: true,
    acceptance: {
      epoch: draft.session.epoch + 1,
      sessionId: resumed ? (draft.session.sessionId ?? draft.env.ulid()) : draft.env.ulid(),
      resumed,
      resumeToken: draft.env.random32(),
      leaseExpiresAt: now + LEASE_HOURS * 3_600_000,
      cursor: begins,
      // A sidecar frees what was acknowledged, so a hole here means that this edge was restored
      // from an earlier copy of itself.
      eventsLost: begins - cursor,
    },
  };
}

function resumeRefusal(
  draft: Draft,
  offer: Offer,
  resume: NonNullable<Offer["resume"]>,
): { code: RelayErrorCode; message: string } | null {
  const { session, env } = draft;
  const gone = { code: "RESUME_WINDOW_EXPIRED", message: "this session is gone" } as const;
  if (resume.sessionId !== session.sessionId) return gone;
  const mine = offer.sidecarId === session.sidecarId && knowsToken(session, resume.tokenHash);
  if (!mine) return { code: "UNAUTHENTICATED", message: "the resume token does not fit" };
  if (session.droppedAt !== null && env.now - session.droppedAt > RESUME_WINDOW_MS) return gone;
  if (session.journalId !== offer.journal.id) return gone;
  if (resume.lastProcessedSeq > offer.cursor) return gone;
  return null;
}

function knowsToken({ resume }: SessionRecord, presented: string): boolean {
  if (resume === null) return false;
  const current = sameHash(resume.current, presented);
  const previous = resume.previous !== null && sameHash(resume.previous, presented);
  return current || previous;
}

/** Constant time; both are SHA-256 in hex. */
function sameHash(a: string, b: string): boolean {
  const [x, y] = [hexToBytes(a), hexToBytes(b)];
  let difference = x.length ^ y.length;
  x.forEach((byte, i) => {
    difference |= byte ^ (y[i] ?? 0);
  });
  return difference === 0;
}

/** Asks for the edge's signature over what is about to be accepted. */
export function signAcceptance(draft: Draft, conn: ConnectionId): void {
  const phase = draft.connections.get(conn)?.phase;
  if (phase?.kind !== "proving") return;
  const { offer, acceptance, challenge, nonce } = phase;
  draft.effects.push({
    kind: "sign_proof",
    conn,
    message: acceptedTranscript({
      origin: draft.env.origin,
      account: draft.env.account,
      sidecar: offer.sidecarId,
      challenge,
      nonce,
      sessionId: acceptance.sessionId,
      epoch: acceptance.epoch,
      capabilities: effective(offer),
      leaseExpiresAt: new Date(acceptance.leaseExpiresAt).toISOString(),
      lastProcessedSeq: acceptance.cursor,
    }),
  });
}

/** The new connection becomes the session; whoever held it before is told and closed. */
export function sendAccepted(
  draft: Draft,
  conn: ConnectionId,
  phase: Proving,
  proof: string,
): void {
  const { offer, acceptance, answerId } = phase;
  const takeovers = evictOlder(draft, offer);
  const capabilities = effective(offer);
  setSession(draft, {
    epoch: acceptance.epoch,
    sessionId: acceptance.sessionId,
    sidecarId: offer.sidecarId,
    journalId: offer.journal.id,
    capabilities,
    knows: offer.knows,
    acceptedAt: draft.env.now,
    leaseExpiresAt: acceptance.leaseExpiresAt,
    resume: {
      current: sha256Hex(acceptance.resumeToken),
      previous: offer.resume?.tokenHash ?? null,
    },
    droppedAt: null,
  });
  draft.cursor = acceptance.cursor;
  draft.reconciling = null;
  noteAccepted(draft, offer, acceptance, capabilities);
  send(draft, conn, "session.accepted", acceptedPayload(draft, acceptance, capabilities, proof), {
    correlation_id: answerId,
  });
  setPhase(draft, conn, {
    kind: "live",
    epoch: acceptance.epoch,
    sessionId: acceptance.sessionId,
    confirmed: false,
    ackedSeq: acceptance.cursor,
    refresh: null,
    replayTo: offer.journal.newest_seq,
    takeovers,
  });
  settleGoneJournals(draft);
  startReconcile(draft);
  sendWaitingReads(draft);
}

/** Closes the connection that held the session; when a copy of the same key did so, that is counted. */
function evictOlder(draft: Draft, offer: Offer): number[] {
  const older = liveConnection(draft);
  if (older === null) return [];
  const own = draft.session.sidecarId === offer.sidecarId;
  const takeovers = own ? [...takeoversOf(draft, offer.sidecarId), draft.env.now] : [];
  send(draft, older.id, "session.evicted", {
    code: "SUPERSEDED",
    reason: own ? REPLACED_BY_ITSELF : "another paired PC took over; this one stands by",
  });
  close(draft, older.id, CLOSE.superseded, "superseded");
  dropConnection(draft, { audited: "superseded" });
  return takeovers;
}

/** What is kept of the new session: the cursor where events were lost, the sighting, the audit entry. */
function noteAccepted(
  draft: Draft,
  offer: Offer,
  acceptance: Acceptance,
  capabilities: readonly string[],
): void {
  const { sidecarId, journal, version } = offer;
  const { epoch, resumed, eventsLost } = acceptance;
  if (eventsLost > 0) {
    draft.writes.push({ kind: "cursor", sidecarId, journalId: journal.id, seq: draft.cursor });
  }
  draft.writes.push(
    { kind: "sidecar_seen", sidecarId, version },
    {
      kind: "audit",
      type: "sidecar.connected",
      sidecarId,
      meta: {
        epoch: String(epoch),
        resumed: String(resumed),
        capabilities: capabilities.join(" "),
        ...(eventsLost > 0 ? { events_lost: String(eventsLost) } : {}),
      },
    },
  );
}

function acceptedPayload(
  { env }: Draft,
  acceptance: Acceptance,
  capabilities: ReturnType<typeof effective>,
  proof: string,
) {
  return {
    session_id: acceptance.sessionId,
    epoch: acceptance.epoch,
    runtime: {
      kind: "ibkr-edge-gateway" as const,
      version: env.edgeVersion,
      fingerprint: env.edgeFingerprint,
      trust_level: "constrained" as const,
      proof,
    },
    capabilities,
    lease: { expires_at: new Date(acceptance.leaseExpiresAt).toISOString() },
    resume_token: acceptance.resumeToken,
    limits: {
      max_frame_bytes: FRAME_MAX_BYTES,
      max_inflight_reads: INFLIGHT_READS_MAX,
      max_inflight_writes: INFLIGHT_WRITES_MAX_PER_BROKER_ACCOUNT,
      heartbeat_ms: HEARTBEAT_INTERVAL_MS,
      resume_window_ms: RESUME_WINDOW_MS,
    },
    last_processed_seq: acceptance.cursor,
  };
}

function effective(offer: Offer) {
  return offer.granted.filter((capability) => offer.offered.includes(capability));
}
