import type { PolicySnapshot } from "./snapshot.ts";

/** What an account has behind it that has not traded, as the edge counts it; `now` in ISO 8601. */
export const nothingDone = (
  now: string,
): Pick<
  PolicySnapshot["edge"],
  "usage" | "history" | "fills" | "losses" | "asked" | "own_open" | "own_gtc"
> => ({
  usage: {
    orders_last_second: 0,
    orders_last_minute: 0,
    orders_last_hour: 0,
    orders_today: 0,
    messages_last_minute: 0,
    cancels_today: 0,
    fills_today: 0,
    buy_notional_today: "0",
    turnover_today: "0",
    round_trips: 0,
    inflight_orders: 0,
    inflight_notional: "0",
    as_of: now,
  },
  history: { quantities: [], notionals: [] },
  fills: [],
  losses: { consecutive: 0, last_loss_at: null, stop_outs: [] },
  asked: [],
  own_open: [],
  own_gtc: [],
});
