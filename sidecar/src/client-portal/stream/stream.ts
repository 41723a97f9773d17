import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Clock } from "../clock.ts";
import { liveOrders, type OrderRow } from "../endpoints/orders.ts";
import type { PnlPartition } from "../endpoints/pnl.ts";
import type { SnapshotRow } from "../endpoints/quotes.ts";
import { type TradeRow, trades } from "../endpoints/trades.ts";
import { LIMITS } from "../limits.ts";
import type { BrokerLogger } from "../logger.ts";
import type { Answer, Ask, Portal } from "../portal.ts";
import type { Supervisor } from "../session/supervisor.ts";
import { createLine } from "./connection.ts";
import { createDepth } from "./depth.ts";
import type { Frame, RawRow } from "./frames.ts";
import type { DepthQuery, LadderRow } from "./ladder.ts";
import { isComplete } from "./order-state.ts";
import { createQuoteFeed } from "./quote-feed.ts";
import { createPicture } from "./snapshot.ts";
import type { StreamSocket, StreamSocketEvents } from "./socket.ts";
import type { Streamed } from "./view.ts";

/**
 * The broker's own news, live. The stream only tells what happens while it is heard: it does not
 * replay, and it can fall silent without closing. So every line begins with a reconcile by reads,
 * 25 seconds of silence are the end of a line, and its picture is only shown while what is heard
 * proves that the broker is still talking.
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
  /** How far this PC's clock is from the broker's, by its heartbeats; null before the first. */
  clockSkewMs(): number | null;
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
  let generation: number | null = null;
  let picture = createPicture();
  let pnlAt = 0;
  /** Set once the reads have confirmed the picture of this line. */
  let confirmed = false;
  /** A line of this generation was lost before; then the order stream may need waking. */
  let interrupted = false;
  let tending = false;
  let reconciling: Promise<void> | null = null;
  let reconcileAgain = false;
  let skews: number[] = [];
  let closed = false;
  const stop = new AbortController();

  const line = createLine({
    open: (events) => {
      const credential = supervisor.streamCredential();
      return credential === null ? null : options.open(credential, events);
    },
    clock,
    random: options.random,
    onReady: () => {
      line.send("sor+{}");
      line.send(`str+${JSON.stringify({ realtimeUpdatesOnly: false, days: RECONCILED_DAYS })}`);
      line.send("spl+{}");
      reconcile();
      verify();
    },
    onFrame: (frame) => hear(frame),
    onLost: (why) => {
      logger.info({ why }, "the broker's stream was lost");
      forgetLine();
      interrupted = true;
      // What happened in the gap is read at once; the line is dialled again beside that.
      reconcile();
    },
  });
  const feed = createQuoteFeed({ clock, send: line.send });
  const depth = createDepth(line, clock);

  const forgetLine = (): void => {
    confirmed = false;
    pnlAt = 0;
    tending = false;
    skews = [];
    feed.reset();
  };

  const hear = (frame: Frame): void => {
    switch (frame.kind) {
      case "heartbeat":
        if (frame.at !== null) skews = [...skews.slice(-5), clock.now() - frame.at];
        return;
      case "session":
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
      case "orders": {
        const touched = picture.hearOrders(frame.rows);
        if (confirmed) news.onOrders(touched.filter(isComplete));
        return;
      }
      case "executions": {
        const fills = picture.hearExecutions(frame.rows);
        if (fills.length > 0) news.onExecutions(fills);
        return;
      }
      case "pnl":
        picture.hearPnl(frame.partitions);
        pnlAt = clock.now();
        return;
      case "quote":
        feed.hear(frame.conid, frame.fields);
        return;
      case "ladder":
        depth.hear(frame.rows);
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

  /** Quote streams are begun, renewed and ended as long as there are any. */
  const tend = (): void => {
    if (tending) return;
    tending = true;
    line.later(LIMITS.quoteTendMs, () => {
      tending = false;
      if (feed.tend()) tend();
    });
  };

  /** Working orders are worth a look each minute, because an order stream was seen to fall silent alone. */
  const verify = (): void => {
    line.later(LIMITS.streamVerifyMs, () => {
      if (picture.hasWorking()) reconcile();
      verify();
    });
  };

  const reconcile = (): void => {
    if (reconciling !== null) {
      reconcileAgain = true;
      return;
    }
    reconciling = reconcileNow()
      .catch((error: unknown) => {
        logger.error({ err: error }, "reconciling with the broker failed unexpectedly");
      })
      .finally(() => {
        reconciling = null;
        if (!reconcileAgain || closed) return;
        reconcileAgain = false;
        reconcile();
      });
  };

  /** The truth by reads, and over it what the stream said meanwhile. */
  const reconcileNow = async (): Promise<void> => {
    const mine = line.number();
    const during = generation;
    if (during === null) return;
    picture.listen();
    try {
      const [live, done] = await Promise.all([readOrders(), readNow(trades(RECONCILED_DAYS))]);
      if (closed || during !== generation) return;
      // Nothing was learnt while the broker may not be asked.
      if (live.from !== "broker" || done.from !== "broker") return retryLater();
      picture.settle(live.value.orders, done.value);
      news.onExecutions(done.value);
      news.onOrders([...picture.orders.values()].filter(isComplete));
      // Rows without an id are in no picture: it is not vouched for.
      const lost = live.value.lost > 0 || done.value.some((row) => row.execution_id === null);
      if (lost) confirmed = false;
      if (mine !== line.number() || !live.proved || lost) return;
      confirmed = line.alive();
      interrupted = false;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.debug({ code: error.failure.code }, "reconciling with the broker failed");
      if (!closed && during === generation) retryLater();
    }
  };

  const retryLater = (): void => line.later(LIMITS.streamReconcileRetryMs, reconcile);

  const readNow = <T>(ask: Ask<T>, firstLookOnly = false): Promise<Answer<T>> =>
    portal.ask(
      { ...ask, priority: "reconcile" },
      { fresh: true, alone: true, maxWaitMs: 30_000, signal: stop.signal, firstLookOnly },
    );

  /** A forced read wakes a silenced order stream but may itself come back empty; the next one counts. */
  const readOrders = async () => {
    if (interrupted) await readNow(liveOrders({ force: true }), true);
    return readNow(liveOrders());
  };

  const unsubscribeSession = supervisor.onChange((belief) => {
    if (belief.generation === generation) return;
    generation = belief.generation;
    line.drop();
    forgetLine();
    interrupted = false;
    picture = createPicture();
    if (generation !== null && !closed) line.want();
  });

  return {
    orders: () => {
      if (!line.alive() || !confirmed) return null;
      const rows = [...picture.orders.values()];
      return rows.every(isComplete) ? { value: rows, at: line.heardAt() } : null;
    },
    executions: (days) => {
      if (!line.alive() || !confirmed || days > RECONCILED_DAYS) return null;
      const rows = [...picture.executions.values()];
      const from = clock.now() - days * 86_400_000;
      // Which trading day a fill belongs to is the broker's calendar's business.
      const unclear = days < RECONCILED_DAYS && rows.some((row) => (row.trade_time_r ?? 0) < from);
      return unclear ? null : { value: rows, at: line.heardAt() };
    },
    pnl: () =>
      line.alive() && pnlAt > 0 && clock.now() - pnlAt <= LIMITS.pnlFreshMs
        ? { value: picture.pnl, at: pnlAt }
        : null,
    quotes: (conids, fieldIds) => {
      if (!line.alive()) return null;
      const read = feed.read(conids, fieldIds);
      tend();
      return read === null ? null : { value: read.rows, at: read.at };
    },
    depth: (query) => depth.ask(query),
    // The fastest heartbeat is the one least delayed on its way.
    clockSkewMs: () => (skews.length === 0 ? null : Math.min(...skews)),
    close: async () => {
      closed = true;
      stop.abort();
      unsubscribeSession();
      line.drop();
      await reconciling;
    },
  };
}
