import { type KillScope, killCovers } from "@ibkr-edge-gateway/policy/kill-table.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { openPlacements } from "../tables/intents/working.ts";

/**
 * Orders of this gateway that may still fill. Not all of them have the number the broker gave them:
 * the answer may be on its way, or lost. Such an order is named by our own reference, and the PC
 * looks for it; it is never passed over because its number is not known.
 */
export function workingOrders(
  sql: SqlStorage,
  covers: { scope: KillScope; subject: string | null } = { scope: "gateway", subject: null },
): IntentRow[] {
  return openPlacements(sql)
    .filter(({ broker_account, client_id }) =>
      killCovers(covers, { brokerAccountId: broker_account, clientId: client_id }),
    )
    .flatMap(({ coid }) => findIntent(sql, coid) ?? []);
}

/**
 * The broker's numbers of what may still fill of an order; null stands for a part without one.
 * Cancelling an entry takes its exits with it; exits that stand alone protect and stay.
 */
export function openNumbers(intent: IntentRow): (string | null)[] {
  const parsed =
    intent.outcome === null ? null : OrderOutcome.safeParse(JSON.parse(intent.outcome));
  const heads =
    parsed?.success === true
      ? parsed.data.orders.filter(({ role }) => role !== "take_profit" && role !== "stop_loss")
      : [];
  const open = heads.filter(({ state }) => !isTerminal(state));
  // Nothing was reported of its parts yet, or what was lacks the one that still counts.
  return open.length === 0 ? [null] : open.map(({ order_id }) => order_id);
}
