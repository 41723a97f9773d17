import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

/** A row of `/iserver/account/trades` and of the `str` stream. */
export const TradeRow = z.looseObject({
  execution_id: wire.text,
  order_id: wire.text,
  order_ref: wire.text,
  account: wire.text,
  accountCode: wire.text,
  conid: wire.conid,
  symbol: wire.text,
  sec_type: wire.text,
  listing_exchange: wire.text,
  exchange: wire.text,
  side: wire.text,
  size: wire.decimal,
  price: wire.decimal,
  commission: wire.decimal,
  net_amount: wire.decimal,
  trade_time: wire.text,
  trade_time_r: wire.integer,
  liquidation_trade: wire.boolean,
  submitter: wire.text,
});
export type TradeRow = z.output<typeof TradeRow>;

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
      z.array(z.unknown()).transform((rows) =>
        rows.map((row) => {
          const parsed = TradeRow.safeParse(row);
          // Also a row without an id of its own says that something traded; its readers count it.
          return parsed.success ? parsed.data : TradeRow.parse({});
        }),
      ),
    ),
  };
}
