import {
  Decimal,
  dec,
  decimalText,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PolicyDocument } from "./document.ts";
import type { Usage } from "./snapshot.ts";

/** How much of a cumulative limit is used, for the limits status. Null is unknown, or no limit. */
export interface LimitStatus {
  /** The policy's field: `cumulative.max_orders_per_day`. */
  limit: string;
  used: string | null;
  bound: string;
  headroom: string | null;
}

/** Every cumulative limit that is set, with what is left of it. */
export function headroomOf(usage: Usage | null, policy: PolicyDocument): LimitStatus[] {
  const { cumulative } = policy;
  const uses: [keyof PolicyDocument["cumulative"], number | string | null | undefined][] = [
    ["max_orders_per_second", usage?.orders_last_second],
    ["max_orders_per_minute", usage?.orders_last_minute],
    ["max_orders_per_hour", usage?.orders_last_hour],
    ["max_orders_per_day", usage?.orders_today],
    ["max_messages_per_minute", usage?.messages_last_minute],
    ["max_buy_notional_per_day", usage?.buy_notional_today],
    ["max_turnover_per_day", usage?.turnover_today],
    ["max_round_trips", usage?.round_trips],
  ];
  return uses.flatMap(([field, used]) => {
    const bound = cumulative[field];
    if (bound === null) return [];
    const value = used === null || used === undefined ? null : parseFigure(String(used));
    const left = value === null ? null : Decimal.max(0, dec(String(bound)).minus(value));
    return [
      {
        limit: `cumulative.${field}`,
        used: value === null ? null : decimalText(value),
        bound: String(bound),
        headroom: left === null ? null : decimalText(left),
      },
    ];
  });
}
