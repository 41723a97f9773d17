import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { OrderType, Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AT, hoursAt, NEW_YORK } from "../support/closed-market.ts";
import { LEG_OF_TYPE } from "../support/closed-market-orders.ts";
import { aLeg, anOrder } from "../support/orders.ts";
import { ALL_CAPS, prepare, submit, type World } from "../support/two-moments.ts";

/**
 * What can be refused is refused before the owner is asked; after the yes only what changed refuses,
 * and says what. Judged by the real rules of both ends, over states of the market, order types,
 * sides and policies.
 */
const states = fc.constantFrom(...Object.values(AT));
const price = fc.constantFrom("180", "186.5", "187.25", "188.1", "192", null, "0", "-1");

const worlds: fc.Arbitrary<World> = fc.record({
  at: states,
  schedule: fc.oneof({ arbitrary: fc.constant(NEW_YORK), weight: 9 }, fc.constant(null)),
  bid: fc.oneof({ arbitrary: fc.constant("187.2"), weight: 3 }, price),
  ask: fc.oneof({ arbitrary: fc.constant("187.3"), weight: 3 }, price),
  last: fc.oneof({ arbitrary: fc.constant("187.25"), weight: 3 }, price),
  prior_close: fc.constantFrom("186", null),
  last_mark: fc.constantFrom("none", "none", "none", "prior_close"),
  availability: fc.constantFrom("live", "live", "delayed", "frozen", "unknown", "none"),
  halted: fc.constantFrom(false, false, false, true, null),
  quote_age_seconds: fc.constantFrom(0, 0, 5, 40, 7_200, 200_000, null),
  quoted: fc.constantFrom(true, true, true, true, false),
  held: fc.constantFrom("0", "0", "5", "-5", null),
  daily_pnl: fc.constantFrom("0", "0", "-300", "-6000", null),
  orders_last_minute: fc.constantFrom(0, 0, 4, 6),
  edge_kill: fc.constantFrom(false, false, false, true),
  pc_kill: fc.constantFrom(false, false, false, true),
  caps: fc.constantFrom(ALL_CAPS, { ...ALL_CAPS, max_price_drift_bps: "0" }),
});

const policies: fc.Arbitrary<PolicyDocument> = fc
  .record({
    mode: fc.constantFrom("paper" as const, "live" as const),
    when_closed: fc.boolean(),
    market_orders: fc.boolean(),
    every_type: fc.boolean(),
    two_sided: fc.boolean(),
    delayed: fc.boolean(),
    max_quote_age_seconds: fc.constantFrom(30, null),
    max_drift_bps: fc.constantFrom("100", "0", null),
    max_spread_bps: fc.constantFrom("500", null),
    collar: fc.constantFrom("300", null),
    short: fc.boolean(),
    tier_two_above_notional: fc.constantFrom("500", null),
  })
  .map((drawn) => {
    const p = defaultPolicy("DU1234567", drawn.mode);
    Object.assign(p.form, { when_closed: drawn.when_closed, market_orders: drawn.market_orders });
    Object.assign(p.form, { times_in_force: null, outside_rth: true });
    if (drawn.every_type) p.form.order_types = null;
    Object.assign(p.data, {
      two_sided: drawn.two_sided,
      delayed: drawn.delayed,
      max_quote_age_seconds: drawn.max_quote_age_seconds,
      max_spread_bps: drawn.max_spread_bps,
      collar_aggressive_bps: drawn.collar,
    });
    p.behaviour.max_drift_bps = drawn.max_drift_bps;
    p.portfolio.short = drawn.short;
    p.tiers.tier_two_above_notional = drawn.tier_two_above_notional;
    return p;
  });

const orders = fc.record({
  type: fc.constantFrom(...OrderType.options),
  side: fc.constantFrom(...Side.options),
  quantity: fc.constantFrom("1", "5", "9"),
  time_in_force: fc.constantFrom("DAY" as const, "GTC" as const, "IOC" as const),
  outside_rth: fc.constantFrom(false, false, true),
});
type Drawn = typeof orders extends fc.Arbitrary<infer T> ? T : never;

function orderOf(
  { type, side, quantity, time_in_force, outside_rth }: Drawn,
  p: PolicyDocument,
): CanonicalOrder {
  const buying = LEG_OF_TYPE[type];
  const stops = { stop_price: buying.stop_price == null ? null : side === "BUY" ? "190" : "184" };
  const outside = outside_rth && type === "LMT";
  return anOrder({
    mode: p.mode,
    legs: [aLeg({ ...buying, ...stops, side, quantity, time_in_force, outside_rth: outside })],
  });
}

/** The words that name a change: from what, and to what. */
const NAMES_THE_CHANGE =
  /At the preview|was good until|when the order was prepared|since the preview|engaged since|By the numbers of now|against the order since|since the owner saw the order|Since then that session/;

const phase = (at: string, { schedule }: World): string =>
  `${hoursAt(at, false, schedule).market?.state}`;

const asked = fc.record({ drawn: orders, policy: policies, world: worlds });

describe("an approval that a human gave", () => {
  it("is refused for nothing that was there when it was asked for", () => {
    let may = 0;
    let waiting = 0;
    let crossed = 0;
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 290 }), ({ drawn, policy, world }, seconds) => {
        const before = prepare(orderOf(drawn, policy), policy, world);
        if (!before.mayBeAsked) return;
        may += 1;
        if (before.ticket.waits != null) waiting += 1;
        const at = new Date(Date.parse(world.at) + seconds * 1_000).toISOString();
        const refusals = submit(before, { ...world, at });
        // A market that closed or opened in between has changed.
        if (phase(at, world) === phase(world.at, world)) {
          expect(refusals).toEqual([]);
          return;
        }
        crossed += 1;
        for (const message of refusals) expect(message).toMatch(NAMES_THE_CHANGE);
      }),
      { numRuns: 3_000 },
    );
    // Enough of them pass, staged ones too, for the property to mean anything.
    expect(may).toBeGreaterThan(100);
    expect(waiting).toBeGreaterThan(10);
    expect(crossed).toBeGreaterThan(5);
  });

  it("is refused only for what changed, and the refusal says from what to what", () => {
    let refused = 0;
    fc.assert(
      fc.property(asked, worlds, fc.nat(), ({ drawn, policy, world }, other, pick) => {
        const good: World = { ...world, ...GOOD };
        const before = prepare(orderOf(drawn, policy), policy, good);
        if (!before.mayBeAsked) return;
        const names = KEYS.filter(
          (key) => JSON.stringify(good[key]) !== JSON.stringify(other[key]),
        );
        const key = names[pick % Math.max(1, names.length)];
        const at = new Date(Date.parse(good.at) + (pick % 290) * 1_000).toISOString();
        const now =
          key === "at"
            ? { ...good, at }
            : key === undefined
              ? good
              : { ...good, [key]: other[key] };
        const refusals = submit(before, now);
        if (key === undefined) expect(refusals).toEqual([]);
        if (refusals.length > 0) refused += 1;
        for (const message of refusals) expect(message).toMatch(NAMES_THE_CHANGE);
      }),
      { numRuns: 3_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("is told both prices when the market moved", () => {
    const policy = defaultPolicy("DU1234567", "paper");
    const world: World = { ...GOOD, at: AT.open, caps: ALL_CAPS };
    const before = prepare(anOrder(), policy, world);
    expect(before.mayBeAsked).toBe(true);
    const messages = submit(before, { ...world, bid: "193", ask: "193.1" });
    expect(messages.join(" ")).toContain("187.25");
    expect(messages.join(" ")).toContain("193.05");
  });
});

const GOOD = {
  schedule: NEW_YORK,
  bid: "187.2",
  ask: "187.3",
  last: "187.25",
  prior_close: "186",
  last_mark: "none",
  availability: "live",
  halted: false,
  quote_age_seconds: 0,
  quoted: true,
  held: "0",
  daily_pnl: "0",
  orders_last_minute: 0,
  edge_kill: false,
  pc_kill: false,
} as const;

const KEYS = [
  "at",
  "schedule",
  "bid",
  "ask",
  "last",
  "last_mark",
  "availability",
  "halted",
  "quote_age_seconds",
  "quoted",
  "held",
  "daily_pnl",
  "orders_last_minute",
  "edge_kill",
  "pc_kill",
  "caps",
] as const;
