import { Decimal } from "decimal.js";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import type { OrderDraft } from "../state/orders.ts";
import { dollarsPer, factor, marginRate, margins } from "../state/valuation.ts";

/** What the order would change, in the account's base currency. */
export interface Cost {
  /** Quantity times price, in the instrument's currency. */
  amount: Decimal;
  /** Margin that the change of position asks for; negative when it frees some. */
  initial: Decimal;
  maintenance: Decimal;
  position: { before: Decimal; after: Decimal };
}

/** The price an order is reckoned at before it is filled. */
export function reckonedPrice(sim: Simulator, draft: OrderDraft, instrument: Instrument): Decimal {
  const quote = sim.market.quote(instrument);
  if (draft.type === "LMT" || draft.type === "STOP_LIMIT" || draft.type === "TRAILLMT") {
    return draft.price ?? quote.last;
  }
  return draft.side === "BUY" ? (quote.ask ?? quote.last) : (quote.bid ?? quote.last);
}

/**
 * What an order would cost and hold: the amount in the instrument's currency, margins in US
 * dollars, and the position before and after.
 */
export function costOf(sim: Simulator, draft: OrderDraft, instrument: Instrument): Cost {
  const price = reckonedPrice(sim, draft, instrument);
  const account = sim.world.accounts.get(draft.account);
  const before = account?.positions.get(draft.conid)?.quantity ?? new Decimal(0);
  const signed = draft.side === "BUY" ? draft.quantity : draft.quantity.neg();
  const after = before.plus(signed);
  const unit = price.mul(factor(instrument)).mul(dollarsPer(sim.market, instrument.currency));
  const exposure = after.abs().minus(before.abs()).mul(unit);
  const rate = marginRate(instrument);
  return {
    amount: draft.quantity.mul(price).mul(factor(instrument)),
    initial: exposure.mul(rate.initial),
    maintenance: exposure.mul(rate.maintenance),
    position: { before, after },
  };
}

/** Why the exchange side turns an order down after it was accepted; undefined when it does not. */
export function brokerRefusal(
  sim: Simulator,
  draft: OrderDraft,
  instrument: Instrument,
): string | undefined {
  if (instrument.secType === "IND") return "No trading permissions.";
  if (sim.market.expired(instrument)) return "Contract has expired.";
  const account = sim.world.accounts.get(draft.account);
  if (account === undefined) return "Unknown account.";
  const needed = costOf(sim, draft, instrument).initial;
  const { available } = margins(sim.market, account);
  if (needed.lte(available)) return undefined;
  return (
    "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE " +
    `[${available.toFixed(2)} USD] MUST EXCEED THE INITIAL MARGIN [${needed.toFixed(2)} USD]`
  );
}
