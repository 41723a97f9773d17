import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Clock } from "../clock.ts";
import type { PacingStore } from "./pacing-store.ts";
import type { Priority } from "./priority.ts";
import { initialQueue, type QueueInput, queueStep } from "./queue.ts";
import type { PaceName } from "./rate-windows.ts";
import type { Urgency } from "./urgency.ts";

/** Every request to the broker passes here, the whole process through one gate. */
export interface PaceRequest {
  pace: PaceName;
  /** With an `Urgency` the place in the line follows it. */
  priority: Priority | Urgency;
  /** The client for whom it is; null for nobody's. */
  share?: string | null;
  /** Refused at once when the wait would be longer. */
  maxWaitMs: number;
  signal?: AbortSignal;
}

export interface Pacer {
  /**
   * Resolves when the request may start; call the result once it has ended.
   * @throws GatewayError `BROKER_RATE_LIMITED` when it may not start in time, `DEADLINE_EXCEEDED`
   * when its signal aborts first.
   */
  acquire(request: PaceRequest): Promise<() => void>;
  /** A 429 came back. */
  penalize(): void;
  /** No request before this time (ms since the epoch); 0 when none holds. */
  silentUntil(): number;
  close(): void;
}

interface Waiter {
  start(): void;
  refuse(error: GatewayError): void;
}

/** Drives the queue: keeps what a step writes, then starts and refuses whom it names. */
export function createPacer({ clock, store }: { clock: Clock; store: PacingStore }): Pacer {
  let queue = initialQueue(store.load(), clock.now());
  const waiters = new Map<number, Waiter>();
  let lastId = 0;
  let cancelWake = (): void => {};
  let closed = false;

  const dispatch = (input: QueueInput): void => {
    cancelWake();
    const now = clock.now();
    const { state, write, effects, wakeAt } = queueStep(queue, input, now);
    queue = state;
    if (write !== null) store.save(write);
    if (wakeAt !== null && !closed) {
      cancelWake = clock.after(Math.max(1, wakeAt - now), () => dispatch({ kind: "tick" }));
    }
    for (const effect of effects) {
      const waiter = waiters.get(effect.id);
      waiters.delete(effect.id);
      if (effect.kind === "start") waiter?.start();
      else waiter?.refuse(REFUSALS[effect.why](effect.waitMs));
    }
  };

  return {
    acquire: ({ signal, priority: urgency, ...terms }) => {
      if (closed) return Promise.reject(tooBusy(1_000));
      if (signal?.aborted) return Promise.reject(aborted());
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        const stopListening =
          typeof urgency === "string"
            ? () => {}
            : urgency.onRaise((priority) => dispatch({ kind: "raised", id, priority }));
        const leave = (): void => {
          signal?.removeEventListener("abort", onAbort);
          stopListening();
        };
        const onAbort = (): void => {
          leave();
          waiters.delete(id);
          dispatch({ kind: "abandoned", id });
          reject(aborted());
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        waiters.set(id, {
          start() {
            leave();
            resolve(() => dispatch({ kind: "answered", id }));
          },
          refuse(error) {
            leave();
            reject(error);
          },
        });
        const priority = typeof urgency === "string" ? urgency : urgency.priority;
        dispatch({ kind: "ask", id, priority, ...terms });
      });
    },
    penalize: () => dispatch({ kind: "rate_limited" }),
    silentUntil: () => (clock.now() < queue.silentUntil ? queue.silentUntil : 0),
    close: () => {
      closed = true;
      cancelWake();
      for (const { refuse } of waiters.values()) refuse(tooBusy(1_000));
      waiters.clear();
    },
  };
}

const REFUSALS = { busy: tooBusy, silence: inPenaltyBox } as const;

function tooBusy(waitMs: number): GatewayError {
  return new GatewayError(
    failure(
      "BROKER_RATE_LIMITED",
      "The broker allows this question only so often; ask again later.",
      {
        retryable: true,
        retry_after_ms: Math.max(1, Math.ceil(waitMs)),
      },
    ),
  );
}

function inPenaltyBox(waitMs: number): GatewayError {
  return new GatewayError(
    failure(
      "BROKER_RATE_LIMITED",
      "The broker refused us for asking too often. Nothing is sent to it until the time is over.",
      {
        retryable: true,
        retry_after_ms: Math.ceil(waitMs),
        user_action:
          "Wait. To close a position before that, use IBKR Mobile or TWS. If another program on this PC uses the same broker login, stop it.",
      },
    ),
  );
}

function aborted(): GatewayError {
  return new GatewayError(
    failure(
      "DEADLINE_EXCEEDED",
      "The time for this call was over before the broker could be asked.",
      {
        retryable: true,
      },
    ),
  );
}
