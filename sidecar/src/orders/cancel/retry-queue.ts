import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import { ORDER_LIMITS } from "../limits.ts";

/**
 * Cancels of the owner's that the broker turned away because it refuses everything for a while.
 * They are sent again as the first thing when it listens, a bounded number of times; what could not
 * be cancelled by then is told to the owner. In memory only: after a restart the owner is still
 * warned by the alert that the first refusal raised.
 */
export interface CancelRetryQueue {
  /** When it is tried again, RFC 3339. The same order is kept once. */
  add(order: string, again: () => Promise<"done" | "refused_again">): string;
  close(): void;
}

interface Waiting {
  tries: number;
  again: () => Promise<"done" | "refused_again">;
}

export function createCancelRetryQueue(options: {
  clock: Clock;
  logger: BrokerLogger;
  session(): Pick<BrokerSession, "silent_until">;
  /** The broker refused it too often. */
  onGivenUp(order: string): void;
}): CancelRetryQueue {
  const { clock, logger } = options;
  const waiting = new Map<string, Waiting>();
  let cancelTimer = (): void => {};
  let closed = false;

  const dueAt = (): number => {
    const until = options.session().silent_until;
    // A moment before everybody else, whose silence ends on the millisecond.
    const ends = until === null ? 0 : Date.parse(until) - 1;
    return Math.max(ends, clock.now() + ORDER_LIMITS.cancelLookMs);
  };

  const arm = (): number => {
    const at = dueAt();
    cancelTimer();
    cancelTimer = clock.after(at - clock.now(), () => void sendAll());
    return at;
  };

  const sendAll = async (): Promise<void> => {
    for (const [order, one] of [...waiting]) {
      one.tries += 1;
      const end = await one.again().catch((thrown: unknown) => {
        logger.error({ err: thrown }, "a cancel could not be sent again");
        return "refused_again" as const;
      });
      if (end === "done") waiting.delete(order);
      else if (one.tries >= ORDER_LIMITS.cancelTries) {
        waiting.delete(order);
        options.onGivenUp(order);
      }
      // Refused once more: nothing else is sent into that silence.
      if (end === "refused_again") break;
    }
    if (waiting.size > 0 && !closed) arm();
  };

  return {
    add(order, again) {
      waiting.set(order, { tries: 0, again });
      return isoTime(arm());
    },
    close() {
      closed = true;
      cancelTimer();
    },
  };
}
