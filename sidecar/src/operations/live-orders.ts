import { counted } from "@ibkr-edge-gateway/protocol/count.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operations/orders-list.ts";
import { orderFrom } from "../client-portal/domain/order-rows.ts";
import { liveOrders } from "../client-portal/endpoints/orders.ts";
import type { OperationContext, Provenance } from "./context.ts";
import type { ResolvedAccount } from "./resolve-account.ts";

export interface OrdersRead {
  orders: Order[];
  /** Rows that could not be read; with any, the list proves nothing that it does not show. */
  lost: number;
  proved: boolean;
  part: { at: number; from: Provenance["served_from"] };
  notes: string[];
}

const EMPTY_UNPROVED =
  "The broker's order list came back empty and could not be confirmed; it does not mean that there are no orders.";

/** The account's orders of the broker's day: from the stream while it is provably fresh, else read. */
export async function readOrders(
  context: OperationContext,
  account: ResolvedAccount,
): Promise<OrdersRead> {
  // With several accounts the stream may follow only the selected one.
  const streamed = account.accountCount === 1 ? context.stream.orders() : null;
  const answer =
    streamed === null
      ? await context.ask(
          liveOrders(account.accountCount > 1 ? { accountId: account.accountId } : {}),
        )
      : null;
  const rows = streamed?.value ?? answer?.value.orders ?? [];
  const read = rows.map((row) => orderFrom(row, context.isOwnOrder));
  const lost = read.filter((order) => order === null).length + (answer?.value.lost ?? 0);
  const orders = read
    .flatMap((order) => order ?? [])
    .filter((order) => order.account_id === account.accountId)
    .toSorted((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? ""));
  const proved = (answer?.proved ?? true) && lost === 0;
  const notes: string[] = [];
  if (!proved && orders.length === 0) notes.push(EMPTY_UNPROVED);
  if (lost > 0) {
    notes.push(`${counted(lost, "order row")} of the broker could not be read: missing here.`);
  }
  return {
    orders,
    lost,
    proved,
    part:
      streamed !== null
        ? { at: streamed.at, from: "stream" }
        : { at: answer?.at ?? context.clock.now(), from: answer?.from ?? "broker" },
    notes,
  };
}
