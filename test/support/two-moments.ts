import { type PolicyDocument, policyOf } from "@ibkr-edge-gateway/policy/document.ts";
import { evaluatePolicy, type PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { keptFindings } from "@ibkr-edge-gateway/policy/since-preview.ts";
import type { EdgeFacts } from "@ibkr-edge-gateway/policy/snapshot.ts";
import type { TradingSchedule } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import type { Availability } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type {
  PreviewFacts,
  Ticket,
  TicketQuote,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { refusalsOf } from "../../durable-objects/account/orders/rules/submits/submit-decision.ts";
import { larger } from "../../sidecar/src/orders/submit/facts-at-decision.ts";
import {
  leastTierOf,
  localFaults,
  openingFaults,
} from "../../sidecar/src/orders/submit/local-checks.ts";
import { orderValue } from "../../sidecar/src/orders/submit/order-value.ts";
import { type Caps, DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { driftFaults, driftUnknown } from "../../sidecar/src/trust/verify/drift-faults.ts";
import { tierFaults } from "../../sidecar/src/trust/verify/tier-faults.ts";
import { hoursAt, quoteAt } from "./closed-market.ts";
import { aTicket } from "./orders.ts";
import { aSnapshot, factsAt } from "./policy.ts";

/**
 * One order at two moments, judged by the rules of both ends as they are: at the preview, and at the
 * submit after the owner's yes. A world is all that either end reads; nothing else is varied.
 */
export interface World {
  at: string;
  /** The calendar; null when the broker gave none. */
  schedule: TradingSchedule | null;
  bid: string | null;
  ask: string | null;
  last: string | null;
  prior_close: string | null;
  /** The broker's mark before the last price; `prior_close`: nothing has traded today. */
  last_mark: "none" | "prior_close";
  availability: Availability;
  halted: boolean | null;
  /** How old the quote is, in seconds; null when the broker gave no time. */
  quote_age_seconds: number | null;
  /** Whole quotes may be missing. */
  quoted: boolean;
  /** Shares held; null when the positions could not be read. */
  held: string | null;
  daily_pnl: string | null;
  orders_last_minute: number;
  edge_kill: boolean;
  pc_kill: boolean;
  caps: Caps;
}

export interface Asked {
  order: CanonicalOrder;
  policy: PolicyDocument;
  world: World;
  ticket: Ticket;
  verdict: PolicyVerdict;
  pc: string[];
  tier: 1 | 2;
  mayBeAsked: boolean;
}

function marketOf(order: CanonicalOrder, world: World): TicketQuote | null {
  if (!world.quoted) return null;
  const { conid } = principalLeg(order).contract;
  const { bid, ask, prior_close, availability, halted } = world;
  const marked = world.last_mark === "prior_close";
  const last = marked ? null : world.last;
  const { quote_age_seconds: age } = world;
  const at = age === null ? null : later(world.at, -age);
  const read = { conid, bid, ask, last, prior_close, availability, halted, at };
  const facts =
    marked && world.last !== null ? { last: { price: world.last, mark: world.last_mark } } : {};
  return quoteAt(world.at, read, facts, world.schedule);
}

function pcReads(order: CanonicalOrder, world: World) {
  const { conid } = principalLeg(order).contract;
  const market = marketOf(order, world);
  const hours = hoursAt(world.at, principalLeg(order).outside_rth, world.schedule);
  const positions: PreviewFacts["positions"] =
    world.held === null
      ? null
      : world.held === "0"
        ? []
        : [
            {
              conid,
              quantity: world.held,
              value: null,
              asset_class: "STK",
              issuer: null,
              sector: null,
              country: null,
              currency: "USD",
            },
          ];
  const effect = effectOf(order, positions, [], world.at);
  return {
    market,
    hours,
    waits: hours.tradable_now === false,
    positions,
    effect,
    ...orderValue(
      { order },
      {
        market,
        effect,
        rates: { rates: new Map([["USD", "1"]]), at: world.at },
        base: "USD",
        caps: { ok: true, caps: world.caps },
        nowMs: Date.parse(world.at),
      },
    ),
    dailyPnl: world.daily_pnl,
  };
}

const judgeOf = (world: World) => ({
  rules: {
    policyFault: () => null,
    killSwitch: () =>
      world.pc_kill
        ? { engaged: true as const, since: world.at, reason: null }
        : { engaged: false as const },
    caps: () => ({ ok: true as const, caps: world.caps }),
  },
  store: {
    open: () => [],
    sentSince: () => world.orders_last_minute,
    tradingSince: () => world.orders_last_minute,
  },
  clock: { now: () => Date.parse(world.at) },
});

function factsOf(order: CanonicalOrder, world: World): PreviewFacts {
  const facts = factsAt(world.at);
  const reads = pcReads(order, world);
  const { instrument, account } = facts;
  if (instrument === null || account === null) throw new Error("the fixture has facts");
  const [leg] = order.legs;
  return {
    ...facts,
    rules: facts.rules === null ? null : { ...facts.rules, tradable_accounts: [order.account_id] },
    instrument: { ...instrument, ...hoursAt(world.at, leg?.outside_rth, world.schedule) },
    account: { ...account, daily_pnl: world.daily_pnl, at: world.at },
    positions: reads.positions,
    effect: reads.effect,
    fx_to_base: { rate: "1", at: world.at },
  };
}

function edgeOf(order: CanonicalOrder, world: World, over: Partial<EdgeFacts>): EdgeFacts {
  const { edge } = aSnapshot();
  const { client, usage } = edge;
  if (client === null || usage === null) throw new Error("the fixture has a client");
  const { mode } = order;
  const verbs = ["submit", "modify", "cancel"].map((verb) => `ibkr:orders:${mode}:${verb}`);
  const orders = world.orders_last_minute;
  return {
    ...edge,
    kill: world.edge_kill ? [{ scope: "broker_account", since: world.at }] : [],
    proved_mode: mode,
    features: { at_edge: true, at_pc: true, checklist_complete: true },
    client: {
      ...client,
      scopes: [...client.scopes, ...verbs],
      admitted_at: "2026-01-01T00:00:00.000Z",
    },
    usage: { ...usage, orders_last_minute: orders, orders_last_hour: orders, orders_today: orders },
    economic_hash: economicHash(order),
    session: { state: "ready", generation: 4, at: world.at },
    preview: { expires_at: later(world.at, 300), generation: 4 },
    approval: null,
    idempotency: null,
    facts_read_at: world.at,
    ...over,
  };
}

const later = (at: string, seconds: number) =>
  new Date(Date.parse(at) + seconds * 1_000).toISOString();

/** What both ends say before anybody is asked. */
export function prepare(order: CanonicalOrder, policy: PolicyDocument, world: World): Asked {
  const reads = pcReads(order, world);
  const facts = factsOf(order, world);
  const ticket = aTicket(order, {
    market: reads.market,
    notional: reads.notional,
    waits: facts.instrument?.waits ?? null,
    prepared_at: world.at,
  });
  const edge = edgeOf(order, world, { market_now: reads.market });
  const snapshot = { now: world.at, phase: "preview" as const, ticket, facts, edge };
  const verdict = evaluatePolicy(snapshot, policyOf(1, policy));
  const pc = [
    ...localFaults(judgeOf(world), order, reads),
    ...driftUnknown(ticket, reads.effect),
  ].map(({ message }) => message);
  const { rules } = judgeOf(world);
  const least = leastTierOf(rules, order, reads);
  return {
    order,
    policy,
    world,
    ticket,
    verdict,
    pc,
    tier: verdict.required_tier === 2 || least === 2 ? 2 : 1,
    mayBeAsked: verdict.failures.length === 0 && pc.length === 0,
  };
}

/** What both ends refuse at the submit, with the approval that the owner gave. */
export function submit(asked: Asked, world: World, policy = asked.policy): string[] {
  const { order, ticket } = asked;
  const reads = pcReads(order, world);
  const end = asked.ticket.prepared_at;
  const edge = edgeOf(order, world, {
    market_now: reads.market,
    idempotency: { key: "k-1", seen: "new" },
    preview: { expires_at: later(end, 300), generation: 4 },
    approval: { state: "approved", tier: asked.tier, matches: true, expires_at: later(end, 300) },
  });
  const facts = factsOf(order, world);
  const snapshot = { now: world.at, phase: "submit" as const, ticket, facts, edge };
  const verdict = evaluatePolicy(snapshot, policyOf(1, policy));
  const { rules } = judgeOf(world);
  const before = {
    notional: ticket.notional,
    usage: {
      ordersLastMinute: asked.world.orders_last_minute,
      ordersToday: asked.world.orders_last_minute,
      dailyPnl: asked.world.daily_pnl,
      effect: pcReads(order, asked.world).effect?.kind ?? null,
    },
  };
  const gathered = { ...reads, notional: larger(reads.notional, ticket.notional) };
  const maxDriftBps = world.caps.max_price_drift_bps;
  return [
    ...refusalsOf(verdict, keptFindings(asked.verdict)),
    ...localFaults(judgeOf(world), order, gathered, before),
    ...openingFaults(ticket, gathered),
    ...driftFaults(ticket, { ...reads, maxDriftBps }),
    ...tierFaults(
      { kind: "passkey", tier: asked.tier },
      { leastTier: leastTierOf(rules, order, gathered), mandatesAllowed: false },
    ),
  ].map(({ message }) => message);
}

export const ALL_CAPS: Caps = {
  ...DEFAULT_CAPS,
  accounts: ["DU1234567"],
  live: { ...DEFAULT_CAPS.paper, tier_two_from_notional: "5000" },
};
