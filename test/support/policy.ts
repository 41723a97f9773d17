import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { type PolicyDocument, policyOf } from "@ibkr-edge-gateway/policy/document.ts";
import { evaluatePolicy, type PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { nothingDone } from "@ibkr-edge-gateway/policy/nothing-done.ts";
import type { PolicySnapshot } from "@ibkr-edge-gateway/policy/snapshot.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { anOrder, aTicket, NOW } from "./orders.ts";

/**
 * A small paper order of which everything is known and right: submitted, approved with one tap,
 * under the policy a new account starts with.
 */
export function aSnapshot(): PolicySnapshot {
  const ticket = aTicket();
  return {
    now: NOW,
    phase: "submit",
    ticket,
    facts: {
      rules: {
        order_types: ["LMT", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT", "MIDPRICE"],
        order_types_outside_rth: ["LMT"],
        times_in_force: ["DAY", "GTC", "IOC", "OPG"],
        increments: [{ from: "0", step: "0.01" }],
        size_step: "1",
        fractional: true,
        cash_quantity: true,
        tradable_accounts: ["DU1234567"],
        negative_prices: false,
        error: null,
        at: NOW,
      },
      instrument: {
        issuer: "APPLE INC",
        sector: "Technology",
        country: "US",
        tradable_now: true,
        regular_hours: true,
        opens_at: null,
        days_to_expiry: 30,
        greeks: { delta: "0.5", gamma: "0.02", vega: "0.1", theta: "-0.05" },
        event_before_expiry: false,
        at: NOW,
      },
      account: {
        net_liquidation: "100000",
        buying_power: "200000",
        cash: "50000",
        excess_liquidity: "90000",
        gross_position_value: "20000",
        daily_pnl: "0",
        peak_net_liquidation: "100000",
        at: NOW,
      },
      positions: [],
      working: [],
      fx_to_base: { rate: "1", at: NOW },
      effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
      greeks: { delta: "0", gamma: "0", vega: "0", theta: "0" },
      broker_clock_skew_ms: 0,
    },
    edge: {
      kill: [],
      trading_state: "active",
      sidecar_online: true,
      session: { state: "ready", generation: 4, at: NOW },
      stream_reconciling: false,
      intents_in_doubt: [],
      audit: { writable: true, lag_seconds: 0 },
      sidecar_skew_ms: 0,
      proved_mode: "paper",
      features: { at_edge: true, at_pc: true, checklist_complete: false },
      client: {
        client_id: "client-1",
        scopes: [
          ...READ_SCOPES,
          "ibkr:orders:preview",
          "ibkr:orders:paper:submit",
          "ibkr:orders:paper:modify",
          "ibkr:orders:paper:cancel",
        ],
        accounts: null,
        admitted_at: "2026-11-20T14:00:00.000Z",
        released: false,
        orders_today: 0,
        notional_today: "0",
        approvals_last_hour: 0,
      },
      ...nothingDone(NOW),
      idempotency: { key: "k-1", seen: "new" },
      economic_hash: economicHash(anOrder()),
      preview: { expires_at: "2026-11-20T15:05:00.000Z", generation: 4 },
      previewed_effect: null,
      facts_read_at: NOW,
      market_now: structuredClone(ticket.market),
      approval: {
        state: "approved",
        tier: 1,
        matches: true,
        expires_at: "2026-11-20T15:05:00.000Z",
      },
      mandate_covers: false,
    },
  };
}

/** What the PC reads of that order's surroundings, all of it at one moment. */
export function factsAt(at: string): PreviewFacts {
  const { facts } = aSnapshot();
  const { rules, instrument, account, effect, fx_to_base } = facts;
  return {
    ...facts,
    rules: rules && { ...rules, at },
    instrument: instrument && { ...instrument, at },
    account: account && { ...account, at },
    effect: effect && { ...effect, at },
    fx_to_base: fx_to_base && { ...fx_to_base, at },
  };
}

export interface Draft {
  s: PolicySnapshot;
  p: PolicyDocument;
}
export type Tweak = (draft: Draft) => void;

/** Everything the PC tells was read at the snapshot's own moment. */
export const readNow: Tweak = ({ s }) => {
  s.edge.facts_read_at = s.now;
  const { account, effect, fx_to_base, instrument, rules } = s.facts;
  for (const dated of [account, effect, fx_to_base, instrument, rules]) {
    if (dated !== null) dated.at = s.now;
  }
};

export function aDraftOf(...tweaks: Tweak[]): Draft {
  const draft = { s: structuredClone(aSnapshot()), p: defaultPolicy("DU1234567", "paper") };
  for (const tweak of tweaks) tweak(draft);
  return draft;
}

export function verdictOf(...tweaks: Tweak[]): PolicyVerdict {
  const { s, p } = aDraftOf(...tweaks);
  return evaluatePolicy(s, policyOf(1, p));
}
