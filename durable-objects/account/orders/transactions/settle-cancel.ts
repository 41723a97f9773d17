import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import {
  evidenceOfStatus,
  isTerminal,
  type OrderEvidence,
  type TerminalState,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { openCancels } from "../tables/intents/cancels.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { applyBookRead } from "./apply-book-read.ts";
import { ownOrder } from "./cancel-transaction.ts";

/**
 * A cancel whose answer was lost, or whose effect was not seen, is settled by the order it was
 * about: the book says whether that one stands or how it ended. Where the book no longer shows it,
 * what was proved of it before counts.
 */
export function settleCancels(
  parts: OrderParts,
  brokerAccount: string,
  book: { orders: readonly Order[]; proved: boolean; askedAt: number },
): void {
  const { storage, log } = parts;
  for (const intent of unsettledIntents(storage.sql, brokerAccount)) {
    const evidence = evidenceOf(parts, intent, book.orders);
    const { proved, askedAt } = book;
    // A cancel was never "not placed": without its order only the owner can tell.
    const read = { evidence, proved, found: evidence !== null, claimed: true, askedAt };
    applyBookRead(storage, intent.coid, read, parts.now(), log);
  }
}

function evidenceOf(
  parts: OrderParts,
  intent: IntentRow,
  orders: readonly Order[],
): OrderEvidence | null {
  const { withdraws } = intent;
  if (withdraws === null) return null;
  const at = iso(parts.now());
  const row =
    orders.find(({ order_id }) => order_id === withdraws) ??
    orders.find(({ order_ref, parent_id }) => order_ref === withdraws && parent_id === null);
  if (row !== undefined) {
    const says = evidenceOfStatus(row.broker_status ?? "", row.filled, row.remaining);
    if (says === null) return null;
    const { filled, remaining } = row;
    return { source: "live_orders", says, filled, remaining, at };
  }
  const ended = endOf(parts.storage.sql, intent, withdraws);
  // One that never stood has nothing left to cancel.
  const says = ended === "rejected" ? "expired" : ended;
  return says === null ? null : { source: "live_orders", says, filled: null, remaining: null, at };
}

/** How the order ended by what was proved of it before; null where it is not known to have ended. */
function endOf(sql: SqlStorage, intent: IntentRow, withdraws: string): TerminalState | null {
  const named = findIntent(sql, withdraws);
  if (named !== null) return isTerminal(named.state) ? named.state : null;
  const own = ownOrder(sql, {
    brokerAccount: intent.broker_account,
    mode: intent.mode,
    orderId: withdraws,
  });
  const parsed = OrderOutcome.safeParse(JSON.parse(own?.outcome ?? "null"));
  const part = parsed.data?.orders.find(({ order_id }) => order_id === withdraws);
  return part !== undefined && isTerminal(part.state) ? part.state : null;
}

const unsettledIntents = (sql: SqlStorage, brokerAccount: string): IntentRow[] =>
  openCancels(sql, brokerAccount).flatMap((coid) => findIntent(sql, coid) ?? []);
