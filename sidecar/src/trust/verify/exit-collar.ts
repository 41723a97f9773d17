import type { DatabaseSync } from "node:sqlite";
import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { comparedPrice } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import {
  Decimal,
  dec,
  decimalText,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { quoted } from "@ibkr-edge-gateway/protocol/orders/quote-price.ts";
import type { Ticket, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { needsNumber } from "./approval-number.ts";
import type { PcFacts } from "./pc-facts.ts";
import type { Signer } from "./probation.ts";
import { exitsGuessed, wasWrong } from "./shown-numbers.ts";

/**
 * An exit skips the bounds of value and drift, so a guessed number would sell a position at the price
 * of whoever guessed. Once a wrong number came for an exit, exits by number go out inside a collar
 * around this PC's own quote; one whose price is honest passes it.
 */
export function guessedExitFaults(
  db: DatabaseSync,
  proof: ApprovalProof,
  ticket: Ticket,
  own: Pick<
    PcFacts,
    "effect" | "market" | "waits" | "maxDriftBps" | "leastTier" | "simulator" | "nowMs"
  >,
  key: Signer,
): OrderRefusal[] {
  if (own.effect?.kind !== "exit" || !needsNumber(proof, own, key)) return [];
  const guessed = exitsGuessed(db, own.nowMs) || wasWrong(db, proof.preview_id);
  if (!guessed) return [];
  const price = comparedPrice({ quote: own.market, waits: own.waits });
  const worst = worstPrices(ticket, own.market);
  if (worst.length === 0) return [];
  if (price === null || worst.some(({ at }) => at === null)) {
    return [outside("This PC has no quote of its own to hold the price against.")];
  }
  const room = price.times(dec(own.maxDriftBps)).dividedBy(10_000);
  const bad = worst.some(({ side, at, trigger }) =>
    at === null
      ? true
      : side === "SELL"
        ? at.lessThan(Decimal.min(trigger ?? price, price).minus(room))
        : at.greaterThan(Decimal.max(trigger ?? price, price).plus(room)),
  );
  return bad
    ? [
        outside(
          `The order's price lies further than ${own.maxDriftBps} basis points beyond this PC's own of ${decimalText(price)}.`,
        ),
      ]
    : [];
}

interface Worst {
  side: "BUY" | "SELL";
  at: Decimal | null;
  trigger: Decimal | null;
}

/**
 * The prices that the legs may trade at in the worst case; a stop has its trigger too. A market order
 * trades at this PC's own quote of the other side: where that lies far from the price, the book is thin
 * and the order waits for a limit. Null is not known. A stop without a limit names no price of anybody's.
 */
function worstPrices({ order }: Ticket, market: TicketQuote | null): Worst[] {
  return order.legs.flatMap(({ side, order_type, limit_price, stop_price }): Worst[] => {
    if (order_type === "MKT") {
      const at = market === null ? null : quoted(market, side === "SELL" ? "bid" : "ask");
      return [{ side, at, trigger: null }];
    }
    const at = parseFigure(limit_price);
    return at === null ? [] : [{ side, at, trigger: parseFigure(stop_price) }];
  });
}

const outside = (why: string): OrderRefusal =>
  refusal(
    "PRICE_DRIFT",
    "limit_price",
    "exit_collar_after_wrong_number",
    `A wrong number came for an exit lately, so exits go out near the market only. ${why}`,
  );
