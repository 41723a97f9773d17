import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { marketStateAt } from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import { quotesSides } from "@ibkr-edge-gateway/protocol/market/quote-sides.ts";
import {
  Decimal,
  dec,
  decimalText,
  Figure,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { quoted } from "@ibkr-edge-gateway/protocol/orders/quote-price.ts";
import type {
  AccountFact,
  PositionFact,
  TicketQuote,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { portfolioLedger, portfolioSummary } from "../../client-portal/endpoints/balances.ts";
import { readAccountPnl } from "../../operation-handlers/account-pnl.ts";
import { readQuotes } from "../../operation-handlers/market-snapshot.ts";
import { readMarketView, readSchedule } from "../../operation-handlers/market-view.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { readPositions } from "../../operation-handlers/position-rows.ts";
import { quoteFrom } from "../../operation-handlers/quote-fields.ts";
import type { ResolvedAccount } from "../../operation-handlers/resolve-account.ts";
import { FACT_AGES, type Fact, joined, knownAt } from "./dated-fact.ts";

/**
 * The sidecar's own reads about an account and a market, as the policy and the caps want them. Each
 * gives null where the broker did not answer: unknown is never zero, and never a reason to guess.
 */

/** Null instead of the failure, for a fact that may be missing. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return null;
    throw thrown;
  }
}

/** A figure in the gateway's grammar: at most twelve decimals. */
export function figure(value: string | Decimal | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  try {
    const text = decimalText(new Decimal(value).toDecimalPlaces(12));
    return Figure.safeParse(text).success ? text : null;
  } catch {
    return null;
  }
}

/**
 * The market of one contract, with the price that it may be judged by: while nothing trades that is
 * the last one of the latest completed session, which daily bars date where the quote does not.
 */
export async function readMarket(
  context: OperationContext,
  conid: number,
): Promise<Fact<TicketQuote>> {
  const wanted = ["bid", "ask", "last", "prior_close"] as const;
  // The schedule is needed anyway, and is kept: known first, it says what there is to wait for.
  const schedule = await readSchedule(context, conid);
  const closed = marketStateAt(schedule, context.clock.now()).state === "closed";
  const { rows, part } = await readQuotes(context, [conid], wanted, closed);
  const row = rows.get(conid);
  const quote = quoteFrom(conid, row, wanted, undefined);
  const view = await readMarketView(context, conid, row, undefined, "proved");
  const read: TicketQuote = {
    conid,
    bid: figure(quote.values.bid),
    ask: figure(quote.values.ask),
    last: figure(quote.values.last),
    prior_close: figure(quote.values.prior_close),
    availability: quote.availability,
    halted: row === undefined ? null : quote.halted,
    reference: view.reference.price,
    // No time is not now: the policy refuses an entry by a quote whose age nobody knows.
    at: quote.quote_at === null ? null : isoTime(Date.parse(quote.quote_at)),
  };
  const sides = quotesSides(view.state.state, read.availability, view.reference.price);
  const value = {
    ...read,
    bid: sides ? priced(read, "bid") : null,
    ask: sides ? priced(read, "ask") : null,
    last: priced(read, "last"),
  };
  return { value, from: part.from, at: part.at, proved: true };
}

/** As the broker writes it, and null for its placeholders. */
const priced = (quote: TicketQuote, field: "bid" | "ask" | "last"): string | null =>
  quoted(quote, field) === null ? null : quote[field];

/** What one unit of each currency is worth in the account's base currency. */
export type RateTable = ReadonlyMap<string, string>;

/** The same as of one moment. */
export interface Rates {
  rates: RateTable;
  at: string;
}

export const datedRates = (fact: Fact<RateTable> | null): Rates | null =>
  fact === null ? null : { rates: fact.value, at: isoTime(fact.at) };

/** The broker's rates as of its ledger; the base currency's own is one, and needs no reading. */
export async function readRates(
  context: OperationContext,
  account: ResolvedAccount,
): Promise<Fact<RateTable> | null> {
  const ledger = await orNull(context.ask(portfolioLedger(account.accountId)));
  const base = account.baseCurrency;
  if (base === null) return null;
  const rates = new Map<string, string>();
  for (const [currency, line] of ledger?.value ?? []) {
    const rate = figure(line.exchangerate);
    if (rate !== null && dec(rate).greaterThan(0)) rates.set(currency, rate);
  }
  rates.set(base, "1");
  const { from, at } = ledger ?? { from: "broker" as const, at: context.clock.now() };
  return { value: rates, from, at, proved: true };
}

/** Null when the broker did not answer, or a row of it cannot be read. */
export async function readPositionFacts(
  context: OperationContext,
  accountId: string,
  rates: RateTable | null,
): Promise<Fact<PositionFact[]> | null> {
  const read = await orNull(readPositions(context, accountId, "auto"));
  if (read === null || !read.proved) return null;
  const facts: PositionFact[] = [];
  for (const position of read.positions) {
    const quantity = figure(position.quantity);
    if (quantity === null) return null;
    const rate = position.currency === null ? undefined : rates?.get(position.currency);
    const value = parseFigure(figure(position.market_value));
    facts.push({
      conid: position.conid,
      quantity,
      value: value === null || rate === undefined ? null : figure(value.times(dec(rate))),
      asset_class: position.asset_class,
      issuer: null,
      sector: null,
      country: null,
      currency: position.currency,
    });
  }
  return joined(
    facts,
    read.parts.map((part) => ({ ...part, proved: true })),
  );
}

/** The day's result over all parts of the account; null where one of them is not known. */
export async function readDailyPnl(
  context: OperationContext,
  accountId: string,
): Promise<Fact<string> | null> {
  const pnl = await orNull(readAccountPnl(context, accountId));
  const parts = pnl === null ? [] : [...pnl.partitions.values()];
  if (pnl === null || parts.length === 0 || parts.some(({ dpl }) => dpl === null)) return null;
  const value = figure(parts.reduce((sum, { dpl }) => sum.plus(dpl ?? 0), new Decimal(0)));
  return value === null ? null : { value, from: pnl.from, at: pnl.at, proved: true };
}

export async function readAccountFact(
  context: OperationContext,
  account: ResolvedAccount,
): Promise<AccountFact | null> {
  const [summary, dailyPnl] = await Promise.all([
    orNull(context.ask(portfolioSummary(account.accountId))),
    readDailyPnl(context, account.accountId),
  ]);
  const nowMs = context.clock.now();
  if (summary === null || knownAt(summary, FACT_AGES.accountMs, nowMs) === null) return null;
  const line = (key: string): string | null => {
    const found = summary.value.get(key);
    if (found === undefined || found.isNull === true) return null;
    if (found.currency !== null && found.currency !== account.baseCurrency) return null;
    return figure(found.amount);
  };
  return {
    net_liquidation: line("netliquidation"),
    buying_power: line("buyingpower"),
    cash: line("totalcashvalue"),
    excess_liquidity: line("excessliquidity"),
    gross_position_value: line("grosspositionvalue"),
    daily_pnl: knownAt(dailyPnl, FACT_AGES.dailyPnlMs, nowMs),
    peak_net_liquidation: null,
    at: isoTime(summary.at),
  };
}
