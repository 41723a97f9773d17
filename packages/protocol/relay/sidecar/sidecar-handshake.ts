import { sha256Hex } from "../../digest.ts";
import { versionWithWords } from "../client-words.ts";
import type { EdgeFrame } from "../messages.ts";
import { CLOSE } from "../relay-errors.ts";
import { acceptedTranscript, authenticateTranscript, refusedTranscript } from "../transcript.ts";
import { acknowledged } from "./journaling.ts";
import { closed, hangUp } from "./sidecar-connection.ts";
import type { Link, RelaySession } from "./sidecar-state.ts";
import { type Draft, send, setLink } from "./sidecar-step.ts";

/** The transport is there: say who this is. */
export function connected(draft: Draft): void {
  if (draft.state.link.kind !== "dialing") return;
  draft.state.heardAt = draft.env.now;
  setLink(draft, { kind: "opening", since: draft.state.link.since });
  const { dial, skewMs } = draft.state;
  draft.effects.push({ kind: "sign_token", dial, skewMs });
}

/** The device's token is there (a JWT, signed by its key): the session is asked for. */
export function tokenSigned(draft: Draft, token: string): void {
  const { link, journal, resume } = draft.state;
  if (link.kind !== "opening") return;
  const { text } = send(draft, "session.open", {
    auth: { scheme: "signed_jwt", token },
    client: {
      kind: "ibkr-sidecar",
      version: versionWithWords(draft.env.version),
      fingerprint: draft.env.fingerprint,
      principal: draft.env.sidecar,
    },
    capabilities: [...draft.env.offered],
    journal: {
      id: journal.id,
      oldest_seq: journal.ackedSeq + 1,
      newest_seq: journal.newestSeq,
    },
    ...(resume === null
      ? {}
      : {
          resume: {
            session_id: resume.sessionId,
            resume_token: resume.token,
            last_processed_seq: journal.ackedSeq,
          },
        }),
  });
  setLink(draft, { kind: "opened", since: link.since, openSha256: sha256Hex(text) });
}

/** The challenge's answer is signed: it is sent, in the handshake or to extend the lease. */
export function answerSigned(draft: Draft, response: string): void {
  const { link } = draft.state;
  if (link.kind === "answering") {
    setLink(draft, { ...link, kind: "answered" });
    send(draft, "session.authenticate", { response, nonce: link.nonce });
  } else if (link.kind === "live" && link.refreshNonce !== null) {
    setLink(draft, { ...link, refreshNonce: null });
    send(draft, "session.authenticate", { response, nonce: link.refreshNonce });
  }
}

/** The lease nears its end: prove in band, once more, to be this device. */
export function refreshAsked(draft: Draft, challenge: string): void {
  const { link, dial } = draft.state;
  if (link.kind !== "live") return;
  const nonce = draft.env.random32();
  setLink(draft, { ...link, refreshNonce: nonce });
  draft.effects.push({
    kind: "sign_answer",
    dial,
    message: authenticateTranscript({ ...place(draft), challenge, nonce, about: link.session.id }),
  });
}

/** A frame before the session began. */
export function handshakeFrame(draft: Draft, frame: EdgeFrame): void {
  const { link } = draft.state;
  draft.state.skewMs = Date.parse(frame.timestamp) - draft.env.now;
  switch (frame.type) {
    case "session.challenge": {
      if (link.kind !== "opened") break;
      const { challenge } = frame.payload;
      const nonce = draft.env.random32();
      const { since, openSha256 } = link;
      setLink(draft, { kind: "answering", since, openSha256, challenge, nonce });
      draft.effects.push({
        kind: "sign_answer",
        dial: draft.state.dial,
        message: authenticateTranscript({ ...place(draft), challenge, nonce, about: openSha256 }),
      });
      return;
    }
    case "session.accepted": {
      if (link.kind !== "answered") break;
      const { payload } = frame;
      const session: RelaySession = {
        id: payload.session_id,
        epoch: payload.epoch,
        capabilities: payload.capabilities,
        leaseExpiresAt: payload.lease.expires_at,
        resumeToken: payload.resume_token,
        lastProcessedSeq: payload.last_processed_seq,
        maxFrameBytes: payload.limits.max_frame_bytes,
        maxReads: payload.limits.max_inflight_reads,
        maxWrites: payload.limits.max_inflight_writes,
      };
      setLink(draft, { kind: "verifying", since: link.since, session, early: [], ended: null });
      draft.effects.push({
        kind: "check_proof",
        dial: draft.state.dial,
        proof: payload.runtime.proof,
        message: acceptedTranscript({
          ...place(draft),
          challenge: link.challenge,
          nonce: link.nonce,
          sessionId: session.id,
          epoch: session.epoch,
          capabilities: session.capabilities,
          leaseExpiresAt: session.leaseExpiresAt,
          lastProcessedSeq: session.lastProcessedSeq,
        }),
      });
      return;
    }
    case "session.unauthenticated":
    case "session.rejected":
      refusedBy(draft, frame);
      return;
    case "session.evicted":
    case "session.error": {
      const { code } = frame.payload;
      const message = "message" in frame.payload ? frame.payload.message : frame.payload.reason;
      if ("retry_after_ms" in frame.payload) {
        draft.state.retryAfterMs = Math.min(frame.payload.retry_after_ms ?? 0, RETRY_AFTER_MAX_MS);
      }
      draft.state.trouble = { code, message };
      return;
    }
    default:
      break;
  }
  hangUp(draft, CLOSE.protocolError, "not allowed before session.accepted");
}

/**
 * A refusal in the handshake. Whoever answers here has proved nothing yet, so without a valid
 * signature over this very `session.open` it is heard and nothing is done about it but to come back
 * later: a host in the gateway's place must not be able to stop a sidecar or to renumber its journal.
 */
function refusedBy(
  draft: Draft,
  frame: Extract<EdgeFrame, { type: "session.unauthenticated" | "session.rejected" }>,
): void {
  const { link, dial } = draft.state;
  const { code, message, proof } = frame.payload;
  if (link.kind === "refused") return;
  draft.state.trouble = { code, message };
  if (proof === undefined || !("openSha256" in link)) return;
  const { since, openSha256 } = link;
  const { type } = frame;
  setLink(draft, { kind: "refused", since, type, code, proved: false, ended: null });
  draft.effects.push({
    kind: "check_proof",
    dial,
    proof,
    message: refusedTranscript({ ...place(draft), openSha256, type, code }),
  });
}

function refusalChecked(
  draft: Draft,
  link: Extract<Link, { kind: "refused" }>,
  valid: boolean,
): void {
  if (!valid) {
    notTheGateway(draft);
    return;
  }
  setLink(draft, { ...link, proved: true, ended: null });
  if (link.type === "session.unauthenticated") {
    draft.state.resume = null;
    if (link.code === "FAILED_PRECONDITION") draft.effects.push({ kind: "restart_journal" });
  }
  if (link.ended !== null) closed(draft, link.ended);
}

function notTheGateway(draft: Draft): void {
  draft.state.trouble = {
    code: "UNAUTHENTICATED",
    message: "the gateway could not prove that it is the one this sidecar was paired with",
  };
  hangUp(draft, CLOSE.unauthenticated, "the edge's proof is not valid");
}

/** An edge may ask for patience, not for silence without end. */
const RETRY_AFTER_MAX_MS = 10 * 60_000;

/** More than an edge can have to say before it hears from us. */
const EARLY_FRAMES_MAX = 512;

/** A frame behind `session.accepted`, while its proof is being verified: it waits for the verdict. */
export function early(draft: Draft, text: string): void {
  const { link } = draft.state;
  if (link.kind !== "verifying") return;
  if (link.early.length >= EARLY_FRAMES_MAX) {
    hangUp(draft, CLOSE.protocolError, "too much before the proof was verified");
    return;
  }
  setLink(draft, { ...link, early: [...link.early, text] });
}

/** Whoever cannot prove to be the pinned edge is not spoken to. */
export function proofChecked(draft: Draft, valid: boolean): void {
  const { link, journal } = draft.state;
  if (link.kind === "refused") refusalChecked(draft, link, valid);
  if (link.kind !== "verifying") return;
  const { session } = link;
  if (!valid) {
    notTheGateway(draft);
    return;
  }
  if (session.lastProcessedSeq > journal.newestSeq || session.lastProcessedSeq < journal.ackedSeq) {
    draft.state.trouble = {
      code: "FAILED_PRECONDITION",
      message: "the gateway acknowledged events that this journal does not hold",
    };
    draft.state.resume = null;
    draft.effects.push({ kind: "restart_journal" });
    hangUp(draft, CLOSE.protocolError, "journal and acknowledgement differ");
    return;
  }
  setLink(draft, { kind: "live", since: draft.env.now, session, refreshNonce: null });
  draft.state.resume = { sessionId: session.id, token: session.resumeToken };
  noteLease(draft, session.leaseExpiresAt);
  draft.state.trouble = null;
  draft.state.sentSeq = session.lastProcessedSeq;
  draft.state.pingedAt = draft.env.now;
  draft.state.unanswered = 0;
  // The last acknowledgement of the connection before may have been lost with it.
  acknowledged(draft, session.lastProcessedSeq);
}

/** The lease's end is the edge's time; it is kept on this PC's clock, which nobody sets. */
export function noteLease(draft: Draft, expiresAt: string): void {
  draft.state.leaseUntil = Date.parse(expiresAt) - draft.state.skewMs;
}

function place(draft: Draft) {
  const { origin, account, sidecar } = draft.env;
  return { origin, account, sidecar };
}
