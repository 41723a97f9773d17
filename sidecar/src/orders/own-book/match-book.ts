import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { Decimal } from "decimal.js";
import type { TradeRow } from "../../client-portal/endpoints/trades.ts";
import { type IntentRecord, principalOrder } from "../journal/intent-record.ts";
import type { Matched, OwnStatementRow } from "../journal/tables/own-statements.ts";
import type { BookRead } from "../tracking/order-book-read.ts";
import type { ReadBack } from "./own-book.ts";

/** References of this gateway begin like this; nobody else's do. */
const OWN_PREFIX = "ieg1-";
/** The broker's list of orders is of its day; what ended is not looked for in it after this. */
const LISTED_FOR_MS = 24 * 60 * 60_000;
/** And so many days of executions. */
export const EXECUTIONS_SHOWN_MS = 7 * 24 * 60 * 60_000;

/** Seen at the broker once, and not known to have ended. */
const STANDS: ReadonlySet<string> = new Set(["working", "partially_filled"]);

/** What one side holds and the other does not. */
export interface Unmatched {
  readonly what: "order" | "execution" | "sent";
  /** The broker's order or execution id, or our reference of what was sent. */
  readonly id: string;
  readonly orderRef: string;
  /**
   * `unknown_here`: no such intent at this PC. `not_stated`: the intent is known, and its sending was
   * never stated. `not_at_broker`: sent, taken as standing or filled, and not in the broker's book.
   */
  readonly why: "unknown_here" | "not_stated" | "not_at_broker";
}

export interface BookMatch {
  readonly unmatched: readonly Unmatched[];
  /** Sent, ended, and not shown by the broker any more: can be held against nothing. */
  readonly gone: readonly string[];
  /** What each statement is to be marked with. */
  readonly marks: readonly { readonly pcSeq: number; readonly matched: Matched }[];
  /** Executions that bear a reference of the gateway. */
  readonly executions: readonly { readonly execution_id: string; readonly order_ref: string }[];
  /** Results that say something new. */
  readonly results: readonly ReadBack[];
}

export interface MatchParts {
  readonly accountId: string;
  readonly book: BookRead;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** When the book of statements began; what is older was sent before it. Null: it has not begun. */
  readonly beganAtMs: number | null;
  /** Orders stated as sent that are not matched for good. */
  readonly sent: readonly OwnStatementRow[];
  readonly intent: (ref: string) => IntentRecord | null;
  readonly isStated: (coid: string) => boolean;
  /** The last result that was stated of an order, without its time and number; null for none. */
  readonly lastResult: (coid: string) => string | null;
}

/**
 * Holds the broker's book against what this PC stated it sent, in both directions. Pure: time is an
 * input, and nothing depends on the hour, the day or the zone.
 */
export function matchBook(parts: MatchParts): BookMatch {
  const { book, accountId } = parts;
  const trades = book.trades.filter(
    ({ account, accountCode }) => (accountCode ?? account ?? accountId) === accountId,
  );
  const orders = book.orders.filter(
    ({ acct, account }) => (acct ?? account ?? accountId) === accountId,
  );
  const refs = new Set<string>();
  const unmatched: Unmatched[] = [];
  const atBroker = (what: "order" | "execution", id: string | null, ref: string | null): void => {
    if (ref?.startsWith(OWN_PREFIX) !== true) return;
    const intent = parts.intent(ref);
    refs.add(intent?.coid ?? ref);
    const why = whyUnstated(parts, intent);
    if (why !== null) unmatched.push({ what, id: id ?? ref, orderRef: ref, why });
  };
  for (const { orderId, order_ref, parentId } of orders) {
    atBroker("order", orderId, order_ref ?? parentId);
  }
  for (const { execution_id, order_ref } of trades) atBroker("execution", execution_id, order_ref);
  const marks: { pcSeq: number; matched: Matched }[] = [];
  const gone: string[] = [];
  for (const row of parts.sent) {
    if (row.coid === null || row.matched !== null) continue;
    const verdict = refs.has(row.coid) ? "found" : verdictOf(parts, row, parts.intent(row.coid));
    if (verdict === null) continue;
    if (verdict === "not_at_broker") {
      unmatched.push({ what: "sent", id: row.coid, orderRef: row.coid, why: verdict });
      continue;
    }
    if (verdict === "gone") gone.push(row.coid);
    marks.push({ pcSeq: row.pcSeq, matched: verdict });
  }
  const executions = trades.flatMap(({ execution_id, order_ref }) =>
    execution_id !== null && order_ref?.startsWith(OWN_PREFIX) === true
      ? [{ execution_id, order_ref }]
      : [],
  );
  return { unmatched, gone, marks, results: newResults(parts, trades), executions };
}

/** Why an order at the broker is not explained by what was stated; null when it is. */
function whyUnstated(
  { beganAtMs, isStated }: MatchParts,
  intent: IntentRecord | null,
): Unmatched["why"] | null {
  if (intent === null) return "unknown_here";
  if (isStated(intent.coid)) return null;
  return beganAtMs !== null && intent.created_at >= beganAtMs ? "not_stated" : null;
}

/** What is to be made of an order that was sent and that the broker's book does not show. */
function verdictOf(
  { book, nowMs }: MatchParts,
  row: OwnStatementRow,
  intent: IntentRecord | null,
): Matched | "not_at_broker" | null {
  if (intent === null) return "gone";
  // A change has the reference of the order that it changed, which stands in the book by itself.
  if (intent.action === "modify") return "found";
  if (intent.state === "rejected") return "refused";
  // Only a book that agreed with itself shows that something is not in it; a doubt is looked for already.
  if (!book.proved || isInDoubt(intent.state)) return null;
  // A reading that began before says nothing of what came since.
  if (Math.max(row.madeAtMs, intent.updated_at) > (book.startedAt ?? nowMs)) return null;
  if (!isTerminal(intent.state)) return STANDS.has(intent.state) ? "not_at_broker" : null;
  const shownFor = intent.state === "filled" ? EXECUTIONS_SHOWN_MS : LISTED_FOR_MS;
  if (nowMs - Math.max(row.madeAtMs, intent.updated_at) > shownFor) return "gone";
  return intent.state === "filled" ? "not_at_broker" : null;
}

/** Of every order that was sent, what the broker shows of it now, where that is news. */
function newResults(parts: MatchParts, trades: readonly TradeRow[]): ReadBack[] {
  const { sent, accountId, book } = parts;
  return sent.flatMap(({ coid }) => {
    const intent = coid === null ? null : parts.intent(coid);
    if (coid === null || intent === null || intent.action === "modify") return [];
    const executions = trades.flatMap((trade) => executionOf(trade, intent.coid, parts.intent));
    if (!isTerminal(intent.state) && executions.length === 0) return [];
    const result: ReadBack = {
      coid,
      accountId,
      orderId: principalOrder(intent)?.order_id ?? null,
      status: intent.state,
      executions,
      readAt: book.at,
    };
    return resultMark(result) === parts.lastResult(coid) ? [] : [result];
  });
}

/**
 * How an order ended, as far as it can be said whole: with the executions of the last reading where they
 * are all that was filled. Null for one that goes on, and where executions are missing.
 */
export function endOf(
  intent: IntentRecord,
  trades: readonly TradeRow[],
): Omit<ReadBack, "readAt"> | null {
  if (!isTerminal(intent.state) || intent.action === "modify") return null;
  const executions = trades.flatMap((trade) =>
    executionOf(trade, intent.coid, (ref) =>
      intent.orders.some(({ order_ref }) => order_ref === ref) ? intent : null,
    ),
  );
  const filled = sum(intent.orders.map((order) => order.filled ?? "0"));
  if (!filled.eq(sum(executions.map(({ quantity }) => quantity)))) return null;
  if (intent.state === "filled" && filled.isZero()) return null;
  return {
    coid: intent.coid,
    accountId: intent.account_id,
    orderId: principalOrder(intent)?.order_id ?? null,
    status: intent.state,
    executions,
  };
}

const sum = (amounts: readonly string[]): Decimal =>
  amounts.reduce((total, amount) => total.plus(amount), new Decimal(0));

/** What makes a result news: everything in it but when it was read. */
export function resultMark({
  orderId,
  status,
  executions,
}: Pick<ReadBack, "orderId" | "status" | "executions">): string {
  return JSON.stringify([orderId, status, executions.map((one) => [one.exec_id, one.quantity])]);
}

function executionOf(
  { execution_id, order_ref, size, price, trade_time_r }: TradeRow,
  coid: string,
  intentOf: MatchParts["intent"],
): ReadBack["executions"] {
  if (execution_id === null || size === null || price === null || order_ref === null) return [];
  if (intentOf(order_ref)?.coid !== coid) return [];
  const at = trade_time_r === null ? "" : new Date(trade_time_r).toISOString();
  return [{ exec_id: execution_id, quantity: size, price, at }];
}
