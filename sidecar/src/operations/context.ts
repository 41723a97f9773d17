import type { Source } from "../../../src/protocol/operations/parts.ts";
import type { BrokerSession } from "../../../src/protocol/operations/session-status.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import type { Answer, Ask, AskOptions, Portal } from "../client-portal/portal.ts";

/** What one operation has to work with. */
export interface OperationContext {
  readonly clock: Clock;
  readonly source: Source;
  readonly signal: AbortSignal;
  /** When the caller stops waiting, ms since the epoch. */
  readonly deadlineAt: number;
  session(): BrokerSession;
  /** Tells the order references this gateway made from everybody else's. */
  isOwnOrder(orderRef: string): boolean;
  ask<T>(ask: Ask<T>, options?: Pick<AskOptions, "fresh">): Promise<Answer<T>>;
}

export function contextFor(parts: {
  portal: Portal;
  clock: Clock;
  source: Source;
  signal: AbortSignal;
  deadlineAt: number;
  session(): BrokerSession;
  isOwnOrder(orderRef: string): boolean;
}): OperationContext {
  const { portal, clock, deadlineAt, signal } = parts;
  return {
    clock,
    source: parts.source,
    signal,
    deadlineAt,
    session: parts.session,
    isOwnOrder: parts.isOwnOrder,
    ask: (ask, options = {}) =>
      portal.ask(ask, { ...options, signal, maxWaitMs: Math.max(0, deadlineAt - clock.now()) }),
  };
}

export interface Provenance {
  source: Source;
  as_of: string;
  age_ms: number;
  served_from: "broker" | "cache" | "stream" | "stale";
  notes: string[];
}

const RANK = { broker: 0, stream: 1, cache: 2, stale: 3 } as const;

/**
 * The common part of an answer made of these parts: as old as the oldest, as weak as the weakest.
 */
export function provenance(
  context: OperationContext,
  parts: readonly { at: number; from: Provenance["served_from"] }[],
  notes: readonly string[] = [],
): Provenance {
  const now = context.clock.now();
  const at = Math.min(now, ...parts.map((part) => part.at));
  let from: Provenance["served_from"] = "broker";
  for (const part of parts) if (RANK[part.from] > RANK[from]) from = part.from;
  const session = context.session();
  const all = [...notes];
  if (from === "stale") {
    all.push("The broker may not be asked at the moment; this is the last answer it gave.");
  }
  if (session.reads === "portfolio_only") all.push(session.meaning);
  return {
    source: context.source,
    as_of: isoTime(at),
    age_ms: Math.max(0, Math.round(now - at)),
    served_from: from,
    notes: all,
  };
}

/** A page of rows, and where the next one begins. */
export function pageOf<T>(
  rows: readonly T[],
  request: { offset: number; limit: number },
): {
  rows: T[];
  page: { offset: number; returned: number; total: number; next_offset: number | null };
} {
  const slice = rows.slice(request.offset, request.offset + request.limit);
  const end = request.offset + slice.length;
  return {
    rows: slice,
    page: {
      offset: request.offset,
      returned: slice.length,
      total: rows.length,
      next_offset: end < rows.length && slice.length > 0 ? end : null,
    },
  };
}
