import type { Position } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { Decimal } from "decimal.js";
import type { Ledger } from "../client-portal/endpoints/balances.ts";

/**
 * After a fill the broker's money picture and its position lists disagree for up to a minute. The
 * ledger is the fresher one: where its stock value and the sum of the positions are apart by more
 * than prices move in seconds, the positions are marked as settling.
 */
export function looksUnsettled(ledger: Ledger, positions: readonly Position[]): boolean {
  const sums = new Map<string, Decimal>();
  for (const position of positions) {
    if (position.asset_class !== "STK" || position.currency === null) continue;
    // Without a value nothing can be compared in that currency.
    if (position.market_value === null) return false;
    const sum = sums.get(position.currency) ?? new Decimal(0);
    sums.set(position.currency, sum.plus(position.market_value));
  }
  for (const [currency, line] of ledger) {
    if (currency === "BASE" || line.stockmarketvalue === null) continue;
    const ours = sums.get(currency) ?? new Decimal(0);
    const theirs = new Decimal(line.stockmarketvalue);
    const apart = ours.minus(theirs).abs();
    const tolerance = Decimal.max(1, Decimal.max(ours.abs(), theirs.abs()).times("0.02"));
    if (apart.greaterThan(tolerance)) return true;
  }
  return false;
}

export const SETTLING_NOTE =
  "The broker's cash and position figures disagree, as they do shortly after a fill; read again in a minute.";
