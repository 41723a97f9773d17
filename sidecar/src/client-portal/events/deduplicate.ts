import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { brokerText, label } from "../broker-text.ts";
import { type Clock, isoTime } from "../clock.ts";
import { executedAt, executionFrom } from "../domain/execution-rows.ts";
import { orderFrom } from "../domain/order-rows.ts";
import type { OrderRow } from "../endpoints/orders.ts";
import type { TradeRow } from "../endpoints/trades.ts";
import type { BrokerLogger } from "../logger.ts";
import { wire } from "../readers.ts";
import type { RawRow } from "../stream/frames.ts";
import type { StreamListener } from "../stream/stream.ts";
import { orderMark } from "../stream/streamed-orders.ts";
import type { BrokerEvent } from "./broker-event.ts";
import type { SeenStore } from "./seen-store.ts";

/**
 * From rows, which come several times over (stream, replay, reconcile), to events, each told once.
 * A fill is known by its execution id, an order's change by what changed; both are remembered on
 * disk over a restart. The very first time this sidecar runs, what already happened is taken as
 * known and not told.
 */
export interface DeduplicationOptions {
  clock: Clock;
  source: Source;
  store: SeenStore;
  isOwnOrder(orderRef: string): boolean;
  /** The currency of a contract's prices, as far as it is known without asking. */
  currencyOf(conid: number): Promise<string | null>;
  /** The login's only account, for rows that name none; null when there are several. */
  onlyAccount(): string | null;
  /** Throws when the event could not be taken; it is then told again. */
  tell(event: BrokerEvent): void;
  logger: BrokerLogger;
}

const KEPT_FOR_MS = 9 * 86_400_000;

export const createEventDeduplication = (options: DeduplicationOptions): StreamListener =>
  new EventDeduplication(options);

class EventDeduplication implements StreamListener {
  readonly #options: DeduplicationOptions;
  readonly #executions: Map<string, number>;
  readonly #orders: Map<string, { mark: string; at: number }>;
  readonly #since: number;
  /** The first confirmed list of orders on the very first run is the past. */
  #knowsOrders: boolean;
  /** One after another, so that fills are told in the order they were heard. */
  #telling: Promise<void> = Promise.resolve();

  constructor(options: DeduplicationOptions) {
    const seen = options.store.load();
    this.#options = options;
    this.#executions = new Map(Object.entries(seen?.executions ?? {}));
    this.#orders = new Map(Object.entries(seen?.orders ?? {}));
    this.#since = seen?.since ?? options.clock.now();
    this.#knowsOrders = seen !== null;
  }

  onOrders(rows: readonly OrderRow[]): void {
    const first = !this.#knowsOrders;
    this.#knowsOrders = true;
    let changed = first;
    for (const row of rows) {
      if (row.orderId === null) continue;
      const mark = orderMark(row);
      if (this.#orders.get(row.orderId)?.mark === mark) continue;
      this.#orders.set(row.orderId, { mark, at: this.#options.clock.now() });
      changed = true;
      if (!first) this.#tellOrder(row);
    }
    if (changed) this.#save();
  }

  onExecutions(rows: readonly TradeRow[]): void {
    const unseen: TradeRow[] = [];
    for (const row of rows) {
      if (row.execution_id === null || this.#executions.has(row.execution_id)) continue;
      this.#executions.set(row.execution_id, this.#options.clock.now());
      if ((executedAt(row) ?? this.#since) >= this.#since) unseen.push(row);
    }
    if (unseen.length === 0) return;
    this.#telling = this.#telling.then(async () => {
      for (const row of unseen) await this.#tellExecution(row);
      this.#save();
    });
  }

  onNotice(row: RawRow): void {
    const id = label(row.id, 60);
    const payload = {
      event_key: `notice|${id ?? ""}|${this.#options.clock.now()}`.slice(0, 200),
      ...this.#seenAt(),
      notice_id: id,
      title: brokerText(row.title),
      text: brokerText(wire.text.parse(row.text) ?? wire.text.parse(row.message)),
    };
    this.#attempt({ type: "broker.alert", payload }, () => {});
  }

  #tellOrder(row: OrderRow): void {
    const order = orderFrom(row, this.#options.isOwnOrder);
    if (order === null) return;
    const event_key = `${order.order_id}|${orderMark(row)}`.slice(0, 200);
    const payload = { event_key, ...this.#seenAt(), order };
    this.#attempt({ type: "broker.order", payload }, () => this.#orders.delete(order.order_id));
  }

  async #tellExecution(row: TradeRow): Promise<void> {
    const { onlyAccount, logger } = this.#options;
    const currency =
      row.conid === null
        ? null
        : await this.#options.currencyOf(row.conid).catch((error: unknown) => {
            logger.debug({ err: error }, "the currency of a fill is not known");
            return null;
          });
    const execution = executionFrom(row, currency, onlyAccount());
    if (execution === null) return;
    const event_key = execution.execution_id;
    const payload = { event_key, ...this.#seenAt(), execution };
    this.#attempt({ type: "broker.execution", payload }, () => this.#executions.delete(event_key));
  }

  #seenAt() {
    const { source, clock } = this.#options;
    return { source, observed_at: isoTime(clock.now()) };
  }

  /** What could not be told (a full journal, say) is forgotten again, so that the next look tells it. */
  #attempt(event: BrokerEvent, forget: () => void): void {
    try {
      this.#options.tell(event);
    } catch (error) {
      forget();
      this.#options.logger.error(
        { err: error, event: event.type },
        "an event of the broker was not taken",
      );
    }
  }

  #save(): void {
    const { store, clock, logger } = this.#options;
    const horizon = clock.now() - KEPT_FOR_MS;
    for (const [id, at] of this.#executions) if (at < horizon) this.#executions.delete(id);
    for (const [id, { at }] of this.#orders) if (at < horizon) this.#orders.delete(id);
    try {
      store.save({
        v: 1,
        since: this.#since,
        executions: Object.fromEntries(this.#executions),
        orders: Object.fromEntries(this.#orders),
      });
    } catch (error) {
      // Told again after a restart, under the same key; better than not told.
      logger.error({ err: error }, "what was told of the broker could not be kept");
    }
  }
}
