import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type Check, type CheckFinding, type Context, fail, OFF, pass, unknown } from "../check.ts";

/** A stop that guards a position is not quietly moved away, made smaller or taken off. */
export const protectiveStopCheck: Check = {
  number: 47,
  name: "protective-stop",
  code: "PROTECTION_WEAKENED",
  stage: "portfolio",
  scope: "always",
  means: "A stop that protects a position keeps protecting it.",
  evaluate(context) {
    const { figures, policy, snapshot } = context;
    const { target, action } = figures.order;
    if (target === null || action === "place" || !isStop(target.before)) return OFF;
    const guarded = guards(context, target.before);
    if (action === "cancel") {
      if (policy.portfolio.remove_stop) return OFF;
      const approved =
        snapshot.phase === "preview" ||
        (snapshot.edge.approval?.matches === true && snapshot.edge.approval.state === "approved");
      if (approved || guarded === false) return pass({ source: "sidecar.positions" });
      return fail("Taking a protective stop off needs the owner's approval.", {
        source: "policy",
      });
    }
    if (policy.portfolio.widen_stop) return OFF;
    if (guarded === null) return unknown("The position the stop protects");
    return guarded ? weakened(target.before, figures.leg) : pass({ source: "sidecar.positions" });
  },
};

const isStop = (leg: Leg): boolean => leg.stop_price !== null || leg.trailing !== null;

/** Whether a stop stands against a position; null when the positions are unknown. */
function guards({ figures }: Context, stop: Leg): boolean | null {
  const { position } = figures;
  if (position === null) return null;
  if (position.isZero()) return false;
  return position.lessThan(0) ? stop.side === "BUY" : stop.side === "SELL";
}

function weakened(before: Leg, after: Leg): CheckFinding {
  const source = "ticket";
  if (before.stop_price !== null && after.stop_price !== null) {
    const moved = dec(after.stop_price).minus(dec(before.stop_price));
    const away = before.side === "SELL" ? moved.lessThan(0) : moved.greaterThan(0);
    if (away) {
      return fail("The stop would move away from the market.", {
        observed: after.stop_price,
        limit: before.stop_price,
        source,
      });
    }
  }
  if (before.trailing !== null && after.trailing !== null) {
    const wider =
      before.trailing.unit !== after.trailing.unit ||
      dec(after.trailing.offset).greaterThan(dec(before.trailing.offset));
    if (wider) {
      return fail("The stop would trail at a wider distance.", {
        observed: after.trailing.offset,
        limit: before.trailing.offset,
        source,
      });
    }
  }
  if (before.quantity !== null && after.quantity !== null) {
    if (dec(after.quantity).lessThan(dec(before.quantity))) {
      return fail("The stop would protect less of the position.", {
        observed: after.quantity,
        limit: before.quantity,
        source,
      });
    }
  }
  return pass({ source });
}
