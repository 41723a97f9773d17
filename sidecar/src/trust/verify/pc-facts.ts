import type { Mandate, MandateUsage } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import type { Effect, Ticket, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { RelyingParty } from "./verify-assertion.ts";

/** What this PC itself knows, that an approval is held against. */
export interface PcFacts {
  gatewayAccountId: string;
  sidecarId: string;
  /** Of the broker session now. */
  generation: number;
  /** As stored at preview, under the id the proof names; null when there is none. */
  preview: { ticket: Ticket; generation: number; echo: number | null } | null;
  /** The market now, for the price to have stayed. */
  market: TicketQuote | null;
  /** By its hours the order could not trade now. */
  waits: boolean;
  /** How the order changes the position now. */
  effect: Effect | null;
  /** Worst case in base currency, the larger of then and now; null when it is not known. */
  notional: string | null;
  /** Least tier the local caps ask for, from the numbers. */
  leastTier: Tier;
  maxDriftBps: string;
  mandatesAllowed: boolean;
  mandateUsage: (mandate: Mandate) => MandateUsage;
  relyingParty: RelyingParty;
  /** The broker behind this PC is the proved simulator. */
  simulator: boolean;
  nowMs: number;
}
