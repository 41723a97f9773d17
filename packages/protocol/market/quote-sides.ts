import type { Availability } from "../operation-schemas/field-types.ts";
import type { MarketPhase } from "./market-state.ts";
import type { ReferencePrice } from "./reference-price.ts";

/**
 * Whether the bid and the ask of a quote are those of a market. While nothing trades, and on a feed
 * that is frozen, the broker goes on showing the last ones there were: nobody would trade at them.
 * A price that is frozen although the market trades dates the whole row, its sides too.
 */
export function quotesSides(
  phase: MarketPhase,
  availability: Availability,
  reference: ReferencePrice | null,
): boolean {
  if (phase === "closed" || availability === "frozen" || availability === "none") return false;
  return reference?.source !== "frozen_last";
}

/**
 * Whether an order trades in this state of its market, or waits for another; null when nobody knows.
 * @param outsideRth the order may trade in extended hours
 */
export function tradesIn(phase: MarketPhase, outsideRth: boolean): boolean | null {
  switch (phase) {
    case "open":
    case "halted":
      return true;
    case "pre_market":
    case "after_hours":
    case "overnight":
      return outsideRth;
    case "closed":
      return false;
    case "unknown":
      return null;
  }
}
