import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Clock } from "./clock.ts";
import { LIMITS } from "./limits.ts";
import type { Ask, Portal } from "./portal-interface.ts";

/**
 * Every contract a snapshot was asked for keeps one of the account's market data lines (100 by
 * default) until it is let go. Lines nobody has asked about for a while are given back, so that the
 * owner's own TWS is not short of them.
 */
export interface QuoteLines {
  /** Notes that these are about to be looked at, and makes room for them. */
  touch(conids: readonly number[]): Promise<void>;
  /** How many are held. */
  held(): number;
  /** The session is over, and every line with it. */
  reset(): void;
  close(): void;
}

const unsubscribeAll: Ask<null> = {
  name: "marketdata.unsubscribeall",
  path: "/iserver/marketdata/unsubscribeall",
  needs: "brokerage",
  ttlMs: 0,
  decode: () => null,
  onEmpty: () => null,
};

const unsubscribe = (conid: number): Ask<null> => ({
  name: "marketdata.unsubscribe",
  method: "POST",
  path: "/iserver/marketdata/unsubscribe",
  body: { conid },
  needs: "brokerage",
  ttlMs: 0,
  decode: () => null,
  onEmpty: () => null,
});

/** Above so many, one call that frees all is kinder than many that free one each. */
const FEW = 5;

export function createQuoteLines(options: { portal: Portal; clock: Clock }): QuoteLines {
  const { clock, portal } = options;
  /** When each was last asked for; least recent first. */
  let lines = new Map<number, number>();
  let cancelTimer = (): void => {};
  let armed = false;

  const tell = async (ask: Ask<null>): Promise<void> => {
    try {
      await portal.ask(ask, { fresh: true, maxWaitMs: LIMITS.readTimeoutMs });
    } catch (error) {
      // A line that was not held cannot be given back; that is as good.
      if (!(error instanceof GatewayError)) throw error;
    }
  };

  const arm = (): void => {
    if (armed) return;
    armed = true;
    cancelTimer = clock.after(LIMITS.quoteIdleMs, () => {
      armed = false;
      void freeIdle();
    });
  };

  const freeIdle = async (): Promise<void> => {
    const horizon = clock.now() - LIMITS.quoteIdleMs;
    const idle = [...lines].filter(([, at]) => at <= horizon).map(([conid]) => conid);
    if (lines.size > 0 && idle.length === lines.size) {
      lines = new Map();
      await tell(unsubscribeAll);
    } else if (lines.size > 0) {
      arm();
    }
  };

  return {
    touch: async (conids) => {
      const wanted = new Set(conids);
      const others = [...lines.keys()].filter((conid) => !wanted.has(conid));
      const excess = others.length + wanted.size - LIMITS.marketDataLines;
      const leaving = others.slice(0, Math.max(0, Math.min(excess, others.length)));
      for (const conid of leaving) lines.delete(conid);
      for (const conid of conids) {
        lines.delete(conid);
        lines.set(conid, clock.now());
      }
      arm();
      if (leaving.length > FEW) {
        for (const conid of [...lines.keys()]) if (!wanted.has(conid)) lines.delete(conid);
        await tell(unsubscribeAll);
      } else {
        await Promise.all(leaving.map((conid) => tell(unsubscribe(conid))));
      }
    },
    held: () => lines.size,
    reset: () => {
      lines = new Map();
    },
    close: () => cancelTimer(),
  };
}
