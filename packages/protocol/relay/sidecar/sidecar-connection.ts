import {
  HANDSHAKE_DEADLINE_MS,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_LOST_MS,
  PING_ANSWER_MS,
  PINGS_UNANSWERED_MAX,
  RECONNECT_STABLE_MS,
  STANDBY_RETRY_MAX_MS,
  STANDBY_RETRY_MS,
} from "../../limits.ts";
import { PING } from "../frame-envelope.ts";
import { CLOSE, type CloseCode, isFinalClose } from "../relay-errors.ts";
import { reconnectDelayMs } from "./reconnect.ts";
import type { Ended } from "./sidecar-state.ts";
import { type Draft, setLink } from "./sidecar-step.ts";
import { dropReads, stopUnbegun } from "./stop-jobs.ts";

/** The peer is gone. What its close code says counts once it is known who said it. */
export function closed(draft: Draft, end: Ended & { retryAfterMs?: number }): void {
  const { link } = draft.state;
  const unproved =
    (link.kind === "verifying" && isFinalClose(end.code)) ||
    (link.kind === "refused" && !link.proved);
  if (unproved && link.ended === null) {
    setLink(draft, { ...link, ended: { code: end.code, reason: end.reason } });
    return;
  }
  const proved = link.kind === "live" || (link.kind === "refused" && link.proved);
  lost(draft, end, proved && isFinalClose(end.code));
}

/** The connection is gone; decides whether and when there is another one. */
function lost(
  draft: Draft,
  { code, reason, retryAfterMs }: Ended & { retryAfterMs?: number },
  final: boolean,
): void {
  const { link } = draft.state;
  if (link.kind === "stopped" || link.kind === "waiting") return;
  dropReads(draft);
  draft.state.congested = false;
  const stable = link.kind === "live" && draft.env.now - link.since >= RECONNECT_STABLE_MS;
  if (stable) draft.state.attempt = 0;
  draft.state.trouble ??= { code: "CLOSED", message: reason || `connection closed (${code})` };
  if (final && code === CLOSE.revoked) {
    stopUnbegun(draft, { code: "LEASE_REVOKED", message: "this sidecar was revoked" });
  }
  if (final) {
    setLink(draft, { kind: "stopped", code, reason: draft.state.trouble.message });
    return;
  }
  // Whoever was replaced or was not chosen neither fights back nor keeps a socket.
  const standsBy = code === CLOSE.superseded || draft.state.trouble.code === "STANDBY";
  // Another program has this PC's key: two that both insist would never end.
  const copied = draft.state.trouble.code === "ALREADY_EXISTS";
  const delay = Math.max(
    reconnectDelayMs(draft.state.attempt, draft.env.random()),
    standsBy ? STANDBY_RETRY_MS : 0,
    copied
      ? Math.min(STANDBY_RETRY_MAX_MS, STANDBY_RETRY_MS * 2 ** Math.min(draft.state.attempt, 5))
      : 0,
    retryAfterMs ?? draft.state.retryAfterMs,
  );
  draft.state.attempt += 1;
  draft.state.retryAfterMs = 0;
  setLink(draft, { kind: "waiting", until: draft.env.now + delay });
  if (delay === 0) dial(draft);
}

/** Begins a new attempt to connect. Answers to an older attempt are ignored from now on. */
export function dial(draft: Draft): void {
  draft.state.dial += 1;
  setLink(draft, { kind: "dialing", since: draft.env.now });
  draft.effects.push({ kind: "dial", dial: draft.state.dial });
}

/** Closes from this side and goes on as if the peer had. */
export function hangUp(draft: Draft, code: CloseCode, reason: string): void {
  draft.effects.push({ kind: "close", code, reason });
  // Our own verdict about the peer is no reason to stop for good.
  lost(draft, { code, reason }, false);
}

/** Dials, pings and deadlines of the connection. */
export function linkTick(draft: Draft): void {
  const { link, unanswered } = draft.state;
  const { now } = draft.env;
  switch (link.kind) {
    case "stopped":
      return;
    case "waiting":
      if (now >= link.until) dial(draft);
      return;
    case "live":
      if (now >= deadAt(draft.state)) {
        draft.state.trouble = { code: "HEARTBEAT_LOST", message: "the gateway fell silent" };
        hangUp(draft, CLOSE.heartbeatLost, "heartbeat lost");
        return;
      }
      if (now >= nextPingAt(draft.state)) {
        draft.state.pingedAt = now;
        draft.state.unanswered = unanswered + 1;
        draft.effects.push({ kind: "send", text: PING });
      }
      if (now - link.since >= RECONNECT_STABLE_MS) draft.state.attempt = 0;
      return;
    default:
      if (now - link.since >= HANDSHAKE_DEADLINE_MS) {
        draft.state.trouble = {
          code: "DEADLINE_EXCEEDED",
          message: "the gateway did not finish the handshake within 10 s",
        };
        hangUp(draft, CLOSE.protocolError, "handshake deadline");
      }
  }
}

/**
 * When silence counts as death. Behind more than a little that waits to be sent, a ping's answer may
 * be late for that reason alone.
 */
function deadAt({ heardAt, pingedAt, unanswered, congested }: Draft["state"]): number {
  const silent = heardAt + HEARTBEAT_LOST_MS;
  if (congested || unanswered < PINGS_UNANSWERED_MAX) return silent;
  return Math.min(silent, pingedAt + PING_ANSWER_MS);
}

function nextPingAt({ pingedAt, unanswered, congested }: Draft["state"]): number {
  return pingedAt + (unanswered > 0 && !congested ? PING_ANSWER_MS : HEARTBEAT_INTERVAL_MS);
}

/** When {@link linkTick} has something to do. */
export function linkDueAt(state: Draft["state"]): number | null {
  const { link } = state;
  switch (link.kind) {
    case "stopped":
      return null;
    case "waiting":
      return link.until;
    case "live":
      return Math.min(deadAt(state), nextPingAt(state));
    default:
      return link.since + HANDSHAKE_DEADLINE_MS;
  }
}
