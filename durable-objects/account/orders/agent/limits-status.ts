import type { LimitStatus } from "@ibkr-edge-gateway/policy/headroom.ts";
import { headroomOf } from "@ibkr-edge-gateway/policy/headroom.ts";
import { type OrderLedgerEntry, roundTripsOf, usageOf } from "@ibkr-edge-gateway/policy/ledger.ts";
import { dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { ledgerEntryOf } from "../rules/limits/ledger-entry.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import { feature } from "../rules/limits/trading-features.ts";
import { tradingStateOf } from "../rules/limits/trading-state.ts";
import { mandateUsage } from "../rules/mandates/mandate-usage.ts";
import { fillsSince } from "../tables/fills.ts";
import { countedIntents } from "../tables/intents/counted.ts";
import { standingMandates } from "../tables/mandates.ts";
import { policyInForce } from "../tables/policies.ts";

const RECENT_MS = 26 * 3_600_000;

/**
 * Every limit of one account with what is left of it, from the rows the submit itself counts; and of
 * the mandates that this agent may use there, over the last 24 hours.
 */
export function limitsOf(parts: OrderParts, brokerAccount: string, clientId: string | null = null) {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const day = tradingDay(nowMs);
  const policy = policyInForce(sql, brokerAccount, nowMs);
  const rows = countedIntents(sql, brokerAccount, { sinceMs: nowMs - RECENT_MS, day });
  const fills = fillsSince(sql, brokerAccount, nowMs - RECENT_MS)
    .filter(({ at }) => tradingDay(at) === day)
    .map((fill) => ({ ...fill, at: iso(fill.at) }));
  const entries = rows.map(ledgerEntryOf);
  const usage = usageOf(entries, {
    nowMs,
    day: dayInUse(entries, day),
    calendarDay: day,
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
    limits: [
      ...(policy === null ? [] : headroomOf(usage, policy.document)),
      ...underMandates(parts, brokerAccount, clientId),
    ],
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

/** Today; or the session that orders wait for, on a day that no order counts against. */
function dayInUse(entries: readonly OrderLedgerEntry[], today: string): string {
  const days = entries.flatMap(({ kind, day }) => (kind === "cancel" || day < today ? [] : [day]));
  return days.includes(today) ? today : (days.toSorted()[0] ?? today);
}

function underMandates(
  parts: OrderParts,
  brokerAccount: string,
  clientId: string | null,
): LimitStatus[] {
  const { sql } = parts.storage;
  if (clientId === null) return [];
  return standingMandates(sql, parts.now())
    .filter(
      ({ mandate, pc }) =>
        pc.state === "confirmed" &&
        mandate.accounts.includes(brokerAccount) &&
        mandate.clients.includes(clientId),
    )
    .flatMap(({ mandate }) => {
      const used = mandateUsage(sql, mandate.mandate_id, parts.now(), "count_open_approvals");
      const of = (name: string, spent: string | null, bound: string): LimitStatus => ({
        limit: `mandate.${mandate.mandate_id}.${name}`,
        used: spent,
        bound,
        headroom: spent === null ? null : decimalText(dec(bound).minus(dec(spent))),
      });
      return [
        of("max_orders_per_day", String(used.orders_today), String(mandate.max_orders_per_day)),
        of("max_notional_per_day", used.notional_today, mandate.max_notional_per_day),
      ];
    });
}
