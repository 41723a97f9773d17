import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { FuturesOperator } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import type {
  Effect,
  InstrumentFact,
  TicketQuote,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { Clock } from "../../client-portal/clock.ts";
import type { RelyingParty } from "../../trust/verify/verify-assertion.ts";
import type { CancelRetryQueue } from "../cancel/retry-queue.ts";
import type { Conversation } from "../conversation/conversation-interface.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { LocalRules } from "../local-policy/local-rules.ts";
import type { Reach } from "../notify/desktop-and-webhook.ts";
import type { Progress } from "../tracking/progress.ts";
import type { Tracking } from "../tracking/tracking.ts";
import type { Mutex } from "./mutex.ts";
import type { SendOrder } from "./send-to-broker.ts";

/** What the writes about orders work with. */
export interface SubmitContext {
  store: OrderStore;
  progress: Progress;
  tracking: Tracking;
  conversation: Conversation;
  mutex: Mutex;
  cancelRetries: CancelRetryQueue;
  send: SendOrder;
  rules: LocalRules;
  clock: Clock;
  session(): BrokerSession;
  accounts(): readonly string[];
  gatewayAccountId: string;
  sidecarId: string;
  relyingParty: RelyingParty;
  /** The broker behind this PC is the proved simulator. */
  simulator: boolean;
  futuresOperator: FuturesOperator | null;
  reach: Reach;
  /** A number of four digits, to be shown here and brought back. */
  echo(): number;
}

export interface SubmitInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  intent_hash: string;
  approval: ApprovalProof;
}

/** When the order could trade, by its contract's schedule. */
export type OrderHours = Pick<InstrumentFact, "tradable_now" | "market" | "waits">;

/** This PC's own reads about the order, as of one moment. */
export interface Facts {
  market: TicketQuote | null;
  hours: OrderHours;
  effect: Effect | null;
  /** Value at risk in base currency, the larger of the preview's and now's. */
  notional: string | null;
  /** What the value is not known for, as the subject of a sentence; null when it is known. */
  missing: string | null;
  /** The most units of any leg. */
  units: string | null;
  /** Base-currency value of one unit of the contract's currency. */
  rate: string | null;
  dailyPnl: string | null;
}
