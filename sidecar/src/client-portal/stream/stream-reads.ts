import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { liveOrders, type OrderRow } from "../endpoints/orders.ts";
import { type TradeRow, trades } from "../endpoints/trades.ts";
import { LIMITS } from "../limits.ts";
import type { BrokerLogger } from "../logger.ts";
import type { Answer, Ask, Portal } from "../portal-interface.ts";
import type { StreamConnection } from "./stream-connection.ts";
import type { StreamSnapshot } from "./stream-snapshot.ts";

export interface ReconcilerParts {
  portal: Portal;
  connection: Pick<StreamConnection, "number" | "alive" | "later">;
  logger: BrokerLogger;
  /** How many days of executions are read. */
  days: number;
  /** Null while the session is not ready. */
  generation(): number | null;
  snapshot(): StreamSnapshot;
  /** The reads were laid under what the stream said. */
  onRead(executions: readonly TradeRow[], orders: Iterable<OrderRow>): void;
}

/**
 * Reads orders and fills, and lays over them what the stream said meanwhile. One at a time; what is
 * asked for while it runs is done once more after it.
 */
export class StreamReconciler {
  readonly #parts: ReconcilerParts;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #again = false;
  #confirmed = false;
  #interrupted = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** The reads have confirmed what this connection says. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** The connection ended: what it says next is not confirmed yet. */
  doubt(): void {
    this.#confirmed = false;
  }

  /** A connection of this generation was lost; then the order stream may need waking. */
  interrupted(): void {
    this.#interrupted = true;
  }

  /** Another session: it was not interrupted yet. */
  begin(): void {
    this.#confirmed = false;
    this.#interrupted = false;
  }

  request(): void {
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#reconcile()
      .catch((error: unknown) => {
        this.#parts.logger.error({ err: error }, "reconciling with the broker failed unexpectedly");
      })
      .finally(() => {
        this.#running = null;
        if (!this.#again || this.#closed) return;
        this.#again = false;
        this.request();
      });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get #closed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The truth by reads, and over it what the stream said meanwhile. */
  async #reconcile(): Promise<void> {
    const { connection, generation, snapshot, logger, days } = this.#parts;
    const number = connection.number();
    const during = generation();
    if (during === null) return;
    const kept = snapshot();
    kept.listen();
    try {
      const [live, done] = await Promise.all([this.#readOrders(), this.#readNow(trades(days))]);
      if (this.#closed || during !== generation()) return;
      // Nothing was learnt while the broker may not be asked.
      if (live.from !== "broker" || done.from !== "broker") {
        this.#retryLater();
        return;
      }
      kept.settle(live.value.orders, done.value);
      this.#parts.onRead(done.value, kept.orders.values());
      // Rows without an id are in no snapshot: it is not vouched for.
      const lost = live.value.lost > 0 || done.value.some((row) => row.execution_id === null);
      if (lost) this.#confirmed = false;
      if (number !== connection.number() || !live.proved || lost) return;
      this.#confirmed = connection.alive();
      this.#interrupted = false;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.debug({ code: error.failure.code }, "reconciling with the broker failed");
      if (!this.#closed && during === generation()) this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#parts.connection.later(LIMITS.streamReconcileRetryMs, () => this.request());
  }

  /** A forced read wakes a silenced order stream but may itself come back empty; the next one counts. */
  async #readOrders() {
    if (this.#interrupted) await this.#readNow(liveOrders({ force: true }), true);
    return this.#readNow(liveOrders());
  }

  #readNow<T>(ask: Ask<T>, firstLookOnly = false): Promise<Answer<T>> {
    return this.#parts.portal.ask(
      { ...ask, priority: "reconcile" },
      {
        fresh: true,
        alone: true,
        maxWaitMs: 30_000,
        signal: this.#stop.signal,
        firstLookOnly,
      },
    );
  }
}
