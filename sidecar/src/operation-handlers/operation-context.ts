import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import type { Position } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import {
  type BrokerSession,
  marketNote,
} from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import type { Priority } from "../client-portal/pacing/priority.ts";
import type { Answer, Ask, AskOptions, Portal } from "../client-portal/portal-interface.ts";
import type { QuoteLines } from "../client-portal/quote-lines.ts";
import type { StreamView } from "../client-portal/stream/stream-view.ts";
import { createSeenList, type SeenList } from "./seen-lists.ts";

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
  /** What the broker's stream knows; null where it is not provably fresh. */
  readonly stream: StreamView;
  readonly lines: QuoteLines;
  /** What the lists of this broker showed before. */
  readonly seen: Seen;
  /** Looks at the session now. */
  renewSession(): Promise<void>;
  /** IANA zone of this PC, for times in words; null when it is not known. */
  readonly ownerZone: string | null;
  /** Folder for what is kept on disk. */
  readonly configDir: string;
  /** As what its questions stand in the line to the broker. */
  readonly priority: Priority;
  /** The client for whom it is done; null for nobody's. */
  readonly share: string | null;
  ask<T>(ask: Ask<T>, options?: Pick<AskOptions, "fresh" | "maxAgeMs">): Promise<Answer<T>>;
}

/** Orders that may trade and positions that are held, as a list showed them last. */
export interface Seen {
  readonly orders: SeenList<Order>;
  readonly positions: SeenList<Position>;
}

export const createSeen = (): Seen => ({
  orders: createSeenList(),
  positions: createSeenList(),
});

export interface ContextParts extends Omit<OperationContext, "ask"> {
  readonly portal: Portal;
}

export function contextFor(parts: ContextParts): OperationContext {
  const { portal, ...rest } = parts;
  return {
    ...rest,
    ask: (ask, options = {}) =>
      portal.ask(ask, {
        ...options,
        priority: rest.priority,
        share: rest.share,
        signal: rest.signal,
        maxWaitMs: Math.max(0, rest.deadlineAt - rest.clock.now()),
      }),
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
  parts: readonly { at: number; from: Provenance["served_from"]; unread?: number }[],
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
  const unread = parts.reduce((sum, part) => sum + (part.unread ?? 0), 0);
  if (unread > 0)
    all.push(`${counted(unread, "value")} of the broker could not be read: null here.`);
  if (session.reads === "portfolio_only") all.push(session.meaning);
  return {
    source: context.source,
    as_of: isoTime(at),
    age_ms: Math.max(0, Math.round(now - at)),
    served_from: from,
    notes: all,
  };
}

/** What every answer about prices and hours says of the market itself. */
export function marketNotes(context: OperationContext): string[] {
  const note = marketNote(context.session());
  return note === null ? [] : [`${note}.`];
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
