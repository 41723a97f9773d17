import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** A row of `/iserver/account/trades` and of the `str` stream. */
export const TradeRow = z.looseObject({
  execution_id: wire.id,
  order_id: wire.id,
  order_ref: wire.id,
  account: wire.text,
  accountCode: wire.text,
  conid: wire.conid,
  symbol: wire.text,
  sec_type: wire.text,
  listing_exchange: wire.text,
  exchange: wire.text,
  side: wire.text,
  size: wire.size,
  /** An expired option is closed at 0. */
  price: wire.money,
  commission: wire.money,
  net_amount: wire.money,
  trade_time: wire.text,
  trade_time_r: wire.time,
  liquidation_trade: wire.flag,
  submitter: wire.text,
});
export type TradeRow = z.output<typeof TradeRow>;

/** A fill listed twice is one fill: the row that came last. */
function onceEach(all: TradeRow[]): TradeRow[] {
  const last = new Map<string | TradeRow, TradeRow>();
  for (const row of all) last.set(row.execution_id ?? row, row);
  return [...last.values()];
}

export function trades(days: number): Ask<TradeRow[]> {
  return {
    name: "iserver.trades",
    path: "/iserver/account/trades",
    query: { days: String(days) },
    needs: "brokerage",
    pace: "trades",
    ttlMs: 5_000,
    warms: "trades",
    isCold: (rows) => rows.length === 0,
    decode: readWith(
      "iserver.trades",
      // Also a row without an id of its own says that something traded; its readers count it.
      rows(TradeRow).transform(onceEach),
    ),
  };
}
