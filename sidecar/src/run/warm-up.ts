import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { portfolioAccounts } from "../client-portal/endpoints/accounts.ts";
import { liveOrders } from "../client-portal/endpoints/orders.ts";
import { trades } from "../client-portal/endpoints/trades.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Ask, Portal } from "../client-portal/portal-interface.ts";

/** Makes the reads that wake the broker's services in a new session; false when one was not answered. */
export async function warmUp(portal: Portal, logger: BrokerLogger): Promise<boolean> {
  const wake = async <T>(ask: Ask<T>): Promise<boolean> => {
    try {
      // Cold answers are what a warm-up is for; nobody believes them yet.
      await portal.ask(
        { ...ask, needs: "nothing", priority: "reconcile" },
        { fresh: true, maxWaitMs: 10_000, firstLookOnly: true },
      );
      return true;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.debug({ read: ask.name, code: error.failure.code }, "warm-up read failed");
      return false;
    }
  };
  const answered = await Promise.all([
    wake(portfolioAccounts),
    // Forced, so that whatever was asked before us does not keep the order stream silent.
    wake(liveOrders({ force: true })),
    wake(trades(1)),
  ]);
  return answered.every((yes) => yes);
}
