import type { OperationOutput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type { ordersReconcile } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-reconcile.ts";
import {
  evidenceOfStatus,
  type OrderEvidence,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { orderFrom } from "../../client-portal/domain/order-rows.ts";
import { type OperationContext, provenance } from "../../operation-handlers/operation-context.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { BookKeeper } from "../own-book/book-keeper.ts";
import type { BookRead } from "./order-book-read.ts";
import type { Tracking } from "./tracking.ts";

/** Asks the book about references, and lets the sidecar's own journal learn from the same read. */
export async function reconcileOrders(
  parts: {
    readBook(accountId: string, signal?: AbortSignal): Promise<BookRead>;
    keeper: Pick<BookKeeper, "report">;
    store: OrderStore;
    tracking: Tracking;
  },
  context: OperationContext,
  input: { account_id: string; order_refs: string[] },
): Promise<OperationOutput<typeof ordersReconcile>> {
  const account = await resolveAccount(context, input.account_id);
  const book = await parts.readBook(account.accountId, context.signal);
  const ownBook = parts.keeper.report(account.accountId);
  parts.tracking.see(book);
  const isOwn = (ref: string): boolean => parts.store.byRef(ref) !== null;
  const read = book.orders.map((row) => orderFrom(row, isOwn));
  const orders = read
    .flatMap((order) => order ?? [])
    .filter(({ account_id }) => account_id === account.accountId);
  const complete = read.every((order) => order !== null);
  const now = context.clock.now();
  return {
    account_id: account.accountId,
    results: input.order_refs.map((ref) => {
      const own = orders.filter(
        (order) =>
          order.order_ref === ref ||
          orders.some((one) => one.order_ref === ref && one.order_id === order.parent_id),
      );
      const fills = book.trades.filter((trade) => trade.order_ref === ref);
      return {
        order_ref: ref,
        found: own.length > 0 || fills.length > 0,
        claimed: parts.store.byRef(ref)?.claimed === true,
        evidence: evidenceOf(ref, own, fills.length > 0, book),
        orders: own.slice(0, 6),
        executions: fills.flatMap(({ execution_id }) => execution_id ?? []).slice(0, 100),
      };
    }),
    orders: orders.slice(0, 1_000),
    ...(ownBook === null ? {} : { own_book: ownBook }),
    proved: book.proved && complete,
    ...provenance(
      context,
      [{ at: now, from: "broker" }],
      complete ? [] : ["Some order rows of the broker could not be read."],
    ),
  };
}

function evidenceOf(
  ref: string,
  orders: {
    order_ref: string | null;
    broker_status: string | null;
    filled: string | null;
    remaining: string | null;
  }[],
  traded: boolean,
  book: BookRead,
): OrderEvidence | null {
  const own = orders.find(({ order_ref }) => order_ref === ref);
  const says =
    own === undefined ? null : evidenceOfStatus(own.broker_status ?? "", own.filled, own.remaining);
  if (own !== undefined && says !== null) {
    return {
      source: "live_orders",
      says,
      filled: own.filled,
      remaining: own.remaining,
      at: book.at,
    };
  }
  return traded
    ? { source: "trades", says: "working", filled: null, remaining: null, at: book.at }
    : null;
}
