import type { Source } from "@ibkr-edge-gateway/protocol/operations/parts.ts";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/files.ts";
import { brokerText, label } from "../broker-text.ts";
import { type Clock, isoTime } from "../clock.ts";
import { executedAt, executionFrom } from "../domain/execution-rows.ts";
import { orderFrom } from "../domain/order-rows.ts";
import type { OrderRow } from "../endpoints/orders.ts";
import type { TradeRow } from "../endpoints/trades.ts";
import type { BrokerLogger } from "../logger.ts";
import { orderMark } from "../stream/order-state.ts";
import type { StreamNews } from "../stream/stream.ts";
import { toText } from "../wire-values.ts";
import type { BrokerEvent } from "./broker-event.ts";

/**
 * From rows, which come several times over (stream, replay, reconcile), to events, each told once.
 * A fill is known by its execution id, an order's change by what changed; both are remembered on
 * disk over a restart. The very first time this sidecar runs, what already happened is taken as
 * known and not told as news.
 */
const NewsFile = z.strictObject({
  v: z.literal(1),
  /** When this sidecar first ran: what was filled before is no news. */
  since: z.number(),
  executions: z.record(z.string(), z.number()),
  orders: z.record(z.string(), z.strictObject({ mark: z.string(), at: z.number() })),
});
type NewsFile = z.infer<typeof NewsFile>;

export interface NewsStore {
  load(): NewsFile | null;
  save(file: NewsFile): void;
}

/** @throws UsageError when the file is damaged; old fills must not be told as news. */
export function fileNewsStore(configDir: string, source: Source): NewsStore {
  const name = `broker-news.${source}.json`;
  return {
    load: () => readPrivateJson(configDir, name, NewsFile),
    save: (file) => writePrivateJson(configDir, name, file),
  };
}

const KEPT_FOR_MS = 9 * 86_400_000;

export interface NewsOptions {
  clock: Clock;
  source: Source;
  store: NewsStore;
  isOwnOrder(orderRef: string): boolean;
  /** The currency of a contract's prices, as far as it is known without asking. */
  currencyOf(conid: number): Promise<string | null>;
  /** The login's only account, for rows that name none; null when there are several. */
  onlyAccount(): string | null;
  tell(event: BrokerEvent): void;
  logger: BrokerLogger;
}

export function createNews(options: NewsOptions): StreamNews {
  const { clock, source, store } = options;
  const kept = store.load();
  const executions = new Map(Object.entries(kept?.executions ?? {}));
  const orders = new Map(Object.entries(kept?.orders ?? {}));
  const since = kept?.since ?? clock.now();
  /** The first confirmed list of orders on the very first run is the past, not news. */
  let knowsOrders = kept !== null;

  const save = (): void => {
    const horizon = clock.now() - KEPT_FOR_MS;
    for (const [id, at] of executions) if (at < horizon) executions.delete(id);
    for (const [id, { at }] of orders) if (at < horizon) orders.delete(id);
    try {
      store.save({
        v: 1,
        since,
        executions: Object.fromEntries(executions),
        orders: Object.fromEntries(orders),
      });
    } catch (error) {
      // Told again after a restart, under the same key; better than not told.
      options.logger.error({ err: error }, "what was told of the broker could not be kept");
    }
  };

  /** One after another, so that fills are told in the order they were heard. */
  let telling: Promise<void> = Promise.resolve();

  const seenAt = () => ({ source, observed_at: isoTime(clock.now()) });

  /** What could not be told (a full journal, say) is forgotten again, so that the next look tells it. */
  const attempt = (event: BrokerEvent, forget: () => void): void => {
    try {
      options.tell(event);
    } catch (error) {
      forget();
      options.logger.error(
        { err: error, event: event.type },
        "an event of the broker was not taken",
      );
    }
  };

  const tellOrder = (row: OrderRow): void => {
    const order = orderFrom(row, options.isOwnOrder);
    if (order === null) return;
    const event_key = `${order.order_id}|${orderMark(row)}`.slice(0, 200);
    attempt({ type: "broker.order", payload: { event_key, ...seenAt(), order } }, () =>
      orders.delete(order.order_id),
    );
  };

  const tellExecution = async (row: TradeRow): Promise<void> => {
    const currency =
      row.conid === null ? null : await options.currencyOf(row.conid).catch(() => null);
    const execution = executionFrom(row, currency, options.onlyAccount());
    if (execution === null) return;
    const event_key = execution.execution_id;
    attempt({ type: "broker.execution", payload: { event_key, ...seenAt(), execution } }, () =>
      executions.delete(event_key),
    );
  };

  return {
    onOrders: (rows) => {
      const first = !knowsOrders;
      knowsOrders = true;
      let changed = first;
      for (const row of rows) {
        if (row.orderId === null) continue;
        const mark = orderMark(row);
        if (orders.get(row.orderId)?.mark === mark) continue;
        orders.set(row.orderId, { mark, at: clock.now() });
        changed = true;
        if (!first) tellOrder(row);
      }
      if (changed) save();
    },
    onExecutions: (rows) => {
      const news: TradeRow[] = [];
      for (const row of rows) {
        if (row.execution_id === null || executions.has(row.execution_id)) continue;
        executions.set(row.execution_id, clock.now());
        if ((executedAt(row) ?? since) >= since) news.push(row);
      }
      if (news.length === 0) return;
      telling = telling.then(async () => {
        for (const row of news) await tellExecution(row);
        save();
      });
    },
    onNotice: (row) => {
      const id = label(row.id, 60);
      attempt(
        {
          type: "broker.alert",
          payload: {
            event_key: `notice|${id ?? ""}|${clock.now()}`.slice(0, 200),
            ...seenAt(),
            notice_id: id,
            title: brokerText(row.title),
            text: brokerText(toText(row.text) ?? toText(row.message)),
          },
        },
        () => {},
      );
    },
  };
}
