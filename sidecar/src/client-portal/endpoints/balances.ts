import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { toRecord, wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

const BALANCES_TTL_MS = 3_000;

/** One line of `/portfolio/{account}/summary`. `isNull` lines hold a 0 that means nothing. */
const SummaryLine = z.looseObject({
  amount: wire.decimal,
  currency: wire.currency,
  isNull: wire.boolean,
  value: wire.text,
  timestamp: wire.integer,
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
        for (const [key, value] of Object.entries(record)) {
          const line = toRecord(value) === null ? null : SummaryLine.safeParse(value);
          if (line?.success) lines.set(key.toLowerCase(), line.data);
        }
        return lines;
      }),
    ),
  };
}

/** One currency of `/portfolio/{account}/ledger`; `BASE` is the sum in base currency. */
const LedgerLine = z.looseObject({
  currency: wire.text,
  cashbalance: wire.decimal,
  settledcash: wire.decimal,
  netliquidationvalue: wire.decimal,
  stockmarketvalue: wire.decimal,
  stockoptionmarketvalue: wire.decimal,
  futuremarketvalue: wire.decimal,
  futureoptionmarketvalue: wire.decimal,
  cryptocurrencyvalue: wire.decimal,
  tbondsmarketvalue: wire.decimal,
  tbillsmarketvalue: wire.decimal,
  corporatebondsmarketvalue: wire.decimal,
  funds: wire.decimal,
  moneyfunds: wire.decimal,
  interest: wire.decimal,
  dividends: wire.decimal,
  unrealizedpnl: wire.decimal,
  realizedpnl: wire.decimal,
  futuresonlypnl: wire.decimal,
  exchangerate: wire.decimal,
  timestamp: wire.integer,
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
        for (const [key, value] of Object.entries(record)) {
          const line = toRecord(value) === null ? null : LedgerLine.safeParse(value);
          if (line?.success && /^[A-Z]{3,4}$/.test(key)) lines.set(key, line.data);
        }
        return lines;
      }),
    ),
  };
}
