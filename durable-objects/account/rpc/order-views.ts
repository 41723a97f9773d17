import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { KillEffect, KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import type { FieldChange } from "@ibkr-edge-gateway/policy/restriction.ts";
import type { ApprovalState } from "@ibkr-edge-gateway/protocol/approval/approval-state.ts";
import type { ShownOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/shown-order.ts";
import type { SeenQuote } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import type { WordsLine } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { PasskeyCeremony } from "./passkey-ceremony-types.ts";

/** What the owner's pages ask about orders. All of it needs an owner session; none takes a token. */

/** A request as the owner sees it: the order from canonical fields, and who asks. */
export interface ApprovalView {
  approvalId: string;
  state: ApprovalState;
  /** Given under this mandate, without a tap. */
  mandateId: string | null;
  /** The agent asked that the owner's approval also sends it. */
  sendsOnApproval: boolean;
  tier: 1 | 2;
  ticket: Ticket;
  /** Lower-case hex; what the passkey signs. */
  intentHash: string;
  client: { name: string; redirectHost: string };
  source: "client_portal" | "simulator" | "unknown";
  createdAt: string;
  expiresAt: string;
  /** Read while the page is made; null when it could not be. */
  marketNow: SeenQuote | null;
  /** IANA zones of the exchange and of the owner's PC, where they are known. */
  zones: { exchange: string | null; owner: string | null };
  /**
   * What the order makes of the position if it fills, by the PC's own read; decimal strings, null where
   * it is not known. An object of the version before tells none.
   */
  position?: { before: string; after: string } | null;
  /** How often this agent asked the owner in the last 24 hours, this time included. */
  askedInDay?: number;
  /** What the same order would be refused for at this moment; empty when nothing is known. */
  standsInTheWay: string[];
  /** How long the page has to have been read before a tier 2 order can be approved. */
  readUntil: string | null;
  order: ShownOrder | null;
  /** The average price of what filled, where every part of it was told; for a single order. */
  filledAt: { price: string; currency: string } | null;
  ceremony: PasskeyCeremony | null;
}

export interface ApprovalItem {
  approvalId: string;
  state: ApprovalState;
  mandateId: string | null;
  inWords: string;
  mode: "paper" | "live";
  clientName: string;
  createdAt: string;
  expiresAt: string;
}

export type Decided =
  | { ok: true; state: ApprovalState }
  | {
      ok: false;
      reason:
        | "no_such_request"
        | "not_open"
        | "passkey"
        | "typed"
        | "too_soon"
        | "number"
        | "pc"
        | "stands_in_the_way"
        /** It could not be sent, and so it was not approved either. */
        | "not_sent";
      detail: string;
    };

export interface Typed {
  symbol: string;
  quantity: string;
  echo: number | null;
}

export interface TradingSettings {
  paper: boolean;
  live: boolean;
  checklist: { item: string; tickedAt: string | null }[];
  /** What the PC offers in the session there is now. */
  pc: { paper: boolean; live: boolean };
  passkeys: number;
  /** In force: inside them orders go without a tap. */
  mandates: number;
  /** Agents that can be stopped one by one. */
  agents: { clientId: string; name: string }[];
  kill: {
    epoch: number;
    switches: {
      scope: KillScope;
      subject: string | null;
      actor: string;
      reason: string;
      effect: KillEffect;
      engagedAt: string;
    }[];
  };
  policies: PolicyView[];
}

/** How a switch for paper or live took: switching on asks for more than switching off. */
export type TradingSwitched = "done" | "not_confirmed" | "no_passkey" | "checklist";

/** The order that would close one position; null where a figure is not known. */
export interface FlattenRow {
  conid: number;
  what: string;
  /** Signed. */
  held: string | null;
  side: "BUY" | "SELL" | null;
  quantity: string | null;
  /** What the broker says the position is worth now, without its sign, in `currency`. */
  estimated: string | null;
  currency: string | null;
}

export interface FlattenAccount {
  brokerAccount: string;
  /** Null when the positions could not be read. */
  rows: FlattenRow[] | null;
  proved: boolean;
  note: string | null;
}

export type FlattenPlan = { ok: true; accounts: FlattenAccount[] } | { ok: false; message: string };

export interface PolicyView {
  brokerAccount: string;
  version: number;
  hash: string;
  document: PolicyDocument;
  waiting: { version: number; effectiveAt: string } | null;
}

/** What a passkey has to sign for a change of policy, and what the change is. */
export type PolicyBegun =
  | { ok: true; changes: FieldChange[]; loosens: boolean; ceremony: StatementCeremony }
  | { ok: false; detail: string };

export type PolicyOutcome =
  | { ok: true; version: number; effectiveAt: string; changes: FieldChange[]; waits: boolean }
  | { ok: false; reason: "invalid" | "stale" | "passkey"; detail: string };

/** What a passkey signs on a page that carries its own terms back. */
export interface SignedTerms {
  nonce: string;
  notAfter: string;
}

export interface StatementCeremony extends PasskeyCeremony, SignedTerms {}

/** A yes to the broker's question: what it is about and what is asked, in the words the PC shows. */
export interface AnswerCeremony extends StatementCeremony {
  /** Empty where the order's own words are not known here any more. */
  order: WordsLine[];
  asks: WordsLine[];
  /** Whether the PC wants the number that it shows beside the question. */
  number: "needed" | "if_shown" | "none";
}

export interface OrderListItem {
  order: ShownOrder;
  brokerAccount: string;
  mode: "paper" | "live";
  inWords: string | null;
  clientName: string;
  createdAt: string;
  approvalId: string | null;
}

export interface AlertItem {
  key: string;
  kind: string;
  brokerAccount: string | null;
  coid: string | null;
  message: string;
  brokerText: string | null;
  cancelOffered: string[];
  at: string;
  seen: boolean;
}

export interface OrdersPage {
  orders: OrderListItem[];
  alerts: AlertItem[];
  pending: number;
}
