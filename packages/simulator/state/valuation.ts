import { Decimal } from "decimal.js";
import type { Instrument } from "../market/instrument.ts";
import type { Market } from "../market/market.ts";
import type { Account } from "./accounts.ts";

/** A position with the market applied to it. */
export interface Valued {
  instrument: Instrument;
  quantity: Decimal;
  averagePrice: Decimal;
  price: Decimal;
  /** In the instrument's currency. */
  value: Decimal;
  unrealized: Decimal;
  realized: Decimal;
  /** Since yesterday's close. */
  daily: Decimal;
  changedAt: number;
}

/** The contract's multiplier; shares carry 0 on the wire and count once. */
export function factor(instrument: Instrument): number {
  return instrument.multiplier === 0 ? 1 : instrument.multiplier;
}

/**
 * What a holding is worth at the market's price now, in the instrument's currency, contract
 * multiplier included.
 */
export function valuePosition(
  market: Market,
  instrument: Instrument,
  held: { quantity: Decimal; averagePrice: Decimal; realized: Decimal },
): Valued {
  const quote = market.quote(instrument);
  const units = held.quantity.mul(factor(instrument));
  return {
    instrument,
    quantity: held.quantity,
    averagePrice: held.averagePrice,
    price: quote.last,
    value: units.mul(quote.last),
    unrealized: units.mul(quote.last.minus(held.averagePrice)),
    realized: held.realized,
    daily: units.mul(quote.last.minus(quote.previousClose)),
    changedAt: 0,
  };
}

/** Every position of the account, also those at zero, which linger for the day. */
export function valuePositions(market: Market, account: Account): Valued[] {
  const valued: Valued[] = [];
  for (const position of account.positions.values()) {
    const instrument = market.find(position.conid);
    if (instrument !== undefined) valued.push(valuePosition(market, instrument, position));
  }
  return valued;
}

/** How many dollars one unit of the currency is worth. */
export function dollarsPer(market: Market, currency: string): Decimal {
  if (currency === "USD" || currency === "BASE") return new Decimal(1);
  for (const instrument of market.listed) {
    if (instrument.secType !== "CASH") continue;
    const last = (): Decimal => market.quote(instrument).last;
    if (instrument.symbol === currency && instrument.currency === "USD") return last();
    if (instrument.symbol === "USD" && instrument.currency === currency)
      return new Decimal(1).div(last());
  }
  throw new RangeError(`no rate for ${currency}`);
}

/** What an account is worth, by currency and in the base currency. */
export interface Balance {
  cash: Decimal;
  shares: Decimal;
  options: Decimal;
  futuresPnl: Decimal;
  coins: Decimal;
  unrealized: Decimal;
  realized: Decimal;
  daily: Decimal;
  /** Cash plus everything that has a value of its own; futures count by their profit. */
  net: Decimal;
  rate: Decimal;
}

/** Cash, holdings and gains of an account by currency, and all of it in US dollars. */
export function balances(
  market: Market,
  account: Account,
): { byCurrency: Map<string, Balance>; base: Balance } {
  const byCurrency = new Map<string, Balance>();
  const of = (currency: string): Balance => {
    const found = byCurrency.get(currency) ?? emptyBalance(dollarsPer(market, currency));
    byCurrency.set(currency, found);
    return found;
  };
  of(account.baseCurrency);
  for (const [currency, amount] of account.cash) of(currency).cash = amount;
  for (const [currency, amount] of account.realized) of(currency).realized = amount;
  for (const one of valuePositions(market, account)) {
    const balance = of(one.instrument.currency);
    balance.unrealized = balance.unrealized.plus(one.unrealized);
    balance.daily = balance.daily.plus(one.daily);
    const kind = KINDS[one.instrument.secType];
    const worth = kind === "futuresPnl" ? one.unrealized : one.value;
    balance[kind] = balance[kind].plus(worth);
  }
  const base = emptyBalance(new Decimal(1));
  for (const balance of byCurrency.values()) {
    balance.net = balance.cash
      .plus(balance.shares)
      .plus(balance.options)
      .plus(balance.futuresPnl)
      .plus(balance.coins);
    for (const key of SUMMED) base[key] = base[key].plus(balance[key].mul(balance.rate));
  }
  return { byCurrency, base };
}

const SUMMED = [
  "cash",
  "shares",
  "options",
  "futuresPnl",
  "coins",
  "unrealized",
  "realized",
  "daily",
  "net",
] as const;

const KINDS = {
  STK: "shares",
  IND: "shares",
  CASH: "shares",
  OPT: "options",
  FUT: "futuresPnl",
  CRYPTO: "coins",
} as const;

function emptyBalance(rate: Decimal): Balance {
  const zero = new Decimal(0);
  return {
    cash: zero,
    shares: zero,
    options: zero,
    futuresPnl: zero,
    coins: zero,
    unrealized: zero,
    realized: zero,
    daily: zero,
    net: zero,
    rate,
  };
}

/** A margin account's figures, in the base currency. Shares 25 % maintenance, 50 % under Reg T. */
export interface Margins {
  net: Decimal;
  loan: Decimal;
  gross: Decimal;
  initial: Decimal;
  maintenance: Decimal;
  available: Decimal;
  excess: Decimal;
  buyingPower: Decimal;
  regT: Decimal;
}

/** Margin that one more unit of the instrument asks for, at a price, in its currency. */
export function marginRate(instrument: Instrument): { initial: number; maintenance: number } {
  switch (instrument.secType) {
    case "FUT":
      return { initial: 0.08, maintenance: 0.07 };
    case "OPT":
      return { initial: 1, maintenance: 1 };
    case "CRYPTO":
      return { initial: 1, maintenance: 1 };
    default:
      return { initial: 0.275, maintenance: 0.25 };
  }
}

/** The account's margins and what is left of them, in US dollars; the simulator's own rates. */
export function margins(market: Market, account: Account): Margins {
  const { base } = balances(market, account);
  let gross = new Decimal(0);
  let initial = new Decimal(0);
  let maintenance = new Decimal(0);
  for (const one of valuePositions(market, account)) {
    const exposure = one.value.abs().mul(dollarsPer(market, one.instrument.currency));
    const rate = marginRate(one.instrument);
    if (one.instrument.secType !== "FUT") gross = gross.plus(exposure);
    if (one.instrument.secType === "OPT" && one.quantity.gt(0)) continue;
    initial = initial.plus(exposure.mul(rate.initial));
    maintenance = maintenance.plus(exposure.mul(rate.maintenance));
  }
  const loan = base.net.minus(base.options);
  const available = Decimal.max(loan.minus(initial), 0);
  return {
    net: base.net,
    loan,
    gross,
    initial,
    maintenance,
    available,
    excess: Decimal.max(loan.minus(maintenance), 0),
    buyingPower: available.mul(4),
    regT: gross.mul(0.5),
  };
}
