import { sumOf } from "@ibkr-edge-gateway/policy/percent.ts";
import type { OpenOrder, Usage } from "@ibkr-edge-gateway/policy/snapshot.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { iso } from "../order-context.ts";
import { isNotShown } from "../rules/outcomes/quiet-period.ts";
import type { CountedIntent } from "../tables/intents/counted.ts";

/**
 * Own orders that take from the limits of what is open: the sidecar's list shows those that had
 * reached the broker when it was read, and the rows of this object, read in the submit's own turn,
 * know of the others. Two submits at once both see the same list; only one of them sees no row. A
 * change that the list may not show yet counts beside the order it changes, with all that the order
 * will be: more than it is, for the seconds until it is read.
 */

/** A read for a submit takes no longer than this: what ended before was part of what was read. */
export const LONGEST_READ_MS = 20_000;

export function ownOpenOrders(
  rows: readonly CountedIntent[],
  working: PreviewFacts["working"],
  readAtMs: number,
): OpenOrder[] {
  const shown = new Set(
    (working ?? []).flatMap(({ order_ref, parent_ref }) =>
      [order_ref, parent_ref].flatMap((ref) =>
        // A group's members carry the cOID with a letter.
        ref === null ? [] : [ref, ref.replace(/-[a-z]$/, "")],
      ),
    ),
  );
  return rows.flatMap((row) => {
    if (row.action === "cancel" || row.ledger === "released") return [];
    const change = row.action === "modify";
    if (change && isRead(row, readAtMs)) return [];
    const ended = isTerminal(row.state);
    // What filled while the sidecar read may be neither in its positions nor in its list.
    if (ended && (row.updated_at < readAtMs || row.filled_notional === "0")) return [];
    return [
      {
        order_ref: row.coid,
        conid: row.conid,
        side: row.side,
        asset_class: row.asset_class,
        quantity: row.quantity,
        notional: row.notional,
        placed_at: iso(row.created_at),
        exit: row.effect === "exit",
        in_flight: change || !shown.has(row.coid),
        ...(change && { change }),
        ...(isNotShown(row, readAtMs) && { not_shown: true as const }),
      },
    ];
  });
}

/** Proved to be at the broker before the list was asked for: the list shows the order as changed. */
const isRead = ({ state, updated_at }: CountedIntent, readAtMs: number): boolean =>
  (state === "working" || state === "partially_filled") && updated_at < readAtMs;

/** Those the sidecar's list does not show, as they count against what may be open. */
export function inFlightOf(
  rows: readonly CountedIntent[],
  open: readonly OpenOrder[],
): Pick<Usage, "inflight_orders" | "inflight_notional"> {
  const legs = new Map(rows.map(({ coid, orders }) => [coid, orders]));
  const missed = open.filter(({ in_flight }) => in_flight);
  const notional = missed.reduce<Decimal | null>(
    (sum, { notional: each }) => sumOf(sum, each),
    new Decimal(0),
  );
  return {
    inflight_orders: missed
      .filter(({ change }) => change === undefined)
      .reduce((sum, { order_ref }) => sum + (legs.get(order_ref) ?? 1), 0),
    inflight_notional: notional === null ? null : decimalText(notional),
  };
}
