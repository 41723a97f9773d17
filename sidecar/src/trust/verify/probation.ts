import type { DatabaseSync } from "node:sqlite";
import { comparedPrice } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { dec, decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect, Ticket, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Approver, hasOwnApprover, onProbation, TERMINAL_EDGE } from "../tables/approvers.ts";
import { countUnnumberedExits } from "../tables/unnumbered-exits.ts";

/**
 * A passkey that came through the gateway's pages stays on probation: the gateway serves the page on
 * which it is used, so a tap says nothing about what its owner saw. Whatever it signs wants the
 * number that this PC shows beside its own full words. No count of right numbers ends that, because a
 * gateway with a key of its own could let the owner type them; and no passage of time.
 *
 * What never wants the number: cancels of this gateway's own orders, the kill switch, and a few exits
 * a day close to this PC's own price, for an owner who is away from it.
 */

/** How far a limit may lie from this PC's own price, in basis points of it. */
const EXIT_COLLAR_BPS = 200;
export const UNNUMBERED_EXITS_A_DAY = 6;
const DAY_MS = 24 * 60 * 60_000;
/** An older position is one that the owner has to have read of, and only the number says that they did. */
const PROVED_WITHIN_MS = 15 * 60_000;

/** Whose signature it is, as far as the number depends on it. */
export type Signer = Pick<Approver, "kind">;

/** Whether this PC's number is asked for of what this key signed, whatever the tier. */
export const isOnProbation = (key: Signer, simulator: boolean): boolean =>
  key.kind === TERMINAL_EDGE && !simulator;

/** Whether a number has to be shown before it is known which key will sign. */
export const showsNumbers = (db: DatabaseSync, simulator: boolean): boolean =>
  !simulator && onProbation(db).length > 0;

/** What the broker's side was at the moment that is judged. */
export interface ExitFacts {
  effect: Effect["kind"] | null;
  /** When the position was proved that makes it an exit, where that is not this moment; Unix milliseconds. */
  provedAtMs?: number;
  market: TicketQuote | null;
  waits: boolean;
  nowMs: number;
}

/**
 * Why an exit does not go out without the number; null when it does. It has to be one limit order
 * that only reduces, at a price within the collar around this PC's own.
 */
export function unnumberedFault(
  db: DatabaseSync,
  { order }: Ticket,
  { effect, provedAtMs, market, waits, nowMs }: ExitFacts,
): string | null {
  const [leg, ...others] = order.legs;
  const limit = parseFigure(leg?.limit_price);
  if (
    effect !== "exit" ||
    order.action !== "place" ||
    !order.reduce_only ||
    leg?.order_type !== "LMT" ||
    others.length > 0 ||
    limit === null
  ) {
    return "Without the number only a single limit order goes out that is marked as reduce-only and reduces the position.";
  }
  if (provedAtMs !== undefined && nowMs - provedAtMs > PROVED_WITHIN_MS) {
    return "Without the number the position has to be known now, or to have been a quarter of an hour ago.";
  }
  const price = comparedPrice({ quote: market, waits });
  if (price === null)
    return "Without the number the limit has to be near this PC's own price, and it has none.";
  const room = price
    .abs()
    .times(dec(String(EXIT_COLLAR_BPS)))
    .dividedBy(10_000);
  if (limit.minus(price).abs().greaterThan(room)) {
    return `Without the number the limit has to be within ${EXIT_COLLAR_BPS / 100} % of this PC's own price of ${decimalText(price)}.`;
  }
  return unnumberedExits(db, nowMs).used < UNNUMBERED_EXITS_A_DAY
    ? null
    : `${UNNUMBERED_EXITS_A_DAY} exits went out without the number within a day, and no more do.`;
}

/** How many went out without the number in the last day. */
export const unnumberedExits = (db: DatabaseSync, nowMs: number): { used: number } => ({
  used: countUnnumberedExits(db, nowMs - DAY_MS),
});

/**
 * Why a key of the gateway's pages does not sign this: once its owner has an approver of their own,
 * it is good for paper. Exits inside the collar go all the same.
 */
export function ownApproverFaults(
  db: DatabaseSync,
  key: Signer,
  mode: "paper" | "live",
): OrderRefusal[] {
  if (key.kind !== TERMINAL_EDGE || mode === "paper" || !hasOwnApprover(db)) return [];
  return [
    refusal(
      "APPROVAL_KEY_NOT_ENROLLED",
      "id",
      "own_approver_for_live",
      `A passkey of the gateway's pages approves paper orders only, since this PC has an approver that the gateway had no part in. Approve on that one's page: \`${sidecarCommand("approve")}\`.`,
    ),
  ];
}
