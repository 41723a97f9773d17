import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { log } from "../web/log.ts";
import type { Exchange } from "./exchange.ts";

/** How a tool's answer is watched while a call waits for it to change. */
export interface Watch {
  /** What has to differ for the call to be answered before its time. */
  stateOf(output: Record<string, unknown>): string;
  /** True where nothing more can change. */
  isFinal(output: Record<string, unknown>): boolean;
  /** When it changes by the clock alone, in milliseconds since 1970; null where it does not. */
  changesAt?(output: Record<string, unknown>): number | null;
  /** True where the object hears only of a part of the changes: then the rest is read now and then. */
  reads: boolean;
}

/** The longest a call may wait, and how long it waits at a time. */
export const WAIT_MAX_SECONDS = 50;
const PIECE_MS = 10_000;
/** How often a caller who asked for it is told; writing is also how it is noticed that one is gone. */
const TELL_EVERY_MS = 3_000;
/** Between two looks, so that a burst of changes is not a burst of reads. */
const LOOK_APART_MS = 1_000;

export type Looked =
  | { ok: true; output: Record<string, unknown>; seq: number }
  | { ok: false; failure: GatewayFailure };

/**
 * Looks, waits in the object until something changes, looks again. A wait of 50 seconds is at most 5
 * requests to the object beside the looks, which are 2 where nothing or one thing happens; looking
 * every two seconds would be 26, and the object would be awake as long.
 *
 * A wait in the object is a piece of at most 10 seconds: it holds no job. A caller that hangs up gives
 * its place back at once. One whose own half of an HTTP/1.1 connection is closed and to whom nothing is
 * written (no progress token) cannot be told from one that listens: its wait goes on to its end.
 */
export async function waitForChange(
  exchange: Exchange,
  wanted: { scope: Scope | null; waitMs: number; watch: Watch },
  look: () => Promise<Looked>,
  now: () => number = Date.now,
): Promise<Looked> {
  const { scope, waitMs, watch } = wanted;
  const startedAt = now();
  const endsAt = startedAt + waitMs;
  let latest = await look();
  if (!latest.ok || waitMs <= 0) return latest;
  const state = watch.stateOf(latest.output);
  let lookedAt = startedAt;
  let waited = false;
  const place = crypto.randomUUID();
  exchange.signal?.addEventListener("abort", () => leave(exchange, place), { once: true });
  while (latest.ok && watch.stateOf(latest.output) === state && !watch.isFinal(latest.output)) {
    const left = endsAt - now();
    if (left <= 0 || isGone(exchange)) return latest;
    const tell = () =>
      void exchange
        .progress?.(Math.floor((now() - startedAt) / 1_000), Math.ceil(waitMs / 1_000))
        // The client went away: the wait ends by its signal, and the answer reaches nobody.
        .catch(() => undefined);
    tell();
    const byClock = watch.changesAt?.(latest.output) ?? null;
    const piece = Math.min(
      left,
      PIECE_MS,
      byClock === null ? PIECE_MS : Math.max(50, byClock - now() + 50),
    );
    const telling = setInterval(tell, TELL_EVERY_MS);
    const end = await waitPiece(exchange, { scope, afterSeq: latest.seq, ms: piece, place });
    clearInterval(telling);
    if (isGone(exchange)) return latest;
    if (end === "full") {
      if (!waited) return { ok: false, failure: noPlace() };
      // Between two pieces somebody else took the place; one is free again soon.
      await pause(Math.min(left, LOOK_APART_MS));
    }
    waited = true;
    const due = byClock !== null && now() >= byClock;
    if (end !== "changed" && !due && !watch.reads && endsAt > now()) continue;
    const early = lookedAt + LOOK_APART_MS - now();
    if (early > 0) await pause(Math.min(early, Math.max(0, endsAt - now())));
    lookedAt = now();
    latest = await look();
  }
  return latest;
}

/** One piece of the wait. An object that restarted has forgotten the wait, and nothing else. */
async function waitPiece(
  exchange: Exchange,
  wait: { scope: Scope | null; afterSeq: number; ms: number; place: string },
) {
  const { agent, requestId } = exchange;
  try {
    return await agent().untilChange(wait);
  } catch (error) {
    log("warn", "mcp.wait_failed", {
      request_id: requestId,
      error: error instanceof Error ? error.name : typeof error,
    });
    await pause(Math.min(wait.ms, LOOK_APART_MS));
    return "changed";
  }
}

const isGone = ({ signal }: Exchange): boolean => signal?.aborted === true;

/** The caller hung up: its place is for somebody else, now and not at the end of the piece. */
function leave({ agent, finish }: Exchange, place: string): void {
  // A place that is not given back ends with its piece.
  const left = agent()
    .leaveWait(place)
    .catch(() => undefined);
  finish?.(left);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function noPlace(): GatewayFailure {
  return failure(
    "RATE_LIMITED",
    "Too many calls wait for a change already: at most 4 of one client and 12 of the account. Call again without wait_seconds for the state now.",
    { retryable: true, retry_after_ms: PIECE_MS },
  );
}
