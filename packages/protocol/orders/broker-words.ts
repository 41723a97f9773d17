import type { Order } from "../operation-schemas/orders-list.ts";
import type { OrderType, TimeInForce } from "./order-terms.ts";

/**
 * The broker's words for an order's state, its type and its time in force: one table for the list,
 * the stream, the status, the history, a placement and a change. The broker writes the same thing in
 * several ways (`LIMIT`, `LMT`; `Pre Submitted`, `PreSubmitted`), so that words are compared without
 * case and without the marks inside them.
 */
type Shown = Order["status"];
export type StatusEnd = "working" | "filled" | "cancelled" | "rejected" | "expired";

interface StatusWord {
  /** As an agent reads it; a fill makes `partially_filled` of a working order. */
  shown: Exclude<Shown, "partially_filled" | "unknown">;
  /** What it proves of the order. */
  says: StatusEnd;
}

const working = (shown: StatusWord["shown"]): StatusWord => ({ shown, says: "working" });

const STATUS_WORDS: ReadonlyMap<string, StatusWord> = new Map([
  ["apipending", working("pending")],
  ["pendingsubmit", working("pending")],
  // Held back until a warning is answered: it may still go out.
  ["warnstate", working("pending")],
  ["presubmitted", working("working")],
  ["submitted", working("working")],
  ["pendingcancel", working("pending_cancel")],
  ["precancelled", working("pending_cancel")],
  ["filled", { shown: "filled", says: "filled" }],
  ["cancelled", { shown: "cancelled", says: "cancelled" }],
  ["canceled", { shown: "cancelled", says: "cancelled" }],
  ["apicancelled", { shown: "cancelled", says: "cancelled" }],
  ["expired", { shown: "cancelled", says: "expired" }],
  ["inactive", { shown: "inactive", says: "rejected" }],
  ["rejected", { shown: "inactive", says: "rejected" }],
  ["failed", { shown: "inactive", says: "rejected" }],
] satisfies [string, StatusWord][]);

/** Every word of the table, for the tests that hold all readers to it. */
export const BROKER_STATUS_WORDS: readonly string[] = [...STATUS_WORDS.keys()];

const bare = (word: string): string => word.toLowerCase().replace(/[\s_\-/]/g, "");

/** What a state of the broker's means; null for a word that nobody knows. */
export function statusWord(word: string | null | undefined): StatusWord | null {
  return word == null ? null : (STATUS_WORDS.get(bare(word)) ?? null);
}

/** The broker says that the order has ended, however it did. */
export function isEnded(word: string | null | undefined): boolean {
  const known = statusWord(word);
  return known !== null && known.says !== "working";
}

const TYPE_WORDS: ReadonlyMap<string, OrderType> = new Map([
  ["limit", "LMT"],
  ["lmt", "LMT"],
  ["market", "MKT"],
  ["mkt", "MKT"],
  ["stop", "STP"],
  ["stp", "STP"],
  ["stoplimit", "STOP_LIMIT"],
  ["stoplmt", "STOP_LIMIT"],
  ["stplimit", "STOP_LIMIT"],
  ["stplmt", "STOP_LIMIT"],
  ["trail", "TRAIL"],
  ["trailingstop", "TRAIL"],
  ["traillmt", "TRAILLMT"],
  ["traillimit", "TRAILLMT"],
  ["trailingstoplimit", "TRAILLMT"],
  ["trailingstoplmt", "TRAILLMT"],
  ["midprice", "MIDPRICE"],
] satisfies [string, OrderType][]);

/** The order type that a word of the broker's means; null for a type this gateway does not have. */
export function orderTypeWord(word: string | null | undefined): OrderType | null {
  return word == null ? null : (TYPE_WORDS.get(bare(word)) ?? null);
}

const TIME_WORDS: ReadonlyMap<string, TimeInForce> = new Map([
  ["day", "DAY"],
  ["gtc", "GTC"],
  ["goodtillcancel", "GTC"],
  ["goodtillcanceled", "GTC"],
  ["goodtillcancelled", "GTC"],
  ["ioc", "IOC"],
  ["immediateorcancel", "IOC"],
  ["opg", "OPG"],
  ["atopen", "OPG"],
] satisfies [string, TimeInForce][]);

/** The same for a time in force; a filled order's `CLOSE` is none. */
export function timeInForceWord(word: string | null | undefined): TimeInForce | null {
  return word == null ? null : (TIME_WORDS.get(bare(word)) ?? null);
}
