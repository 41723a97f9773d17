import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { IntentEffect } from "../journal/intent-change.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { BookView } from "./book-evidence.ts";
import type { BookRead } from "./order-book-read.ts";

/**
 * What the tracking knows besides the journal: when it looks next, and what its looks have not found.
 * Losing it loses nothing but time: `check_all` makes it anew.
 */
export interface TrackingState {
  /** Accepted and not seen yet: the next look. */
  readonly watches: ReadonlyMap<string, { readonly turn: number; readonly dueAt: number }>;
  readonly doubts: ReadonlyMap<string, Doubt>;
  /** Proved books in a row that did not show an order that stood. */
  readonly misses: ReadonlyMap<string, number>;
  /** A book that did not show an order which stood is read again then; milliseconds or null. */
  readonly missedLookAt: number | null;
  /** A view that speaks against a proved end has the whole book read then. */
  readonly overturnLookAt: number | null;
  readonly crossCheckAt: number | null;
  /** The read of the book that goes on; one at a time. */
  readonly reading: { readonly startedAt: number; readonly everything: boolean } | null;
  /** Somebody asked for a read after that one began. */
  readonly again: boolean;
  /** The next read is of every account, and is held against the whole journal. */
  readonly wholeBook: boolean;
  /** References of this gateway's that the PC never sent, each told once. */
  readonly unexplained: ReadonlySet<string>;
}

export interface Doubt {
  readonly looks: number;
  /** Proved reads that did not find it. */
  readonly blank: number;
  /** The next look; null when none is planned. */
  readonly dueAt: number | null;
}

export const NOTHING_TRACKED: TrackingState = {
  watches: new Map(),
  doubts: new Map(),
  misses: new Map(),
  missedLookAt: null,
  overturnLookAt: null,
  crossCheckAt: null,
  reading: null,
  again: false,
  wholeBook: false,
  unexplained: new Set(),
};

/** One order's status by its id; null where the broker does not know it. */
export interface OrderStatusRead {
  readonly orderId: string;
  readonly status: {
    readonly status: string | null;
    readonly filled: string | null;
    readonly remaining: string | null;
  } | null;
}

/** A look for an accepted order that goes on when its exits' statuses are read. */
export interface AcceptanceCheck {
  readonly coid: string;
  readonly turn: number;
  /** The stream had no orders to look at. */
  readonly streamless: boolean;
}

export type TrackingInput =
  /** The broker took it, as it says. */
  | { readonly kind: "watch"; readonly coid: string }
  /** Nobody knows. */
  | { readonly kind: "doubt"; readonly coid: string }
  /** Rows that came by the stream or by somebody else's read. */
  | { readonly kind: "see"; readonly view: BookView }
  /** Everything that is open, and the whole book against the journal. */
  | { readonly kind: "check_all" }
  | { readonly kind: "tick" }
  | {
      readonly kind: "statuses_read";
      readonly look: AcceptanceCheck;
      /** Of the record when they were asked for. */
      readonly version: number;
      /** Null when the read failed. */
      readonly statuses: readonly OrderStatusRead[] | null;
    }
  | { readonly kind: "book_read"; readonly accountId: string; readonly book: BookRead }
  /** Every account is read, or the read broke off. */
  | { readonly kind: "read_ended" };

export interface TrackingEnv {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly source: Source;
  /** The broker session is ready: it may be read. */
  readonly ready: boolean;
  readonly accounts: readonly string[];
  /** What the stream shows; null when it shows no orders. */
  streamed(): BookView | null;
  readonly journal: Pick<OrderStore, "intent" | "byRef" | "byOrderId" | "open">;
}

export type TrackingEffect =
  | IntentEffect
  | { readonly kind: "read_book"; readonly accountIds: readonly string[] }
  | {
      readonly kind: "read_statuses";
      readonly look: AcceptanceCheck;
      readonly version: number;
      readonly orderIds: readonly string[];
    };

export interface TrackingStep {
  readonly state: TrackingState;
  /** Committed together, before the state is adopted or an effect carried out. */
  readonly writes: readonly IntentRecord[];
  readonly effects: readonly TrackingEffect[];
}

/** When `tick` is due, in milliseconds; null when nothing waits for time to pass. */
export function dueAt(state: TrackingState): number | null {
  const due = [
    ...[...state.watches.values()].map((watch) => watch.dueAt),
    ...[...state.doubts.values()].flatMap((doubt) => doubt.dueAt ?? []),
    ...[state.missedLookAt, state.overturnLookAt, state.crossCheckAt].filter((at) => at !== null),
  ];
  return due.length === 0 ? null : Math.min(...due);
}
