import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { PreviewFacts, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/** The numbers a submit is judged by. */
export interface Fresh {
  market: TicketQuote | null;
  facts: PreviewFacts;
  skewMs: number | null;
  /** When the PC was asked, on this clock: what happened since may be missing. */
  readAtMs?: number;
}

export type FreshRead =
  | { ok: true; fresh: Fresh }
  | { ok: false; failure: GatewayFailure }
  /** The PC understands the order otherwise by now: what changed, in words. */
  | { ok: false; changed: string };

/** Nothing is known; the checks that need a number refuse. */
export const NO_FACTS: Fresh["facts"] = {
  rules: null,
  instrument: null,
  account: null,
  positions: null,
  working: null,
  fx_to_base: null,
  effect: null,
  greeks: null,
  broker_clock_skew_ms: null,
};
