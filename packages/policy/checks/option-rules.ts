import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type Check, type CheckFinding, type Context, fail, OFF, pass, unknown } from "../check.ts";

/** No short option, nothing that expires today, and caps on contracts, premium and assignment. */
export const optionRulesCheck: Check = {
  number: 26,
  name: "option-rules",
  code: "OPTION_RULES",
  stage: "instrument",
  scope: "entries",
  means: "An option order keeps the policy's rules for options.",
  evaluate(context) {
    const { figures } = context;
    if (figures.leg.contract.asset_class !== "OPT") return OFF;
    const findings = [expiry(context), size(context), premium(context), short(context)];
    const failed = findings.filter((finding) => finding.outcome === "fail");
    const [first] = failed;
    if (first !== undefined) {
      return { ...first, message: failed.map((finding) => finding.message).join(" ") };
    }
    return findings.find((finding) => finding.outcome === "unknown") ?? pass({ source: "policy" });
  },
};

function expiry({ snapshot, policy }: Context): CheckFinding {
  const { min_days_to_expiry: least, max_days_to_expiry: most } = policy.options;
  if (least === null && most === null) return OFF;
  const days = snapshot.facts.instrument?.days_to_expiry ?? null;
  if (days === null) return unknown("The days to expiry");
  const measured = { observed: String(days), source: "sidecar.contracts" };
  if (least !== null && days < least) {
    return fail(
      `The option expires in ${counted(days, "day")}; the policy asks for ${least}.`,
      measured,
    );
  }
  return most !== null && days > most
    ? fail(`The option expires in ${counted(days, "day")}; the policy allows ${most}.`, measured)
    : pass(measured);
}

function size({ policy, figures }: Context): CheckFinding {
  const limit = policy.options.max_contracts;
  if (limit === null) return OFF;
  if (figures.quantity === null) return unknown("The number of contracts");
  return figures.quantity.greaterThan(dec(limit))
    ? fail(`The policy allows ${counted(limit, "contract")}.`, {
        observed: figures.leg.quantity,
        limit,
      })
    : pass();
}

function premium({ policy, figures }: Context): CheckFinding {
  const limit = policy.options.max_premium;
  if (limit === null || figures.leg.side === "SELL") return OFF;
  if (figures.notional === null) return unknown("The premium");
  return figures.notional.greaterThan(dec(limit))
    ? fail(`The premium is above the policy's ${limit}.`, { limit })
    : pass();
}

function short({ snapshot, policy, figures }: Context): CheckFinding {
  const { leg, positionAfter, quantity } = figures;
  if (leg.side === "BUY") return OFF;
  if (positionAfter === null || quantity === null) return unknown("The option position");
  if (positionAfter.greaterThanOrEqualTo(0)) return pass();
  if (!policy.options.short) {
    return fail("The policy allows no short option position.", { source: "sidecar.positions" });
  }
  if (figures.uncoveredCall && !policy.options.uncovered_calls) {
    return fail(
      "Whether the call is covered cannot be proved (one over shares that are held counts as uncovered too), and what an uncovered one may lose has no bound: the policy has to allow them by name.",
      { source: "sidecar.positions" },
    );
  }
  if (!policy.options.short_across_events) {
    const event = snapshot.facts.instrument?.event_before_expiry ?? null;
    if (event === null) return unknown("Whether an event lies before expiry");
    if (event) return fail("The policy allows no short option across an event.", {});
  }
  const limit = policy.options.max_assignment_notional;
  if (leg.contract.right === "P" && limit !== null) {
    if (leg.contract.strike === null) return unknown("The strike");
    // The limit is in the base currency, the strike in the contract's.
    if (figures.rate === null) return unknown("A recent rate for what assignment would come to");
    const assigned = dec(leg.contract.strike)
      .times(dec(leg.contract.multiplier))
      .times(positionAfter.abs())
      .times(figures.rate);
    if (assigned.greaterThan(dec(limit))) {
      return fail(`Assignment would come to more than the policy's ${limit}.`, { limit });
    }
  }
  return pass();
}
