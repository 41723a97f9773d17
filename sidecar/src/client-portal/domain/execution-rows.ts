import type { Execution } from "@ibkr-edge-gateway/protocol/operation-schemas/executions-list.ts";
import { label } from "../broker-text.ts";
import { isoTime } from "../clock.ts";
import { ACCOUNT_ID } from "../endpoints/accounts.ts";
import type { TradeRow } from "../endpoints/trades.ts";
import { sideOf } from "./order-rows.ts";

/** A fill in our words. `onlyAccount` stands in where the row names none and the login has one. */
export function executionFrom(
  row: TradeRow,
  currency: string | null,
  onlyAccount: string | null,
): Execution | null {
  const named = row.account ?? row.accountCode ?? onlyAccount;
  if (row.execution_id === null || named === null || !ACCOUNT_ID.test(named)) return null;
  const at = executedAt(row);
  return {
    execution_id: row.execution_id.slice(0, 64),
    account_id: named,
    order_id: label(row.order_id, 40),
    order_ref: label(row.order_ref, 64),
    conid: row.conid,
    symbol: label(row.symbol, 100),
    asset_class: label(row.sec_type, 20),
    side: sideOf(row.side),
    quantity: row.size,
    price: row.price,
    currency,
    commission: row.commission,
    net_amount: row.net_amount,
    exchange: label(row.exchange ?? row.listing_exchange, 40),
    liquidation: row.liquidation_trade,
    executed_at: at === null ? null : isoTime(at),
  };
}

/** Milliseconds since the epoch; the text form is UTC. */
export function executedAt(row: TradeRow): number | null {
  if (row.trade_time_r !== null) return row.trade_time_r;
  const match = /^(\d{4})(\d{2})(\d{2})-(\d{2}):(\d{2}):(\d{2})$/.exec(row.trade_time ?? "");
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? null : at;
}
