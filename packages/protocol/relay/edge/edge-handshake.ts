import { sha256Hex } from "../../digest.ts";
import { readClientVersion } from "../client-words.ts";
import type { SidecarFrame } from "../messages.ts";
import { CLOSE, type RelayErrorCode } from "../relay-errors.ts";
import { authenticateTranscript, refusedTranscript } from "../transcript.ts";
import { prepareAcceptance, sendAccepted, signAcceptance } from "./accept.ts";
import { copyRefusal } from "./copied-device.ts";
import type { ConnectionId, ConnectionRefusal, Offer } from "./edge-state.ts";
import { type Draft, setPhase, type TokenVerdict } from "./edge-step.ts";
import { close, send, sendProblem } from "./send.ts";

/** A frame on a connection that is not authenticated: only the next step of the handshake is allowed. */
export function handshakeFrame(
  draft: Draft,
  conn: ConnectionId,
  frame: SidecarFrame,
  text: string,
): void {
  const connection = draft.connections.get(conn);
  const phase = connection?.phase;
  if (phase?.kind === "new" && frame.type === "session.open") {
    const { auth, client, capabilities, journal, resume } = frame.payload;
    const { sidecarId = client.principal } = connection ?? {};
    if (client.principal !== sidecarId) {
      const message = "the connection was opened by the key of another sidecar";
      refuse(draft, conn, frame.id, "UNAUTHENTICATED", message);
      return;
    }
    setPhase(draft, conn, {
      kind: "checking_token",
      openId: frame.id,
      claims: {
        openSha256: sha256Hex(text),
        ...readClientVersion(client.version),
        offered: capabilities,
        journal,
        resume:
          resume === undefined
            ? null
            : {
                sessionId: resume.session_id,
                tokenHash: sha256Hex(resume.resume_token),
                lastProcessedSeq: resume.last_processed_seq,
              },
      },
    });
    draft.effects.push({
      kind: "check_token",
      conn,
      token: auth.token,
      principal: client.principal,
      journalId: journal.id,
    });
    return;
  }
  if (phase?.kind === "challenged" && frame.type === "session.authenticate") {
    const { offer, challenge } = phase;
    const { response, nonce } = frame.payload;
    setPhase(draft, conn, { kind: "checking_answer", answerId: frame.id, offer, challenge, nonce });
    draft.effects.push({
      kind: "check_answer",
      conn,
      publicKey: offer.publicKey,
      message: authenticateTranscript({
        origin: draft.env.origin,
        account: draft.env.account,
        sidecar: offer.sidecarId,
        challenge,
        nonce,
        about: offer.openSha256,
      }),
      signature: response,
    });
    return;
  }
  sendProblem(draft, conn, "connection", {
    code: "FAILED_PRECONDITION",
    message: "this frame is not allowed before session.accepted",
    id: frame.id,
  });
  close(draft, conn, CLOSE.protocolError, "not allowed before session.accepted");
}

/** The token of `session.open` was verified, or was not. */
export function tokenChecked(draft: Draft, conn: ConnectionId, verdict: TokenVerdict): void {
  const phase = draft.connections.get(conn)?.phase;
  if (phase?.kind !== "checking_token") return;
  const { openId, claims } = phase;
  if (!verdict.ok) {
    if (verdict.verdict === "revoked") {
      const { code, message, sidecarId } = verdict;
      const known = { openSha256: claims.openSha256, sidecarId };
      refuseSigned(draft, conn, openId, known, { type: "session.rejected", code, message });
      return;
    }
    refuse(draft, conn, openId, verdict.code, verdict.message);
    return;
  }
  const challenge = draft.env.random32();
  const offer = { ...claims, ...verdict.known };
  setPhase(draft, conn, { kind: "challenged", openId, offer, challenge });
  send(draft, conn, "session.challenge", { challenge }, { correlation_id: openId });
}

/** The signature over the challenge was verified, or was not. */
export function answerChecked(draft: Draft, conn: ConnectionId, valid: boolean): void {
  const phase = draft.connections.get(conn)?.phase;
  if (phase?.kind !== "checking_answer") return;
  const { answerId, offer, challenge, nonce } = phase;
  if (!valid) {
    refuse(draft, conn, answerId, "UNAUTHENTICATED", "the challenge was not signed by this device");
    return;
  }
  const copy = copyRefusal(draft, offer);
  if (copy !== null) {
    refuseSigned(draft, conn, answerId, offer, { type: "session.unauthenticated", ...copy });
    return;
  }
  const acceptance = prepareAcceptance(draft, offer);
  if (!acceptance.ok) {
    const { code, message } = acceptance;
    const refusal = { type: "session.unauthenticated", code, message } as const;
    refuseSigned(draft, conn, answerId, offer, refusal);
    return;
  }
  const proving = { kind: "proving", answerId, offer, challenge, nonce } as const;
  setPhase(draft, conn, { ...proving, acceptance: acceptance.acceptance });
  signAcceptance(draft, conn);
}

/** The edge's own signature is there: the session begins, unless another connection was faster. */
export function proofSigned(draft: Draft, conn: ConnectionId, proof: string): void {
  const phase = draft.connections.get(conn)?.phase;
  if (phase?.kind === "refusing") {
    const { correlation, refusal } = phase;
    const { type, code, message } = refusal;
    send(draft, conn, type, { code, message, proof }, { correlation_id: correlation });
    if (type === "session.rejected") close(draft, conn, CLOSE.revoked, "revoked");
    else close(draft, conn, CLOSE.unauthenticated, code);
    return;
  }
  if (phase?.kind !== "proving") return;
  if (phase.acceptance.epoch === draft.session.epoch + 1) {
    sendAccepted(draft, conn, phase, proof);
    return;
  }
  // The race was lost to another connection: everything that was signed is stale. Ask again.
  const again = prepareAcceptance(draft, phase.offer);
  if (!again.ok) {
    const { code, message } = again;
    const refusal = { type: "session.unauthenticated", code, message } as const;
    refuseSigned(draft, conn, phase.answerId, phase.offer, refusal);
    return;
  }
  setPhase(draft, conn, { ...phase, acceptance: again.acceptance });
  signAcceptance(draft, conn);
}

/**
 * A refusal upon which the sidecar stops, drops its resume token or begins a new journal: worth
 * nothing unless it is the edge's own. Only a device that proved itself is given a signature.
 */
function refuseSigned(
  draft: Draft,
  conn: ConnectionId,
  correlation: string,
  { openSha256, sidecarId }: Pick<Offer, "openSha256" | "sidecarId">,
  refusal: ConnectionRefusal,
): void {
  setPhase(draft, conn, { kind: "refusing", correlation, refusal });
  const { origin, account } = draft.env;
  const { type, code } = refusal;
  draft.effects.push({
    kind: "sign_proof",
    conn,
    message: refusedTranscript({ origin, account, sidecar: sidecarId, openSha256, type, code }),
  });
}

/** A refusal of somebody unknown: nothing is signed for strangers. */
function refuse(
  draft: Draft,
  conn: ConnectionId,
  correlation: string,
  code: RelayErrorCode,
  message: string,
): void {
  send(draft, conn, "session.unauthenticated", { code, message }, { correlation_id: correlation });
  close(draft, conn, CLOSE.unauthenticated, code);
}
