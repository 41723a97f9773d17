import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import type { StreamView } from "../../client-portal/stream/stream-view.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { BookView } from "./book-evidence.ts";
import type { BookRead } from "./order-book-read.ts";
import type { Progress } from "./progress.ts";
import {
  dueAt,
  NOTHING_TRACKED,
  type OrderStatusRead,
  type TrackingEffect,
  type TrackingInput,
  type TrackingState,
} from "./tracking-state.ts";
import { trackingStep } from "./tracking-step.ts";

/**
 * Follows every intent until it is proved to have ended: an accepted one until it is seen, one in
 * doubt until the book settles it or a quiet period has passed. It reads and never sends.
 */
export interface Tracking {
  /** The broker took it, as it says. */
  watch(coid: string): void;
  /** Nobody knows. */
  doubt(coid: string): void;
  /** Rows that came by the stream or by somebody else's read. Throws what the journal throws. */
  see(view: BookView): void;
  /** Everything that is open, and the whole book against the journal. */
  checkAll(): void;
  close(): void;
}

export interface TrackingParts {
  /** The broker's book and one order's status; both reject with what the broker side throws. */
  reads: {
    book(accountId: string, signal: AbortSignal): Promise<BookRead>;
    status(orderId: string, signal: AbortSignal): Promise<OrderStatusRead["status"]>;
  };
  /** The login's accounts, as the broker named them in this session. */
  accounts(): readonly string[];
  store: OrderStore;
  progress: Pick<Progress, "carryOut">;
  clock: Clock;
  source: Source;
  logger: BrokerLogger;
  /** The broker session is ready: it may be read. */
  ready(): boolean;
  stream: Pick<StreamView, "orders" | "executions">;
}

/** Days of executions that the stream is asked for. */
const STREAMED_DAYS = 7;

export const createTracking = (parts: TrackingParts): Tracking => new TrackingDriver(parts);

class TrackingDriver implements Tracking {
  readonly #parts: TrackingParts;
  readonly #stop = new AbortController();
  #state: TrackingState = NOTHING_TRACKED;
  #cancelTimer: () => void = () => {};
  /** After a step that could not be journaled, everything is checked anew then. */
  #checkAgainAt: number | null = null;

  constructor(parts: TrackingParts) {
    this.#parts = parts;
  }

  watch(coid: string): void {
    this.#dispatch({ kind: "watch", coid });
  }

  doubt(coid: string): void {
    this.#dispatch({ kind: "doubt", coid });
  }

  see(view: BookView): void {
    this.#dispatch({ kind: "see", view });
  }

  checkAll(): void {
    this.#dispatch({ kind: "check_all" });
  }

  close(): void {
    this.#stop.abort();
    this.#cancelTimer();
  }

  /** Throws what the journal throws; then nothing of the step has happened. */
  #dispatch(input: TrackingInput): void {
    if (this.#stop.signal.aborted) return;
    const { store, clock, source } = this.#parts;
    const step = trackingStep(this.#state, input, {
      now: clock.now(),
      source,
      ready: this.#parts.ready(),
      accounts: this.#parts.accounts(),
      streamed: () => this.#streamed(),
      journal: store,
    });
    if (step.writes.length > 0) this.#commit(step.writes);
    this.#state = step.state;
    this.#arm();
    for (const effect of step.effects) {
      try {
        this.#carryOut(effect);
      } catch (thrown) {
        // What is left of the step is journaled, and must be told.
        this.#report(thrown);
      }
    }
  }

  /** Whether a write that failed is on the disk is not known, so the state here is made anew from it. */
  #commit(records: readonly IntentRecord[]): void {
    const { store, clock } = this.#parts;
    try {
      store.save(...records);
    } catch (thrown) {
      const { reading, again, unexplained } = this.#state;
      this.#state = { ...NOTHING_TRACKED, reading, again, unexplained };
      this.#checkAgainAt = clock.now() + ORDER_LIMITS.retryMs;
      this.#arm();
      throw thrown;
    }
  }

  /** A journal that cannot be written must not end the process: orders are looked after still. */
  #guarded(input: TrackingInput): boolean {
    try {
      this.#dispatch(input);
      return true;
    } catch (thrown) {
      this.#report(thrown);
      return false;
    }
  }

  #arm(): void {
    this.#cancelTimer();
    const due = this.#checkAgainAt ?? dueAt(this.#state);
    if (due === null || this.#stop.signal.aborted) return;
    const { clock } = this.#parts;
    this.#cancelTimer = clock.after(Math.max(0, due - clock.now()), () => this.#wake());
  }

  #wake(): void {
    const checks = this.#checkAgainAt !== null;
    this.#checkAgainAt = null;
    if (this.#guarded({ kind: checks ? "check_all" : "tick" })) return;
    // What was not the journal's own fault, such as a record that cannot be read.
    this.#checkAgainAt ??= this.#parts.clock.now() + ORDER_LIMITS.retryMs;
    this.#arm();
  }

  #carryOut(effect: TrackingEffect): void {
    switch (effect.kind) {
      case "read_book":
        void this.#readBooks(effect.accountIds);
        return;
      case "read_statuses":
        void this.#readStatuses(effect);
        return;
      default:
        this.#parts.progress.carryOut(effect);
    }
  }

  async #readBooks(accountIds: readonly string[]): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (const accountId of accountIds) {
        const book = await this.#parts.reads.book(accountId, signal);
        if (!this.#guarded({ kind: "book_read", accountId, book })) break;
      }
    } catch (thrown) {
      this.#report(thrown);
    }
    this.#endRead();
  }

  /** Until it is taken, no other read begins. */
  #endRead(): void {
    if (this.#guarded({ kind: "read_ended" })) return;
    this.#parts.clock.after(ORDER_LIMITS.retryMs, () => this.#endRead());
  }

  async #readStatuses({
    look,
    version,
    orderIds,
  }: Extract<TrackingEffect, { kind: "read_statuses" }>): Promise<void> {
    let statuses: OrderStatusRead[] | null = [];
    try {
      for (const orderId of orderIds) {
        const status = await this.#parts.reads.status(orderId, this.#stop.signal);
        statuses.push({ orderId, status });
      }
    } catch (thrown) {
      this.#report(thrown);
      statuses = null;
    }
    if (this.#guarded({ kind: "statuses_read", look, version, statuses })) return;
    // Not journaled: the look is made again.
    this.#guarded({ kind: "watch", coid: look.coid });
  }

  #streamed(): BookView | null {
    const { stream, clock } = this.#parts;
    const orders = stream.orders();
    if (orders === null) return null;
    return {
      orders: orders.value,
      trades: stream.executions(STREAMED_DAYS)?.value ?? [],
      source: "order_stream",
      at: isoTime(clock.now()),
      startedAt: null,
    };
  }

  #report(thrown: unknown): void {
    const { logger } = this.#parts;
    if (thrown instanceof GatewayError) {
      logger.debug({ code: thrown.failure.code }, "looking for an order failed");
      return;
    }
    logger.error({ err: thrown }, "looking for an order failed unexpectedly");
  }
}
