import type { ApprovalState } from "@ibkr-edge-gateway/protocol/approval/approval-state.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { Side, TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type {
  Effect,
  PreviewFacts,
  Ticket,
  TicketQuote,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/**
 * Everything a verdict is made from, in one value: what the sidecar read, and what the account
 * object knows. Null means unknown, and unknown denies; zero and empty mean zero and empty.
 */
export interface PolicySnapshot {
  now: string;
  /** At preview nothing is asked of the approval yet; at submit everything is. */
  phase: "preview" | "submit";
  ticket: Ticket;
  facts: PreviewFacts;
  edge: EdgeFacts;
}

export interface EdgeFacts {
  /** Engaged switches that cover this order; an empty list when none is. */
  kill: KillEngagement[] | null;
  trading_state: "active" | "reducing" | "halted" | null;
  sidecar_online: boolean | null;
  session: { state: BrokerSession["state"]; generation: number | null; at: string } | null;
  /** True while open orders and positions are being read again after a reconnect. */
  stream_reconciling: boolean | null;
  /** Intents of this broker account whose outcome nobody can prove. */
  intents_in_doubt: { conid: number; side: Side }[] | null;
  audit: { writable: boolean; lag_seconds: number } | null;
  sidecar_skew_ms: number | null;
  proved_mode: TradingMode | "unknown";
  features: { at_edge: boolean; at_pc: boolean; checklist_complete: boolean } | null;
  client: ClientFacts | null;
  usage: Usage | null;
  /** Quantities and values of this account's last orders in the asset class, newest first. */
  history: { quantities: string[]; notionals: string[] } | null;
  fills: { conid: number; side: Side; quantity: string; at: string }[] | null;
  losses: {
    consecutive: number;
    last_loss_at: string | null;
    stop_outs: { conid: number; at: string }[];
  } | null;
  /** Orders asked for recently, by economic hash. */
  asked: { economic_hash: string; at: string; outcome: "placed" | "denied" }[] | null;
  /** Own orders that were let out and have not ended, and those the sidecar's read may have missed. */
  own_open: OpenOrder[] | null;
  /** Own GTC orders that work. */
  own_gtc: { order_ref: string; placed_at: string }[] | null;
  idempotency: { key: string | null; seen: "new" | "same" | "conflict" } | null;
  economic_hash: string;
  preview: { expires_at: string; generation: number } | null;
  /** How the order changed the position when it was prepared, as its PC proved it then. */
  previewed_effect: Effect | null;
  /** When the PC was asked for the facts of a submit, on this gateway's clock. */
  facts_read_at: string | null;
  /** Read for the submit; the ticket holds the one the owner saw. */
  market_now: TicketQuote | null;
  approval: ApprovalFacts | null;
  mandate_covers: boolean;
}

export interface OpenOrder {
  order_ref: string;
  conid: number;
  side: Side;
  asset_class: string;
  /** Null when it was given as an amount of cash. */
  quantity: string | null;
  /** Worst case in base currency; null when it was not known. */
  notional: string | null;
  placed_at: string;
  /** It can only reduce a position. */
  exit: boolean;
  /** The sidecar's own list of working orders does not show it: it adds to what that list says. */
  in_flight: boolean;
  /** A change of an order that stands in the list already, and not one order more. */
  change?: true;
  /** In doubt, and looked for in vain for long: it counts for what opens a position, not for exits. */
  not_shown?: true;
}

export interface KillEngagement {
  scope: "gateway" | "broker_account" | "agent" | "sidecar";
  since: string;
}

export interface ClientFacts {
  client_id: string;
  scopes: string[];
  /** Broker accounts the owner granted to it; null for all. */
  accounts: string[] | null;
  admitted_at: string;
  /** The owner lifted its first hour early. */
  released: boolean;
  /** The owner at the console, not an agent: no list of agents is about it. */
  is_owner?: boolean;
  orders_today: number;
  notional_today: string | null;
  approvals_last_hour: number;
}

export interface Usage {
  orders_last_second: number;
  orders_last_minute: number;
  orders_last_hour: number;
  orders_today: number;
  messages_last_minute: number;
  cancels_today: number;
  fills_today: number;
  /** Null when an order of unknown value is among them. */
  buy_notional_today: string | null;
  turnover_today: string | null;
  /** Day trades in the window the rule counts. */
  round_trips: number;
  /** Reserved and not yet seen at the broker: adds to what the sidecar reads. */
  inflight_orders: number;
  inflight_notional: string | null;
  as_of: string;
}

export interface ApprovalFacts {
  state: ApprovalState;
  tier: Tier;
  /** Its intent hash is this order's. */
  matches: boolean;
  expires_at: string;
}
