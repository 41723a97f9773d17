import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { recordsByName, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const BALANCES_TTL_MS = 3_000;

/** One line of `/portfolio/{account}/summary`. `isNull` lines hold a 0 that means nothing. */
const SummaryLine = z.looseObject({
  amount: wire.money,
  currency: wire.currency,
  isNull: wire.flag,
  value: wire.text,
  timestamp: wire.instant,
});
type SummaryLine = z.output<typeof SummaryLine>;

export type Summary = ReadonlyMap<string, SummaryLine>;

export function portfolioSummary(accountId: string): Ask<Summary> {
  return {
    name: "portfolio.summary",
    path: `/portfolio/${accountId}/summary`,
    needs: "sso",
    ttlMs: BALANCES_TTL_MS,
    isCold: (summary) => !summary.has("netliquidation"),
    decode: readWith(
      "portfolio.summary",
      z.record(z.string(), z.unknown()).transform((record): Summary => {
        const lines = new Map<string, SummaryLine>();
        for (const [key, line] of recordsByName(SummaryLine, record)) {
          lines.set(key.toLowerCase(), line);
        }
        return lines;
      }),
    ),
  };
}

/** One currency of `/portfolio/{account}/ledger`; `BASE` is the sum in base currency. */
const LedgerLine = z.looseObject({
  currency: wire.text,
  cashbalance: wire.money,
  settledcash: wire.money,
  netliquidationvalue: wire.money,
  stockmarketvalue: wire.money,
  stockoptionmarketvalue: wire.money,
  futuremarketvalue: wire.money,
  futureoptionmarketvalue: wire.money,
  cryptocurrencyvalue: wire.money,
  tbondsmarketvalue: wire.money,
  tbillsmarketvalue: wire.money,
  corporatebondsmarketvalue: wire.money,
  funds: wire.money,
  moneyfunds: wire.money,
  interest: wire.money,
  dividends: wire.money,
  unrealizedpnl: wire.money,
  realizedpnl: wire.money,
  futuresonlypnl: wire.money,
  exchangerate: wire.rate,
  timestamp: wire.instant,
});
export type LedgerLine = z.output<typeof LedgerLine>;
export type Ledger = ReadonlyMap<string, LedgerLine>;

export function portfolioLedger(accountId: string): Ask<Ledger> {
  return {
    name: "portfolio.ledger",
    path: `/portfolio/${accountId}/ledger`,
    needs: "sso",
    ttlMs: BALANCES_TTL_MS,
    isCold: (ledger) => ledger.size === 0,
    decode: readWith(
      "portfolio.ledger",
      z.record(z.string(), z.unknown()).transform((record): Ledger => {
        const lines = new Map<string, LedgerLine>();
        for (const [key, line] of recordsByName(LedgerLine, record)) {
          if (/^[A-Z]{3,4}$/.test(key)) lines.set(key, line);
        }
        return lines;
      }),
    ),
  };
}
