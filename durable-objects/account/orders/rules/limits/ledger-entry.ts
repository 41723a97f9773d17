import type { OrderLedgerEntry } from "@ibkr-edge-gateway/policy/ledger.ts";
import type { CountedIntent } from "../../tables/intents/counted.ts";

/** The row as the ledger counts it. */
export function ledgerEntryOf(row: CountedIntent): OrderLedgerEntry {
  return {
    id: row.coid,
    client_id: row.client_id,
    kind: row.action === "place" ? "order" : row.action,
    side: row.side,
    sold_option: row.side === "SELL" && row.asset_class === "OPT" && row.effect !== "exit",
    conid: row.conid,
    orders: row.orders,
    notional: row.notional,
    filled_notional: row.filled_notional,
    at_ms: row.created_at,
    day: row.day,
    state: row.ledger,
    seen: row.seen === 1,
  };
}
