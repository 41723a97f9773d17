import { Decimal, dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { defaultPolicy } from "./defaults.ts";
import type { PolicyDocument } from "./document.ts";

/**
 * Policies to choose from instead of filling in every limit. `usual` is what a new account starts
 * with; `careful` is tighter in every limit that it changes and looser in none, which a test holds.
 */
export const PRESETS = ["careful", "usual"] as const;
export type Preset = (typeof PRESETS)[number];

/** Whether this is the name of a preset; a name from outside is held to it. */
export const isPreset = (name: string): name is Preset => PRESETS.some((one) => one === name);

/** The preset as a new account of that mode has it. */
export function presetPolicy(
  preset: Preset,
  accountId: string,
  mode: PolicyDocument["mode"],
): PolicyDocument {
  const usual = defaultPolicy(accountId, mode);
  return preset === "usual" ? usual : careful(usual);
}

/**
 * The preset for an account that has a policy already. What is no measure of risk but the owner's own
 * choice stays: whether and until when the policy is in force, closed hours, and lists of agents,
 * contracts, issuers, sectors, exchanges and currencies.
 */
export function withPreset(document: PolicyDocument, preset: Preset): PolicyDocument {
  const chosen = presetPolicy(preset, document.account_id, document.mode);
  const { state, clients, instruments } = document;
  return {
    ...chosen,
    enabled: document.enabled,
    expires_at: document.expires_at,
    state: {
      ...chosen.state,
      maintenance: state.maintenance,
      quiet_hours: state.quiet_hours,
    },
    clients: { ...chosen.clients, allowed: clients.allowed },
    instruments: {
      ...chosen.instruments,
      conids_allowed: instruments.conids_allowed,
      conids_denied: instruments.conids_denied,
      issuers_denied: instruments.issuers_denied,
      exchanges: instruments.exchanges,
      currencies: instruments.currencies,
      sectors_denied: instruments.sectors_denied,
      restricted: instruments.restricted,
    },
  };
}

function careful(usual: PolicyDocument): PolicyDocument {
  const { clients, form, data, order, cumulative, portfolio, behaviour } = usual;
  return {
    ...usual,
    clients: {
      ...clients,
      max_orders_per_day: halfOf(clients.max_orders_per_day),
      max_notional_per_day: half(clients.max_notional_per_day),
      max_approvals_per_hour: halfOf(clients.max_approvals_per_hour),
    },
    form: {
      ...form,
      order_types: form.order_types?.filter((type) => CAREFUL_TYPES.has(type)) ?? null,
      times_in_force: ["DAY"],
      when_closed: false,
    },
    data: {
      ...data,
      collar_aggressive_bps: half(data.collar_aggressive_bps),
      collar_passive_bps: half(data.collar_passive_bps),
    },
    order: {
      ...order,
      max_notional: half(order.max_notional),
      max_quantity: half(order.max_quantity),
      max_nlv_percent: half(order.max_nlv_percent),
      max_buying_power_percent: half(order.max_buying_power_percent),
    },
    cumulative: {
      ...cumulative,
      max_orders_per_hour: halfOf(cumulative.max_orders_per_hour),
      max_orders_per_day: halfOf(cumulative.max_orders_per_day),
      max_buy_notional_per_day: half(cumulative.max_buy_notional_per_day),
      max_turnover_per_day: half(cumulative.max_turnover_per_day),
      max_open_orders: halfOf(cumulative.max_open_orders),
      max_open_notional: half(cumulative.max_open_notional),
    },
    portfolio: {
      ...portfolio,
      max_position_notional: half(portfolio.max_position_notional),
      max_position_nlv_percent: half(portfolio.max_position_nlv_percent),
      remove_stop: false,
    },
    behaviour: {
      ...behaviour,
      daily_loss_soft: half(behaviour.daily_loss_soft),
      daily_loss_hard: half(behaviour.daily_loss_hard),
    },
    tiers: { ...usual.tiers, tier_two_above_notional: half(usual.tiers.tier_two_above_notional) },
  };
}

const CAREFUL_TYPES: ReadonlySet<string> = new Set(["LMT", "STP", "STOP_LIMIT"]);

/** No limit stays no limit. */
const half = (limit: string | null): string | null =>
  limit === null ? null : decimalText(dec(limit).div(2).toDecimalPlaces(6, Decimal.ROUND_DOWN));

const halfOf = (count: number | null): number | null =>
  count === null ? null : Math.max(1, Math.floor(count / 2));
