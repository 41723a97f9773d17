import { failure, GatewayError } from "../../../../src/protocol/errors.ts";
import type { Streamed } from "../../operations/context.ts";
import { type Clock, sleep } from "../clock.ts";
import { liveOrders, type OrderRow } from "../endpoints/orders.ts";
import { PnlPartition as Partition, type PnlPartition } from "../endpoints/pnl.ts";
import type { SnapshotRow } from "../endpoints/quotes.ts";
import { TradeRow, trades } from "../endpoints/trades.ts";
import { LIMITS } from "../limits.ts";
import type { BrokerLogger } from "../logger.ts";
import type { Portal } from "../portal.ts";
import type { Supervisor } from "../session/supervisor.ts";
import { toRecord } from "../wire-values.ts";
import { type Frame, type RawRow, readFrame } from "./frames.ts";
import { type DepthQuery, type LadderRow, withRows } from "./ladder.ts";
import { isComplete, overlay } from "./order-state.ts";
import { createQuoteFeed } from "./quote-feed.ts";
import type { StreamSocket, StreamSocketEvents } from "./socket.ts";

/**
 * The broker's own news, live. The stream only tells what happens while it is heard: it does not
 * replay, and it can fall silent without closing. So every connection begins with a reconcile by
 * reads, silence for 25 s is the end of a connection, and its picture is only shown while a
 * heartbeat proves that the broker is still talking.
 */
export interface Stream {
  orders(): Streamed<readonly OrderRow[]> | null;
  executions(days: number): Streamed<readonly TradeRow[]> | null;
  pnl(): Streamed<ReadonlyMap<string, PnlPartition>> | null;
  /** Only where each contract's own frames are fresh; asking often makes them come. */
  quotes(
    conids: readonly number[],
    fieldIds: readonly string[],
  ): Streamed<Map<number, SnapshotRow>> | null;
  depth(query: DepthQuery): Promise<Streamed<readonly LadderRow[]>>;
  close(): Promise<void>;
}

export interface StreamNews {
  /** Orders as they are now; called for each batch that may hold a change. */
  onOrders(rows: readonly OrderRow[]): void;
  onExecutions(rows: readonly TradeRow[]): void;
  onNotice(row: RawRow): void;
}

export interface StreamOptions {
  open(credential: string, events: StreamSocketEvents): StreamSocket;
  supervisor: Supervisor;
  portal: Portal;
  clock: Clock;
  logger: BrokerLogger;
  random(): number;
  news: StreamNews;
}

const RECONCILED_DAYS = 7;

export function createStream(options: StreamOptions): Stream {
  const { clock, logger, news, portal, supervisor } = options;
  let socket: StreamSocket | null = null;
  /** Rises with every connection, so that a late event of an old one is known for what it is. */
  let connection = 0;
  let generation: number | null = null;
  let subscribed = false;
  let heardAt = 0;
  let failures = 0;
  let orders = new Map<string, OrderRow>();
  let executions = new Map<string, TradeRow>();
  let pnl = new Map<string, PnlPartition>();
  let pnlAt = 0;
  let ladder = new Map<number, LadderRow>();
  let ladderNews: (() => void) | null = null;
  let depthTurn: Promise<unknown> = Promise.resolve();
  /** Set once the reads have confirmed the picture of this connection. */
  let reconciledAt: number | null = null;
  /** A line of this generation was lost before; then the order stream may need waking. */
  let interrupted = false;
  let tending = false;
  let reconciling: Promise<void> | null = null;
  let reconcileAgain = false;
  /** What the stream said while a reconcile was under way. */
  let meanwhile: RawRow[] = [];
  let closed = false;
  const stop = new AbortController();
  /** Timers of the present connection. */
  const timers = new Set<() => void>();

  const later = (ms: number, task: () => void): void => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      task();
    });
    timers.add(cancel);
  };

  const feed = createQuoteFeed({
    clock,
    send: (text) => {
      if (!subscribed || socket === null) return false;
      socket.send(text);
      return true;
    },
  });

  const alive = (): boolean =>
    subscribed && socket !== null && clock.now() - heardAt <= LIMITS.streamSilenceMs;

  const drop = (): void => {
    connection += 1;
    for (const cancel of timers) cancel();
    timers.clear();
    socket?.terminate();
    socket = null;
    subscribed = false;
    reconciledAt = null;
    pnlAt = 0;
    tending = false;
    feed.reset();
  };

  const connect = (): void => {
    const credential = supervisor.streamCredential();
    if (closed || generation === null || socket !== null || credential === null) return;
    connection += 1;
    const mine = connection;
    const current = (): boolean => mine === connection;
    socket = options.open(credential, {
      onOpen: () => {
        if (!current()) return;
        heardAt = clock.now();
        watch();
        // The broker is ready when it says so, or after three seconds without a word.
        later(LIMITS.streamReadyMs, subscribe);
      },
      onText: (text) => {
        if (!current()) return;
        heardAt = clock.now();
        hear(readFrame(text));
      },
      onClose: () => {
        if (current()) lost("closed");
      },
    });
  };

  const lost = (why: string): void => {
    logger.info({ why }, "the broker's stream was lost");
    const gap = subscribed;
    drop();
    interrupted = true;
    if (closed || generation === null) return;
    failures += 1;
    // What happened in the gap is read at once; the line is dialled again beside that.
    if (gap) void reconcile();
    const wait = Math.min(LIMITS.streamRetryLastMs, 500 * 2 ** Math.min(failures, 8));
    later(wait * (0.5 + options.random() / 2), connect);
  };

  const watch = (): void => {
    later(LIMITS.streamSilenceMs / 5, () => {
      if (clock.now() - heardAt > LIMITS.streamSilenceMs) lost("silent");
      else watch();
    });
  };

  const tic = (): void => {
    later(LIMITS.streamTicMs, () => {
      socket?.send("tic");
      tic();
    });
  };

  const subscribe = (): void => {
    if (subscribed || socket === null) return;
    subscribed = true;
    failures = 0;
    socket.send("sor+{}");
    socket.send(`str+${JSON.stringify({ realtimeUpdatesOnly: false, days: RECONCILED_DAYS })}`);
    socket.send("spl+{}");
    tic();
    void reconcile();
    verify();
  };

  const tend = (): void => {
    if (tending) return;
    tending = true;
    later(LIMITS.quoteTendMs, () => {
      tending = false;
      if (feed.tend()) tend();
    });
  };

  /** Working orders are worth a look each minute, because an order stream was seen to fall silent alone. */
  const verify = (): void => {
    later(LIMITS.streamVerifyMs, () => {
      const working = [...orders.values()].some(
        (row) => !/^(filled|cancelled|inactive)$/i.test(row.status ?? ""),
      );
      if (working) void reconcile();
      verify();
    });
  };

  const hear = (frame: Frame): void => {
    switch (frame.kind) {
      case "session":
        if (frame.authenticated === true) subscribe();
        if (frame.authenticated === false || frame.competing === true) {
          supervisor.observe({ kind: "stream_doubt" });
        }
        return;
      case "greeting": {
        const { isPaper } = supervisor.belief();
        if (frame.isPaper !== null && isPaper !== null && frame.isPaper !== isPaper) {
          // Somebody logged in to the other world on the same port.
          supervisor.observe({ kind: "woke" });
        }
        return;
      }
      case "orders":
        hearOrders(frame.rows);
        return;
      case "executions":
        hearExecutions(frame.rows);
        return;
      case "pnl":
        for (const [key, raw] of Object.entries(frame.partitions)) {
          const row = toRecord(raw);
          if (row === null) continue;
          const parsed = Partition.safeParse({ ...pnl.get(key), ...row });
          if (parsed.success) pnl.set(key, parsed.data);
        }
        pnlAt = clock.now();
        return;
      case "quote":
        feed.hear(frame.conid, frame.fields);
        return;
      case "ladder":
        ladder = withRows(ladder, frame.rows);
        ladderNews?.();
        return;
      case "notice":
      case "bulletin":
        news.onNotice(frame.row);
        return;
      case "unreadable":
        logger.debug({}, "an unreadable frame of the broker's stream was skipped");
        return;
      default:
        return;
    }
  };

  const hearOrders = (rows: readonly RawRow[]): void => {
    const touched: OrderRow[] = [];
    if (reconciling !== null) meanwhile.push(...rows);
    for (const raw of rows) {
      const laid = overlay(orders, raw);
      if (laid === null) continue;
      orders.set(laid.id, laid.row);
      touched.push(laid.row);
    }
    if (reconciledAt !== null) news.onOrders(touched.filter(isComplete));
  };

  const hearExecutions = (rows: readonly RawRow[]): void => {
    const fresh: TradeRow[] = [];
    for (const raw of rows) {
      const parsed = TradeRow.safeParse(raw);
      if (!parsed.success || parsed.data.execution_id === null) continue;
      executions.set(parsed.data.execution_id, parsed.data);
      fresh.push(parsed.data);
    }
    if (fresh.length > 0) news.onExecutions(fresh);
  };

  /** The truth by reads, and over it what the stream said meanwhile. */
  const reconcile = (): Promise<void> => {
    if (reconciling !== null) {
      reconcileAgain = true;
      return reconciling;
    }
    meanwhile = [];
    reconciling = reconcileNow().finally(() => {
      reconciling = null;
      if (!reconcileAgain || closed) return;
      reconcileAgain = false;
      void reconcile();
    });
    return reconciling;
  };

  const reconcileNow = async (): Promise<void> => {
    const mine = connection;
    const during = generation;
    const ask = { fresh: true, maxWaitMs: 30_000, signal: stop.signal };
    try {
      const [live, done] = await Promise.all([
        readOrders(interrupted, ask),
        portal.ask({ ...trades(RECONCILED_DAYS), priority: "reconcile" }, ask),
      ]);
      if (closed || during === null || during !== generation) return;
      orders = new Map(live.value.orders.map((row) => [row.orderId ?? "", row]));
      for (const raw of meanwhile) {
        const laid = overlay(orders, raw);
        if (laid !== null) orders.set(laid.id, laid.row);
      }
      for (const row of done.value) {
        if (row.execution_id !== null) executions.set(row.execution_id, row);
      }
      news.onExecutions(done.value);
      news.onOrders([...orders.values()].filter(isComplete));
      if (mine === connection && subscribed && live.proved) {
        reconciledAt = clock.now();
        interrupted = false;
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.debug({ code: error.failure.code }, "reconciling with the broker failed");
      if (!closed && during !== null && during === generation) {
        later(LIMITS.streamReconcileRetryMs, () => void reconcile());
      }
    }
  };

  /** A forced read wakes a silenced order stream but may itself come back empty; the next one counts. */
  const readOrders = async (
    force: boolean,
    ask: { fresh: boolean; maxWaitMs: number; signal: AbortSignal },
  ) => {
    if (force) {
      await portal.ask(
        { ...liveOrders({ force: true }), priority: "reconcile" },
        { ...ask, firstLookOnly: true },
      );
    }
    return portal.ask({ ...liveOrders(), priority: "reconcile" }, ask);
  };

  const unsubscribeSession = supervisor.onChange((belief) => {
    if (belief.generation === generation) return;
    generation = belief.generation;
    drop();
    failures = 0;
    interrupted = false;
    orders = new Map();
    executions = new Map();
    pnl = new Map();
    if (generation !== null) connect();
  });

  const depth = async (query: DepthQuery): Promise<Streamed<readonly LadderRow[]>> => {
    if (!alive() || socket === null) {
      throw new GatewayError(
        failure("BROKER_BACKEND_UNAVAILABLE", "The broker's stream is not connected now.", {
          retryable: true,
          retry_after_ms: 5_000,
        }),
      );
    }
    const line = socket;
    ladder = new Map();
    const target = [
      query.accountId,
      String(query.conid),
      ...(query.exchange ? [query.exchange] : []),
    ];
    const came = new Promise<void>((resolve) => {
      ladderNews = resolve;
    });
    line.send(`sbd+${target.join("+")}`);
    try {
      await Promise.race([came, sleep(clock, LIMITS.ladderPatienceMs, query.signal)]);
      // The first frame may be the beginning of several.
      if (ladder.size > 0) await sleep(clock, LIMITS.ladderSettleMs, query.signal);
    } finally {
      ladderNews = null;
      line.send(`ubd+${query.accountId}`);
    }
    if (ladder.size === 0) {
      throw new GatewayError(
        failure(
          "MARKET_DATA_UNAVAILABLE",
          "The broker sent no order book; the account may not subscribe to it, or the market is closed.",
        ),
      );
    }
    return { value: [...ladder.values()], at: clock.now() };
  };

  return {
    orders: () => {
      if (!alive() || reconciledAt === null) return null;
      const rows = [...orders.values()];
      return rows.every(isComplete) ? { value: rows, at: heardAt } : null;
    },
    executions: (days) => {
      if (!alive() || reconciledAt === null || days > RECONCILED_DAYS) return null;
      const from = clock.now() - days * 86_400_000;
      const rows = [...executions.values()];
      // Which trading day a fill belongs to is the broker's calendar's business.
      if (days < RECONCILED_DAYS && rows.some((row) => (row.trade_time_r ?? 0) < from)) return null;
      return { value: rows, at: heardAt };
    },
    pnl: () =>
      alive() && pnlAt > 0 && clock.now() - pnlAt <= LIMITS.pnlFreshMs
        ? { value: pnl, at: pnlAt }
        : null,
    quotes: (conids, fieldIds) => {
      if (!alive()) return null;
      const read = feed.read(conids, fieldIds);
      tend();
      return read === null ? null : { value: read.rows, at: read.at };
    },
    // The broker knows one ladder an account: one question at a time.
    depth: (query) => {
      const turn = depthTurn.then(() => depth(query));
      depthTurn = turn.catch(() => {});
      return turn;
    },
    close: async () => {
      closed = true;
      stop.abort();
      unsubscribeSession();
      drop();
      await reconciling?.catch(() => {});
    },
  };
}
