import { type CanonicalOrder, canonicalOrder, type Leg } from "./canonical-order.ts";
import { plainly } from "./order-words.ts";

/** What differs between two readings of one order, each as `limit price from 187.25 to 187.3`. */

type Facts = Readonly<Record<string, string>>;

/** Empty when both would do the same thing. */
export function orderChanges(before: CanonicalOrder, after: CanonicalOrder): string[] {
  const [was, now] = [canonicalOrder(before), canonicalOrder(after)];
  const said = changesIn(factsOfOrder(was), factsOfOrder(now));
  if (was.legs.length !== now.legs.length) return said;
  const many = was.legs.length > 1;
  const ofLegs = was.legs.flatMap((leg, index) => {
    const other = now.legs[index];
    if (other === undefined) return [];
    const where = many ? `${leg.role.replaceAll("_", " ")}: ` : "";
    return legChanges(leg, other).map((one) => where + one);
  });
  return [...said, ...ofLegs];
}

/** The same of one leg: `limit price from 187.25 to 187.3`. */
export const legChanges = (was: Leg, now: Leg): string[] =>
  changesIn(factsOfLeg(was), factsOfLeg(now));

function changesIn(was: Facts, now: Facts): string[] {
  return Object.entries(was).flatMap(([name, value]) =>
    value === now[name] ? [] : [`${name} from ${value} to ${now[name] ?? "none"}`],
  );
}

const factsOfOrder = (order: CanonicalOrder): Facts => ({
  account: order.account_id,
  "kind of account": order.mode,
  action: order.action,
  structure: order.structure,
  "order that it is about": order.target?.order_id ?? "none",
  "number of legs": String(order.legs.length),
});

function factsOfLeg(leg: Leg): Facts {
  const { contract, trailing } = leg;
  return {
    contract: `${plainly(contract.symbol)} (conid ${contract.conid})`,
    exchange: plainly(contract.exchange),
    side: leg.side,
    "order type": leg.order_type,
    quantity: leg.quantity ?? "none",
    "cash quantity": leg.cash_quantity ?? "none",
    "limit price": leg.limit_price ?? "none",
    "stop price": leg.stop_price ?? "none",
    "trailing offset": trailing === null ? "none" : `${trailing.offset} ${trailing.unit}`,
    "time in force": leg.time_in_force,
    "outside regular hours": leg.outside_rth ? "yes" : "no",
  };
}
