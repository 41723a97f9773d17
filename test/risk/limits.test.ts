import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  compare,
  type Fraction,
  fraction,
  largest,
  minus,
  over,
  plus,
  times,
  ZERO,
} from "./fraction.ts";
import { anyJudged, HELD_VALUE, passed } from "./judged.ts";
import { seen } from "./oracle.ts";
import { runs, SEED } from "./seed.ts";
import { unitOf } from "./unit.ts";

/**
 * No limit of a policy lets out more risk than it says: each is set at random, and what a check did not
 * refuse is held to its limit by the payoff tables.
 */
type Case = typeof anyJudged extends fc.Arbitrary<infer T> ? T : never;
type Rule = [check: string, spent: Fraction | null, limit: string | Fraction | null];

it(`no limit of a policy lets out more risk than it says (seed ${SEED})`, () => {
  const letOut = new Map<string, number>();
  let open = 0;
  fc.assert(
    fc.property(anyJudged, (judged) => {
      if (judged.draft.s.facts.effect?.kind === "exit") return;
      for (const [check, spent, limit] of [...rulesOf(judged), ...positionRulesOf(judged)]) {
        if (limit === null || !passed(judged.verdict, check)) continue;
        held(check, spent, limit);
        letOut.set(check, (letOut.get(check) ?? 0) + 1);
      }
      if (opensOnPriceOfNow(judged)) open += 1;
    }),
    { numRuns: runs(3_000), seed: SEED },
  );
  // Each of them is asked often enough to find one that does not hold.
  expect([...letOut].filter(([, times_]) => times_ < runs(3_000) / 200)).toEqual([]);
  expect([...letOut.keys()].sort()).toEqual([
    "agent-budget",
    "buy-notional-per-day",
    "buying-power",
    "cash-only",
    "exposure",
    "leverage",
    "nlv-percent",
    "open-notional",
    "option-rules",
    "order-notional",
    "position-notional",
    "turnover-per-day",
  ]);
  expect(open).toBeGreaterThan(runs(3_000) / 5);
});

/** `spent` of a limit: what was let out has to be at most the limit. */
function held(what: string, spent: Fraction | null, limit: string | Fraction): void {
  if (spent === null) throw new Error(`${what} let out what nothing bounds`);
  const bound = typeof limit === "string" ? fraction(limit) : limit;
  if (compare(spent, bound) > 0) {
    const [is, most] = [spent, bound].map(({ n, d }) => Number(n) / Number(d));
    throw new Error(`${what} let out ${is} under a limit of ${most}`);
  }
}

/** What the order adds to, by the limit that it is held to. */
function rulesOf({ draft, worst, limits, order }: Case): Rule[] {
  const { account } = draft.s.facts;
  const leg = principalLeg(order);
  const option = leg.contract.asset_class === "OPT";
  const worth = account?.net_liquidation ?? "0";
  const rules: Rule[] = [
    ["order-notional", worst, limits.notional],
    ["nlv-percent", worst, percentOf(limits.nlv, worth)],
    ["buying-power", worst, percentOf(limits.power, account?.buying_power ?? "0")],
    [
      "leverage",
      withUsed(worst, account?.gross_position_value ?? null),
      limits.leverage === null ? null : times(fraction(limits.leverage), fraction(worth)),
    ],
    ["turnover-per-day", withUsed(worst, limits.used), limits.turnover],
    ["open-notional", withUsed(worst, limits.inflight), limits.open],
    ["agent-budget", withUsed(worst, limits.used), limits.agent],
    ["exposure", withUsed(worst, HELD_VALUE), percentOf(limits.gross, worth)],
  ];
  if (leg.side === "BUY" || option) {
    rules.push(["buy-notional-per-day", withUsed(worst, limits.used), limits.buying]);
    rules.push(["cash-only", worst, limits.cashOnly ? (account?.cash ?? "0") : null]);
  }
  if (option && leg.side === "BUY") rules.push(["option-rules", worst, limits.premium]);
  return rules;
}

/** What the position obliges to, or is worth, once the order has filled. */
function positionRulesOf({ draft, verdict, limits, order, facts }: Case): Rule[] {
  const leg = principalLeg(order);
  const { right, strike, multiplier, asset_class, currency } = leg.contract;
  if (order.action !== "place" || leg.quantity === null) return [];
  if (!passed(verdict, "group-coherent")) return [];
  const traded = fraction(leg.quantity);
  const after = (leg.side === "BUY" ? plus : minus)(fraction(facts.held), traded);
  const size = after.n < 0n ? minus(ZERO, after) : after;
  const rate = currency === facts.base ? "1" : (facts.fx?.rate ?? null);
  const inBase = (price: Fraction | null): Fraction | null =>
    rate === null || price === null
      ? null
      : times(times(times(size, fraction(multiplier)), price), fraction(rate));
  if (asset_class === "OPT") {
    if (right !== "P" || leg.side === "BUY" || compare(after, ZERO) >= 0) return [];
    const obliged = inBase(strike === null ? null : fraction(strike));
    return [
      ["option-rules", obliged, limits.assignment],
      ["position-notional", obliged, limits.position],
    ];
  }
  const quote = draft.s.edge.market_now;
  const sides = seen(leg, quote === null ? null : { ...quote, last: null, reference: null });
  const [bid] = sides;
  if (bid === undefined) return [];
  const unit = unitOf(leg.contract, facts.magnifier);
  // Long at the dearer side, short at the bid that it is sold at.
  const value = inBase(compare(after, ZERO) < 0 ? bid : largest(sides));
  const said = unit === null || value === null ? null : over(value, fraction(unit));
  return [["position-notional", said, limits.position]];
}

/** Nothing is opened on the close of the day before, and above the step a tap is not enough. */
function opensOnPriceOfNow({ verdict, worst, guessed, limits }: Case): boolean {
  if (limits.tier !== null && verdict.required_tier < 2) held("one tap", worst, limits.tier);
  if (!["market-present", "group-coherent"].every((each) => passed(verdict, each))) return false;
  if (guessed) throw new Error("an order was let out on a price that bounds nothing");
  return true;
}

const withUsed = (worst: Fraction | null, used: string | null): Fraction | null =>
  worst === null || used === null ? null : plus(worst, fraction(used));
const percentOf = (percent: string | null, whole: string): Fraction | null =>
  percent === null ? null : times(times(fraction(percent), fraction("0.01")), fraction(whole));
