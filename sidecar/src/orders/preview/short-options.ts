import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { valueAtRisk } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import { factsOf } from "../../operation-handlers/find-contracts.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { figure, orNull } from "../submit/market-and-account-reads.ts";
import { contractOf } from "./resolve-contract.ts";

/**
 * What the short options that are held put at risk, beside what they are worth now: a put that was
 * sold for 0.05 and is worth as much obliges to its strike all the same. Other positions are left as
 * they are. What cannot be said is null.
 */
export async function withShortOptions(
  context: OperationContext,
  positions: readonly PositionFact[] | null,
  rates: ReadonlyMap<string, string> | null,
): Promise<PositionFact[] | null> {
  if (positions === null) return null;
  const conids = positions.filter(isShortOption).map(({ conid }) => conid);
  if (conids.length === 0) return [...positions];
  const read = await orNull(factsOf(context, conids));
  return positions.map((position) => {
    if (!isShortOption(position)) return position;
    const fact = read?.facts.get(position.conid);
    const contract = fact === undefined ? null : contractOf(position.conid, fact);
    const rate = contract === null ? undefined : rates?.get(contract.currency);
    if (contract === null || rate === undefined) return { ...position, at_risk: null };
    const leg = soldNow(contract, position, dec(rate));
    return { ...position, at_risk: leg === null ? null : riskOf(leg, dec(rate)) };
  });
}

const isShortOption = ({ asset_class, quantity }: PositionFact): boolean =>
  asset_class === "OPT" && dec(quantity).lessThan(0);

/** A position that is worth nothing counts by its strike. */
const LEAST_PRICE = new Decimal("0.000001");

/** The position as if it were sold to open now, at what it is worth. */
function soldNow(contract: Leg["contract"], position: PositionFact, rate: Decimal): Leg | null {
  const quantity = dec(position.quantity).abs();
  const worth = position.value === null ? null : dec(position.value).abs();
  if (worth === null && contract.right !== "P") return null;
  const units = quantity.times(dec(contract.multiplier)).times(rate);
  const price = Decimal.max(LEAST_PRICE, (worth ?? new Decimal(0)).dividedBy(units));
  return {
    role: "single",
    contract,
    side: "SELL",
    order_type: "LMT",
    quantity: figure(quantity),
    cash_quantity: null,
    limit_price: figure(price),
    stop_price: null,
    trailing: null,
    time_in_force: "DAY",
    outside_rth: false,
  };
}

function riskOf(leg: Leg, rate: Decimal): string | null {
  const risk = valueAtRisk(
    {
      v: 1,
      action: "place",
      structure: "single",
      account_id: "",
      mode: "live",
      legs: [leg],
      target: null,
      reduce_only: false,
    },
    { market: null, slippageBps: null, effect: "entry", quotedUnits: new Decimal(1) },
  );
  return risk.known ? figure(risk.value.times(rate)) : null;
}
