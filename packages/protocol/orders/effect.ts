import { type CanonicalOrder, type Leg, principalLeg } from "./canonical-order.ts";
import { Decimal, dec, decimalText } from "./decimal.ts";
import type { Effect, PositionFact, WorkingOrderFact } from "./ticket.ts";

/**
 * Entry, exit or flip, judged by the sidecar from its own position read and from nothing the edge
 * or the agent says. An exit can only bring the position towards zero, counting every working
 * order that may take from the same position first; two halves of the same position, each an exit
 * alone, must not pass as two exits together.
 */
export function effectOf(
  order: CanonicalOrder,
  positions: readonly PositionFact[] | null,
  working: readonly WorkingOrderFact[] | null,
  at: string,
): Effect | null {
  if (positions === null || working === null) return null;
  const leg = principalLeg(order);
  const position = held(positions, leg.contract.conid);
  const same = takenBy(order, leg, working);
  const answer = (kind: Effect["kind"]): Effect => ({
    kind,
    position: decimalText(position),
    working_same_side: decimalText(same),
    at,
  });

  // The exits of a bracket belong to its entry: the whole is an entry.
  if (order.structure === "bracket") return answer("entry");
  if (order.structure === "oca" && !order.legs.every((member) => sameTarget(member, leg))) {
    return answer("entry");
  }

  const largest = order.legs.reduce<Decimal | null>((top, member) => {
    if (top === null || member.quantity === null) return null;
    // What a modified order has filled already is in the position.
    const filled = order.action === "modify" ? dec(order.target?.filled_quantity ?? "0") : 0;
    return Decimal.max(top, dec(member.quantity).minus(filled));
  }, new Decimal(0));
  if (largest === null || position.isZero()) return answer("entry");
  const reduces = position.greaterThan(0) ? leg.side === "SELL" : leg.side === "BUY";
  if (!reduces) return answer("entry");
  const free = position.abs().minus(same);
  return answer(largest.lessThanOrEqualTo(free) ? "exit" : "flip");
}

function held(positions: readonly PositionFact[], conid: number): Decimal {
  return positions
    .filter((position) => position.conid === conid)
    .reduce((sum, position) => sum.plus(dec(position.quantity)), new Decimal(0));
}

/**
 * Quantity that other working orders on this side may take. Members of one group stand in for each
 * other, so a group counts once, by its largest; the order being changed does not count. Nor do the
 * exits of a bracket: they protect this very position, and must not stand in the way of its end.
 */
function takenBy(order: CanonicalOrder, leg: Leg, working: readonly WorkingOrderFact[]): Decimal {
  let alone = new Decimal(0);
  const groups = new Map<string, Decimal>();
  for (const other of working) {
    if (other.conid !== leg.contract.conid || other.side !== leg.side) continue;
    if (other.order_id === order.target?.order_id) continue;
    // Two stops on one position would both trigger.
    if (other.exit_only && !(isStop(leg) && STOP_TYPE.test(other.order_type))) continue;
    const remaining = dec(other.remaining);
    if (other.oca_group === null) {
      alone = alone.plus(remaining);
    } else {
      const top = groups.get(other.oca_group) ?? new Decimal(0);
      groups.set(other.oca_group, Decimal.max(top, remaining));
    }
  }
  return [...groups.values()].reduce((sum, value) => sum.plus(value), alone);
}

const isStop = ({ stop_price, trailing }: Leg): boolean => stop_price !== null || trailing !== null;
/** A stop, in our words and in the broker's. */
export const STOP_TYPE = /stop|stp|trail/i;

const sameTarget = (a: Leg, b: Leg): boolean =>
  a.contract.conid === b.contract.conid && a.side === b.side;
