import { requiredTier, type Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Context } from "./check.ts";

/** The tier this order needs, from its numbers and the policy's rules. A cancel of an own order needs none. */
export function tierOf({ snapshot, policy, figures }: Context): Tier {
  const { order } = figures;
  if (order.action === "cancel") return order.target?.foreign === false ? 0 : 1;
  return requiredTier(
    {
      notional: figures.notional === null ? null : upwards(figures.notional),
      net_liquidation: snapshot.facts.account?.net_liquidation ?? null,
      effect: snapshot.facts.effect?.kind ?? null,
      order_types: order.legs.map((leg) => leg.order_type),
      warnings: snapshot.ticket.warnings.length,
      mandate_covers: snapshot.edge.mandate_covers,
    },
    policy.tiers,
  );
}

/** What is cut off never makes a value smaller than a step it is above. */
const upwards = (value: Decimal): string => decimalText(value.toDecimalPlaces(8, Decimal.ROUND_UP));
