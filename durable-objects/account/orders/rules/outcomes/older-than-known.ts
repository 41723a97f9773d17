import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import {
  isInDoubt,
  isTerminal,
  type OrderEvidence,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

/**
 * An answer can be slow: it shows what was when it was made, and meanwhile more may be known. An end
 * holds whenever it was seen, and so does that an order exists. "It stands" and "it is not there" hold
 * for their moment alone. All moments here are by this object's own clock, so it does not matter which
 * clock the PC has or what its version says of its reads.
 */

type Known = Pick<
  IntentRow,
  "action" | "state" | "seen" | "updated_at" | "ended_at" | "doubt_since" | "outcome"
>;

/** Whether a reading of the book, asked for at `askedAt`, says "it stands" too late to count. */
export function standsNoMore(known: Known, says: OrderEvidence["says"], askedAt: number): boolean {
  if (says !== "working") return false;
  // A cancel is judged by the order that it is about, as that stands after the cancel.
  if (known.action === "cancel") return known.updated_at >= askedAt;
  if (isTerminal(known.state)) {
    return !wasNeverPlaced(known) && (known.ended_at ?? known.updated_at) >= askedAt;
  }
  // That it exists ends a first doubt; a doubt of one that was seen before is about what came since.
  return isInDoubt(known.state) && known.seen === 1 && (known.doubt_since ?? 0) >= askedAt;
}

/** Whether a reading began before what it does not show was let out, or came into doubt. */
export const missedTooEarly = (known: Known, askedAt: number): boolean =>
  (isInDoubt(known.state) ? (known.doubt_since ?? 0) : known.updated_at) >= askedAt;

/**
 * Whether a job's outcome says that an order is open which is known to have ended. An outcome may be
 * one that the PC kept and gave once more after a broken connection, so no end yields to it.
 */
export const outcomeIsOlder = (known: Known, outcome: OrderOutcome): boolean =>
  isTerminal(known.state) && !isTerminal(outcome.state) && !wasNeverPlaced(known);

/** Proved never to have been placed: whoever saw it, at whatever time, contradicts that. */
function wasNeverPlaced({ state, seen, outcome }: Known): boolean {
  if (state !== "rejected" || seen === 1) return false;
  const read = OrderOutcome.safeParse(JSON.parse(outcome ?? "null"));
  const proof = read.success && read.data.state === "rejected" ? read.data.proved_by : null;
  return proof === null || proof === "sidecar_not_sent" || proof === "quiet_period";
}
