import type * as z from "zod";
import { encodeFrame, type FrameProblem } from "../frame-codec.ts";
import type { FROM_EDGE } from "../messages.ts";
import type { CloseCode, RelayErrorCode } from "../relay-errors.ts";
import type { ConnectionId } from "./edge-state.ts";
import { type Draft, setPhase } from "./edge-step.ts";

type EdgeType = keyof typeof FROM_EDGE;

interface Head {
  correlation_id?: string;
  traceparent?: string | undefined;
  /** Whoever does not know the type passes it over. */
  optional?: true;
}

/** Queues one frame; a live connection's frames carry its session and epoch. Returns the frame's id. */
export function send<T extends EdgeType>(
  draft: Draft,
  conn: ConnectionId,
  type: T,
  payload: z.input<(typeof FROM_EDGE)[T]>,
  head: Head = {},
): string {
  const phase = draft.connections.get(conn)?.phase;
  const id = draft.env.ulid();
  const text = encodeFrame({
    id,
    ...head,
    ...(phase?.kind === "live" ? { session_id: phase.sessionId, epoch: phase.epoch } : {}),
    type,
    now: draft.env.now,
    payload,
  });
  draft.effects.push({ kind: "send", conn, text });
  return id;
}

/** Ends a connection. Whatever it carried must have been dealt with before. */
export function close(draft: Draft, conn: ConnectionId, code: CloseCode, reason: string): void {
  setPhase(draft, conn, { kind: "closed" });
  draft.effects.push({ kind: "close", conn, code, reason });
}

/** Tells the peer what was wrong with one of its frames. */
export function sendProblem(
  draft: Draft,
  conn: ConnectionId,
  scope: "connection" | "session" | "request",
  problem: { code: RelayErrorCode; message: string; id: string | null },
  more: { retryAfterMs?: number; details?: Record<string, unknown> } = {},
): void {
  send(
    draft,
    conn,
    "session.error",
    {
      scope,
      code: problem.code,
      message: problem.message,
      retryable: more.retryAfterMs !== undefined,
      ...(more.retryAfterMs === undefined ? {} : { retry_after_ms: more.retryAfterMs }),
      ...(more.details === undefined ? {} : { details: more.details }),
    },
    problem.id === null ? {} : { correlation_id: problem.id },
  );
}

/**
 * A problem with one frame that leaves the connection open. `id`: of the frame, null where it has
 * none.
 */
export function problem(code: RelayErrorCode, message: string, id: string | null): FrameProblem {
  return { code, message, id, close: null };
}
