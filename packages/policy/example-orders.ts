import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { ALL_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { type PolicyDocument, policyOf } from "./document.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { nothingDone } from "./nothing-done.ts";
import type { PolicySnapshot } from "./snapshot.ts";

/**
 * What a policy means, shown by one order: how many shares of a made-up share at 50 may be bought by
 * an account worth 100,000 that holds nothing, on a day without orders, while everything works. Each
 * answer is the verdict of the policy itself.
 */
export interface ExampleOrders {
  /** The most shares found that pass; null when not even one does. */
  passes: ExampleOrder | null;
  /** Refused, with the policy's own words; null when nothing up to the largest example is. */
  refused: (ExampleOrder & { why: string }) | null;
}

export interface ExampleOrder {
  quantity: number;
  /** In base currency. */
  value: number;
}

export const EXAMPLE_PRICE = 50;
export const EXAMPLE_ACCOUNT_VALUE = 100_000;
const MOST_SHARES = 100_000;

/** `now` in ISO 8601 with milliseconds: a policy that has ended lets nothing pass. */
export function exampleOrders(document: PolicyDocument, now: string): ExampleOrders {
  // An example stands for any hour at which the owner lets orders pass.
  const { state } = document;
  const policy = policyOf(1, {
    ...document,
    state: { ...state, maintenance: [], quiet_hours: [] },
  });
  const whyNot = (quantity: number): string | null =>
    evaluatePolicy(snapshotOf(document, quantity, now), policy).failures[0]?.message ?? null;

  const first = whyNot(1);
  if (first !== null) return { passes: null, refused: { ...example(1), why: first } };
  let [most, tooMany] = [1, MOST_SHARES + 1];
  let why: string | null = null;
  while (tooMany - most > 1) {
    const tried = Math.floor((most + tooMany) / 2);
    const said = whyNot(tried);
    if (said === null) most = tried;
    else [tooMany, why] = [tried, said];
  }
  return {
    passes: example(most),
    refused: why === null ? null : { ...example(tooMany), why },
  };
}

const example = (quantity: number): ExampleOrder => ({ quantity, value: quantity * EXAMPLE_PRICE });

function snapshotOf(document: PolicyDocument, quantity: number, now: string): PolicySnapshot {
  const order = orderOf(document, quantity);
  const price = String(EXAMPLE_PRICE);
  const worth = String(EXAMPLE_ACCOUNT_VALUE);
  const value = String(quantity * EXAMPLE_PRICE);
  const market = {
    conid: order.legs[0]?.contract.conid ?? 1,
    bid: "49.99",
    ask: price,
    last: price,
    prior_close: price,
    availability: "live" as const,
    halted: false,
    at: now,
  };
  return {
    now,
    phase: "preview",
    ticket: {
      v: 1,
      order,
      market,
      notional: value,
      base_currency: "USD",
      what_if: {
        amount: value,
        commission: "0",
        total: value,
        commission_currency: "USD",
        equity: { before: worth, after: worth },
        // As of an account that borrows nothing: the shares are margined in full.
        initial_margin: { before: "0", after: value },
        maintenance_margin: { before: "0", after: value },
        error: null,
        at: now,
      },
      warnings: [],
      prepared_at: now,
    },
    facts: factsAt(document, now),
    edge: edgeOf(document, order, now),
  };
}

/** A share and an agent that the policy's own lists allow, where they name any. */
function orderOf(document: PolicyDocument, quantity: number): CanonicalOrder {
  const { instruments, account_id, mode } = document;
  return {
    v: 1,
    action: "place",
    structure: "single",
    account_id,
    mode,
    legs: [
      {
        role: "single",
        contract: {
          conid: instruments.conids_allowed?.[0] ?? 1,
          symbol: "EXAMPLE",
          asset_class: "STK",
          exchange: "SMART",
          listing_exchange: instruments.exchanges?.[0] ?? "NYSE",
          currency: "USD",
          multiplier: "1",
          expiry: null,
          strike: null,
          right: null,
        },
        side: "BUY",
        order_type: "LMT",
        quantity: String(quantity),
        cash_quantity: null,
        limit_price: String(EXAMPLE_PRICE),
        stop_price: null,
        trailing: null,
        time_in_force: "DAY",
        outside_rth: false,
      },
    ],
    target: null,
    reduce_only: false,
  };
}

function factsAt({ account_id }: PolicyDocument, at: string): PolicySnapshot["facts"] {
  const worth = String(EXAMPLE_ACCOUNT_VALUE);
  return {
    rules: {
      order_types: ["LMT"],
      order_types_outside_rth: ["LMT"],
      times_in_force: ["DAY"],
      increments: [{ from: "0", step: "0.01" }],
      size_step: "1",
      fractional: false,
      cash_quantity: false,
      tradable_accounts: [account_id],
      negative_prices: false,
      error: null,
      at,
    },
    instrument: {
      issuer: "Example",
      sector: "Example",
      country: "US",
      tradable_now: true,
      regular_hours: true,
      opens_at: null,
      days_to_expiry: null,
      greeks: null,
      event_before_expiry: false,
      at,
    },
    account: {
      net_liquidation: worth,
      buying_power: worth,
      cash: worth,
      excess_liquidity: worth,
      gross_position_value: "0",
      daily_pnl: "0",
      peak_net_liquidation: worth,
      at,
    },
    positions: [],
    working: [],
    fx_to_base: { rate: "1", at },
    effect: { kind: "entry", position: "0", working_same_side: "0", at },
    greeks: { delta: "0", gamma: "0", vega: "0", theta: "0" },
    broker_clock_skew_ms: 0,
  };
}

function edgeOf(
  { clients, mode }: PolicyDocument,
  order: CanonicalOrder,
  now: string,
): PolicySnapshot["edge"] {
  return {
    kill: [],
    trading_state: "active",
    sidecar_online: true,
    session: { state: "ready", generation: 1, at: now },
    stream_reconciling: false,
    intents_in_doubt: [],
    audit: { writable: true, lag_seconds: 0 },
    sidecar_skew_ms: 0,
    proved_mode: mode,
    features: { at_edge: true, at_pc: true, checklist_complete: true },
    client: {
      client_id: clients.allowed?.[0] ?? "example",
      scopes: ALL_SCOPES,
      accounts: null,
      admitted_at: "2020-01-01T00:00:00.000Z",
      released: true,
      orders_today: 0,
      notional_today: "0",
      approvals_last_hour: 0,
    },
    ...nothingDone(now),
    idempotency: { key: "example", seen: "new" },
    economic_hash: economicHash(order),
    preview: null,
    previewed_effect: null,
    facts_read_at: now,
    market_now: null,
    approval: null,
    mandate_covers: false,
  };
}
