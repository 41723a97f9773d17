import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";

/** Tells the session whenever anything but the time of the last look changed. */
export function createSessionTeller(
  session: () => BrokerSession,
  tell: (event: BrokerEvent) => void,
  logger: BrokerLogger,
): () => void {
  let lastTold = "";
  return () => {
    const now = session();
    const { observed_at: _seen, ...lasting } = now;
    const mark = JSON.stringify(lasting);
    if (mark === lastTold) return;
    lastTold = mark;
    try {
      tell({ type: "broker.session", payload: now });
    } catch (error) {
      lastTold = "";
      logger.error({ err: error }, "the broker session's change was not taken");
    }
  };
}
