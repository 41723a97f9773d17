import type { OpenOrder } from "@ibkr-edge-gateway/policy/snapshot.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { effectOf, STOP_TYPE } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import { isStop } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import type { PreviewFacts, WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/**
 * The PC's facts, with an exit held against what this account let out and the PC's list does not show.
 * Two exits submitted at once are both exits by the facts that were read for them, and of what another
 * PC sent a moment ago this one's journal knows nothing: together they would turn the position, and no
 * rule of the policy would have been asked. What the PC counted already is not counted twice; an order
 * that takes no more than what is left stays an exit. As at the PC, a stop of our own that stands by
 * itself to leave the position does not stand in the way of its end; a second stop is held against it.
 */
export function besideOthers(
  facts: PreviewFacts,
  order: CanonicalOrder,
  ownOpen: readonly OpenOrder[] | null,
  /** Whether what our reference names is such a stop. */
  isExitStop: (orderRef: string) => boolean,
): PreviewFacts {
  const { effect } = facts;
  if (effect?.kind !== "exit" || order.action === "cancel" || facts.working === null) return facts;
  const { contract, side } = principalLeg(order);
  const besideStops = !order.legs.some(isStop);
  const working = besideStops
    ? facts.working.filter((fact) => !isShownStop(fact, isExitStop))
    : facts.working;
  const unseen = (ownOpen ?? []).filter(
    (other) =>
      other.in_flight &&
      // What it adds to the order in the list is not known, and an exit is not held up by a guess.
      other.change === undefined &&
      // Nor for ever by one that proved books do not show; the PC leaves it out by its own. A position
      // that was proved before may lack what it filled.
      (other.not_shown === undefined || effect.by_last_proof === true) &&
      other.conid === contract.conid &&
      other.side === side &&
      other.order_ref !== order.target?.order_ref &&
      !(besideStops && isExitStop(other.order_ref)),
  );
  if (unseen.length === 0) return facts;
  const shown = effectOf(order, [], working, effect.at)?.working_same_side ?? "0";
  let more = dec("0");
  for (const { quantity } of unseen) {
    // An amount of money may take all of it.
    more = more.plus(quantity === null ? dec(effect.position).abs() : dec(quantity));
  }
  let taken = dec(shown).plus(Decimal.max(0, more.minus(shownUnnamed(order, working))));
  taken = Decimal.max(taken, dec(effect.working_same_side));
  const filled = order.action === "modify" ? dec(order.target?.filled_quantity ?? "0") : 0;
  const left = dec(effect.position).abs().minus(taken);
  const fits = order.legs.every(
    ({ quantity }) => quantity !== null && dec(quantity).minus(filled).lessThanOrEqualTo(left),
  );
  if (fits) return facts;
  return { ...facts, effect: { ...effect, kind: "flip", working_same_side: decimalText(taken) } };
}

/** What is shown without a reference the PC has judged: it counts it where it is no such stop. */
const isShownStop = (
  { foreign, exit_only, oca_group, order_ref, order_type }: WorkingOrderFact,
  isExitStop: (orderRef: string) => boolean,
): boolean =>
  !foreign &&
  !exit_only &&
  oca_group === null &&
  (order_ref === null ? STOP_TYPE.test(order_type) : isExitStop(order_ref));

/**
 * What of our own the PC's list shows without its reference: the PC knew it by its number. Which of the
 * rows here it is nobody can tell, and counted twice it would hold up an exit.
 */
function shownUnnamed(order: CanonicalOrder, working: readonly WorkingOrderFact[]): Decimal {
  const { contract, side } = principalLeg(order);
  return working
    .filter(
      (fact) =>
        !fact.foreign &&
        fact.order_ref === null &&
        fact.parent_ref === null &&
        fact.conid === contract.conid &&
        fact.side === side,
    )
    .reduce((sum, { remaining }) => sum.plus(dec(remaining)), dec("0"));
}
