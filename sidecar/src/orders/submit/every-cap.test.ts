import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { describe, expect, it } from "vitest";
import { AAPL, aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import { leavesOf } from "../../../../test/support/schema-leaves.ts";
import { Caps, DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { LocalPolicy } from "../../trust/limits/local-policy-file.ts";
import { driftFaults } from "../../trust/verify/drift-faults.ts";
import { tierFaults } from "../../trust/verify/tier-faults.ts";
import { checkGrant } from "../local-policy/local-rules.ts";
import {
  driftOf,
  type LocalJudge,
  leastTierOf,
  localFaults,
  mandatesAllowed,
  offerFaults,
} from "./local-checks.ts";

/**
 * Every field of what this PC allows is read by a check that can fail: for each there is an order that
 * passes, and that is refused when this field alone has another value. The fields come from the
 * schemas, so that one without a case fails here, and with it the build.
 */
const ACCOUNTS = { paper: "DU1234567", live: "U1234567" } as const;
type Mode = keyof typeof ACCOUNTS;

/** Both modes on, with one account of each. */
const BASE: Caps = {
  ...DEFAULT_CAPS,
  accounts: [ACCOUNTS.live],
  live: { ...DEFAULT_CAPS.paper, tier_two_from_notional: null },
};

interface Asked {
  order?: Partial<CanonicalOrder>;
  effect?: Effect["kind"];
  ordersBefore?: number;
  dailyPnl?: string;
  /** Approved under a mandate, and not by one tap. */
  mandate?: true;
  /** The market now, where the ticket saw 187.20 and 187.30. */
  ask?: string;
}

function refusalsOf(caps: Caps, mode: Mode, asked: Asked): string[] {
  const order = anOrder({ mode, account_id: ACCOUNTS[mode], ...asked.order });
  const ticket = aTicket(order);
  const rules = {
    caps: () => ({ ok: true, caps }) as const,
    killSwitch: () => ({ engaged: false }) as const,
    policyFault: () => null,
    policy: () => ({ offer: [], broker_accounts: null }),
    engage: () => {},
  };
  const judge: LocalJudge = {
    rules,
    store: {
      open: () => [],
      sentSince: () => asked.ordersBefore ?? 0,
      tradingSince: () => asked.ordersBefore ?? 0,
    },
    clock: { now: () => Date.parse(NOW) },
  };
  const effect = {
    kind: asked.effect ?? "entry",
    position: "0",
    working_same_side: "0",
    at: NOW,
  } as const;
  const facts = {
    effect,
    notional: "187.25",
    missing: null,
    units: "1",
    dailyPnl: asked.dailyPnl ?? "0",
  };
  const { market } = ticket;
  const now = asked.ask === undefined || market === null ? market : { ...market, ask: asked.ask };
  return [
    ...localFaults(judge, order, facts),
    ...driftFaults(ticket, { market: now, waits: false, effect, maxDriftBps: driftOf(rules) }),
    ...tierFaults(asked.mandate === true ? { kind: "mandate" } : { kind: "passkey", tier: 1 }, {
      leastTier: leastTierOf(rules, order, facts),
      mandatesAllowed: mandatesAllowed(rules, order),
    }),
  ].map(({ rule }) => rule);
}

interface Case {
  asked: Asked;
  /** What the field is at first, where the base has another value. */
  from?: JsonValue;
  to: JsonValue;
  by: string;
}

const call = aLeg({
  side: "SELL",
  contract: { ...AAPL, asset_class: "OPT", multiplier: "100", right: "C", strike: "200" },
});

const OF_A_MODE: Record<string, Case> = {
  enabled: { asked: {}, to: false, by: "mode_enabled" },
  max_notional: { asked: {}, to: "187", by: "max_notional" },
  max_quantity: { asked: {}, to: "0.5", by: "max_quantity" },
  max_orders_per_minute: { asked: { ordersBefore: 5 }, to: 5, by: "max_orders_per_minute" },
  max_orders_per_day: { asked: { ordersBefore: 5 }, to: 5, by: "max_orders_per_day" },
  max_daily_loss: { asked: { dailyPnl: "-50" }, to: "50", by: "max_daily_loss" },
  order_types: { asked: {}, to: ["STP"], by: "order_types" },
  asset_classes: { asked: {}, to: ["FUT"], by: "asset_classes" },
  uncovered_calls: {
    asked: { order: { legs: [call] } },
    from: true,
    to: false,
    by: "uncovered_calls",
  },
  short_sales: {
    asked: { order: { legs: [aLeg({ side: "SELL" })] } },
    to: false,
    by: "short_sales",
  },
  mandates: { asked: { mandate: true }, to: false, by: "mandates_allowed_here" },
  tier_two_from_notional: { asked: {}, to: "187", by: "tier_from_numbers" },
};

const CASES: Record<string, Case & { mode: Mode }> = {
  accounts: { mode: "live", asked: {}, to: [], by: "account_listed" },
  any_paper: { mode: "paper", asked: {}, to: false, by: "account_listed" },
  max_price_drift_bps: {
    mode: "paper",
    asked: { ask: "190" },
    to: "10",
    by: "drift_since_preview",
  },
  ...Object.fromEntries(
    (["paper", "live"] as const).flatMap((mode) =>
      Object.entries(OF_A_MODE).map(([field, one]) => [`${mode}.${field}`, { mode, ...one }]),
    ),
  ),
};

it("every field of the caps has its case", () => {
  expect(Object.keys(CASES).concat("v").toSorted()).toEqual(leavesOf(Caps).toSorted());
  // The version says how the rest is read: another one is no file of caps.
  expect(Caps.safeParse({ ...BASE, v: 2 }).success).toBe(false);
});

describe.each(Object.entries(CASES))("%s", (field, { mode, asked, from, to, by }) => {
  it("alone turns an admitted order into a refused one", () => {
    const before = from === undefined ? BASE : withField(BASE, field.split("."), from);
    expect(refusalsOf(before, mode, asked)).toEqual([]);
    expect(refusalsOf(withField(before, field.split("."), to), mode, asked)).toContain(by);
  });
});

describe("policy.json", () => {
  const policy: LocalPolicy = { offer: ["orders.paper"], broker_accounts: ["DU1234567"] };
  const cases: Record<string, LocalPolicy> = {
    offer: { ...policy, offer: ["broker.read"] },
    broker_accounts: { ...policy, broker_accounts: ["DU7654321"] },
  };

  it("has a case of every field", () => {
    expect(Object.keys(cases).toSorted()).toEqual(leavesOf(LocalPolicy).toSorted());
  });

  it.each(Object.entries(cases))("%s alone refuses, at the preview and at the submit", (_f, to) => {
    const grant = { capability: "orders.paper", brokerAccount: "DU1234567" } as const;
    const input = { account_id: "DU1234567", mode: "paper" } as const;
    expect(offerFaults(policy, anOrder())).toEqual([]);
    expect(offerFaults(to, anOrder())).toHaveLength(1);
    expect(() => checkGrant(grant, input, policy)).not.toThrow();
    expect(() => checkGrant(grant, input, to)).toThrow();
  });
});

function withField(caps: Caps, path: string[], to: JsonValue): Caps {
  const copy: Record<string, JsonValue> = structuredClone(caps);
  const [first = "", second] = path;
  const inner = copy[first];
  if (second === undefined) {
    copy[first] = to;
  } else if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    inner[second] = to;
  }
  return Caps.parse(copy);
}
