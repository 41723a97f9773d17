import { Decimal } from "decimal.js";

/** What one account holds. Money is exact; the wire's doubles are made where an answer is. */
export interface Account {
  id: string;
  title: string;
  baseCurrency: string;
  /** By currency. */
  cash: Map<string, Decimal>;
  /** Realised today, by currency. */
  realized: Map<string, Decimal>;
  interest: Decimal;
  positions: Map<number, Position>;
  /** Yesterday's net liquidation value. */
  previousEquity: Decimal;
  /** The slow portfolio view shows changes up to here at once. */
  invalidatedAt: number;
}

export interface Position {
  conid: number;
  quantity: Decimal;
  /** Per unit of the price, without the multiplier. */
  averagePrice: Decimal;
  realized: Decimal;
  /** What was held before the simulator began; undefined for what was bought since. */
  opening: { quantity: Decimal; averagePrice: Decimal } | undefined;
  /** Older states, oldest first: the slow portfolio view lags behind. */
  past: { until: number; quantity: Decimal; averagePrice: Decimal }[];
}

export interface Holding {
  conid: number;
  quantity: string;
  averagePrice: string;
}

/** An account as a fresh login finds it. */
export function simulatedAccount(
  id: string,
  title: string,
  cash: Record<string, string>,
  holdings: readonly Holding[],
): Account {
  return {
    id,
    title,
    baseCurrency: "USD",
    cash: new Map(
      Object.entries(cash).map(([currency, amount]) => [currency, new Decimal(amount)]),
    ),
    realized: new Map(),
    interest: new Decimal("2682.45"),
    positions: new Map(
      holdings.map(({ conid, quantity, averagePrice }) => [
        conid,
        {
          conid,
          quantity: new Decimal(quantity),
          averagePrice: new Decimal(averagePrice),
          realized: new Decimal(0),
          opening: { quantity: new Decimal(quantity), averagePrice: new Decimal(averagePrice) },
          past: [],
        },
      ]),
    ),
    previousEquity: new Decimal("1000000"),
    invalidatedAt: 0,
  };
}

/** The position as the slow view shows it, which trails by `lagMs`. */
export function laggedPosition(
  account: Account,
  position: Position,
  now: number,
  lagMs: number,
): { quantity: Decimal; averagePrice: Decimal } {
  const seen = Math.max(now - lagMs, account.invalidatedAt);
  const older = position.past.find(({ until }) => until > seen);
  return older ?? position;
}
