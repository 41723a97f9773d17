import type { ApprovalProof } from "../../../src/protocol/approval/proof.ts";
import type { BrokerSession } from "../../../src/protocol/operations/session-status.ts";
import type { FuturesOperator } from "../../../src/protocol/orders/broker-body.ts";
import type { Effect, Quote } from "../../../src/protocol/orders/ticket.ts";
import type { Clock } from "../client-portal/clock.ts";
import type { RelyingParty } from "../trust/verify-assertion.ts";
import type { Reach } from "./announce.ts";
import type { Conversation } from "./conversation/conversation.ts";
import type { Lane } from "./lane.ts";
import type { LocalRules } from "./local-rules.ts";
import type { Progress } from "./progress.ts";
import type { SendOrder } from "./send.ts";
import type { OrderStore } from "./store.ts";
import type { Tracker } from "./tracker.ts";
import type { WithdrawLater } from "./withdraw-later.ts";

/** What the writes about orders work with. */
export interface SubmitParts {
  store: OrderStore;
  progress: Progress;
  tracker: Tracker;
  conversation: Conversation;
  lane: Lane;
  later: WithdrawLater;
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
  /** A number of two digits, to be shown here and brought back. */
  echo(): number;
}

export interface SubmitInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  intent_hash: string;
  approval: ApprovalProof;
}

/** This PC's own reads about the order, as of one moment. */
export interface Facts {
  market: Quote | null;
  effect: Effect | null;
  notional: string | null;
  dailyPnl: string | null;
}
