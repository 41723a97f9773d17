import { headroomOf } from "../../../src/policy/headroom.ts";
import { roundTripsOf, usageOf } from "../../../src/policy/ledger.ts";
import { isInDoubt } from "../../../src/protocol/orders/state.ts";
import { Side } from "../../../src/protocol/orders/terms.ts";
import { tradingStateOf } from "./edge-facts.ts";
import { feature } from "./features.ts";
import { countedIntents, ledgerEntryOf } from "./intents.ts";
import { iso, type OrderParts } from "./parts.ts";
import { policyInForce } from "./policies.ts";
import { tradingDay } from "./trading-day.ts";

const RECENT_MS = 26 * 3_600_000;

/** Every limit of one account with what is left of it, from the rows the submit itself counts. */
export function limitsOf(parts: OrderParts, brokerAccount: string) {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const day = tradingDay(nowMs);
  const policy = policyInForce(sql, brokerAccount, nowMs);
  const rows = countedIntents(sql, brokerAccount, nowMs - RECENT_MS);
  const fills = sql
    .exec<{ conid: number; side: string; quantity: string; at: number }>(
      "SELECT conid, side, quantity, at FROM order_fills WHERE broker_account = ? AND at >= ?",
      brokerAccount,
      nowMs - RECENT_MS,
    )
    .toArray()
    .filter(({ at }) => tradingDay(at) === day)
    .map((row) => ({ ...row, side: Side.parse(row.side), at: iso(row.at) }));
  const usage = usageOf(rows.map(ledgerEntryOf), {
    nowMs,
    day,
    fillsToday: fills.length,
    roundTrips: roundTripsOf(fills),
  });
  const order = policy?.document.order;
  return {
    account_id: brokerAccount,
    policy_version: policy?.version ?? null,
    policy_hash: policy?.hash ?? null,
    mode: policy?.document.mode ?? null,
    trading_state: tradingStateOf(sql, brokerAccount, day),
    switches: { paper: feature(sql, "paper").enabled, live: feature(sql, "live").enabled },
    limits: policy === null ? [] : headroomOf(usage, policy.document),
    per_order:
      order === undefined
        ? []
        : (
            [
              ["order.max_notional", order.max_notional],
              ["order.max_quantity", order.max_quantity],
              ["order.max_nlv_percent", order.max_nlv_percent],
              ["order.max_buying_power_percent", order.max_buying_power_percent],
            ] as const
          ).flatMap(([limit, bound]) => (bound === null ? [] : [{ limit, bound }])),
    in_doubt: rows.filter(({ state }) => isInDoubt(state)).length,
    as_of: iso(nowMs),
  };
}
