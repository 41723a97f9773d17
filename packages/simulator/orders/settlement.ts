import { Decimal } from "decimal.js";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import type { Account, Position } from "../state/accounts.ts";
import type { Order } from "../state/orders.ts";
import { factor } from "../state/valuation.ts";

/** What a fill does to an account: cash, position, profit and commission, to the cent. */

const PAST_KEPT = 20;

/** The commission of one fill, in the instrument's currency; the simulator's own rates. */
export function commissionOf(instrument: Instrument, size: Decimal, price: Decimal): Decimal {
  switch (instrument.secType) {
    case "OPT":
      return Decimal.max(size.mul("0.65"), 1).toDP(2);
    case "FUT":
      return size.mul("2.25").toDP(2);
    case "CASH":
      return new Decimal(2);
    case "CRYPTO":
      return Decimal.max(size.mul(price).mul("0.0018"), "1.75").toDP(2);
    default:
      return Decimal.max(size.mul("0.005"), 1).toDP(2);
  }
}

function credit(purse: Map<string, Decimal>, currency: string, amount: Decimal): void {
  purse.set(currency, (purse.get(currency) ?? new Decimal(0)).plus(amount));
}

/** Books a fill; gives what it realised. */
export function bookFill(
  sim: Simulator,
  account: Account,
  instrument: Instrument,
  side: Order["side"],
  size: Decimal,
  price: Decimal,
  commission: Decimal,
): void {
  const signed = side === "BUY" ? size : size.neg();
  credit(account.cash, instrument.currency, commission.neg());
  if (instrument.secType === "CASH") {
    // A currency trade moves two balances and leaves no position.
    credit(account.cash, instrument.symbol, signed);
    credit(account.cash, instrument.currency, signed.mul(price).neg());
    return;
  }
  const position = positionOf(account, instrument.conid);
  remember(position, sim.clock.now());
  const realized = change(position, signed, price).mul(factor(instrument));
  position.realized = position.realized.plus(realized);
  credit(account.realized, instrument.currency, realized.minus(commission));
  const paid =
    instrument.secType === "FUT" ? realized : signed.mul(price).mul(factor(instrument)).neg();
  credit(account.cash, instrument.currency, paid);
}

function positionOf(account: Account, conid: number): Position {
  const zero = new Decimal(0);
  const position = account.positions.get(conid) ?? {
    conid,
    quantity: zero,
    averagePrice: zero,
    realized: zero,
    opening: undefined,
    past: [],
  };
  account.positions.set(conid, position);
  return position;
}

/** Keeps the state before this instant, for the view that lags. */
function remember(position: Position, now: number): void {
  position.past.push({
    until: now,
    quantity: position.quantity,
    averagePrice: position.averagePrice,
  });
  if (position.past.length > PAST_KEPT) position.past.shift();
}

/** Moves a position by a signed quantity; gives the profit per unit of the multiplier. */
function change(position: Position, signed: Decimal, price: Decimal): Decimal {
  const before = position.quantity;
  const after = before.plus(signed);
  const zero = new Decimal(0);
  const opens = before.isZero() || before.isPositive() === signed.isPositive();
  if (opens) {
    const cost = before.mul(position.averagePrice).plus(signed.mul(price));
    position.averagePrice = after.isZero() ? zero : cost.div(after);
    position.quantity = after;
    return zero;
  }
  const closed = Decimal.min(before.abs(), signed.abs());
  const profit = price
    .minus(position.averagePrice)
    .mul(closed)
    .mul(before.isPositive() ? 1 : -1);
  position.quantity = after;
  if (after.isZero()) position.averagePrice = zero;
  else if (after.isPositive() !== before.isPositive()) position.averagePrice = price;
  return profit;
}
