import type { Clock } from "../clock.ts";
import type { OrderRow } from "../endpoints/orders.ts";
import type { PnlPartition } from "../endpoints/pnl.ts";
import type { SnapshotRow } from "../endpoints/quotes.ts";
import type { TradeRow } from "../endpoints/trades.ts";
import { LIMITS } from "../limits.ts";
import type { BrokerLogger } from "../logger.ts";
import type { Portal } from "../portal-interface.ts";
import type { SessionState } from "../session/session-state.ts";
import type { Supervisor } from "../session/supervisor.ts";
import { createDepth, type Depth } from "./depth.ts";
import type { Frame, RawRow } from "./frames.ts";
import type { DepthQuery, LadderRow } from "./ladder.ts";
import { createQuoteFeed, type QuoteFeed } from "./quote-feed.ts";
import { createStreamConnection, type StreamConnection } from "./stream-connection.ts";
import { StreamReconciler } from "./stream-reads.ts";
import { createStreamSnapshot } from "./stream-snapshot.ts";
import type { StreamSocket, StreamSocketEvents } from "./stream-socket.ts";
import type { Streamed } from "./stream-view.ts";
import { isComplete } from "./streamed-orders.ts";

/**
 * What the broker sends by itself, live. The stream only tells what happens while it is heard: it
 * does not replay, and it can fall silent without closing. So every connection begins with a
 * reconcile by reads, 25 seconds of silence end it, and what it said is only shown while what is
 * heard proves that the broker is still talking.
 */
export interface Stream {
  orders(): Streamed<readonly OrderRow[]> | null;
  executions(days: number): Streamed<readonly TradeRow[]> | null;
  pnl(accountId: string): Streamed<ReadonlyMap<string, PnlPartition>> | null;
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

export interface StreamListener {
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
  listener: StreamListener;
}

const RECONCILED_DAYS = 7;

export const createStream = (options: StreamOptions): Stream => new StreamDriver(options);

class StreamDriver implements Stream {
  readonly #options: StreamOptions;
  readonly #connection: StreamConnection;
  readonly #feed: QuoteFeed;
  readonly #depth: Depth;
  readonly #reconciler: StreamReconciler;
  readonly #unsubscribeSession: () => void;
  #generation: number | null = null;
  #snapshot = createStreamSnapshot();
  /** By account: each comes in frames of its own, and one may fall silent while another flows. */
  readonly #pnlAt = new Map<string, number>();
  #tending = false;
  #skews: number[] = [];
  #closed = false;

  constructor(options: StreamOptions) {
    const { clock, logger, portal, supervisor, listener } = options;
    this.#options = options;
    this.#connection = createStreamConnection({
      open: (events) => {
        const credential = supervisor.streamCredential();
        return credential === null ? null : options.open(credential, events);
      },
      clock,
      random: options.random,
      onReady: () => this.#subscribe(),
      onFrame: (frame) => this.#hear(frame),
      onLost: (why) => this.#lost(why),
    });
    this.#feed = createQuoteFeed({ clock, send: (text) => this.#connection.send(text) });
    this.#depth = createDepth(this.#connection, clock);
    this.#reconciler = new StreamReconciler({
      portal,
      connection: this.#connection,
      logger,
      days: RECONCILED_DAYS,
      generation: () => this.#generation,
      snapshot: () => this.#snapshot,
      onRead: (executions, orders) => {
        listener.onExecutions(executions);
        listener.onOrders([...orders].filter(isComplete));
      },
    });
    this.#unsubscribeSession = supervisor.onChange((session) => this.#followSession(session));
  }

  orders(): Streamed<readonly OrderRow[]> | null {
    if (!this.#isTrusted()) return null;
    const rows = [...this.#snapshot.orders.values()];
    return rows.every(isComplete) ? { value: rows, at: this.#connection.heardAt() } : null;
  }

  executions(days: number): Streamed<readonly TradeRow[]> | null {
    if (!this.#isTrusted() || days > RECONCILED_DAYS) return null;
    const rows = [...this.#snapshot.executions.values()];
    const from = this.#options.clock.now() - days * 86_400_000;
    // Which trading day a fill belongs to is the broker's calendar's business.
    const unclear = days < RECONCILED_DAYS && rows.some((row) => (row.trade_time_r ?? 0) < from);
    return unclear ? null : { value: rows, at: this.#connection.heardAt() };
  }

  pnl(accountId: string): Streamed<ReadonlyMap<string, PnlPartition>> | null {
    const at = this.#pnlAt.get(accountId) ?? 0;
    const fresh = at > 0 && this.#options.clock.now() - at <= LIMITS.pnlFreshMs;
    return this.#connection.alive() && fresh ? { value: this.#snapshot.pnl, at } : null;
  }

  quotes(
    conids: readonly number[],
    fieldIds: readonly string[],
  ): Streamed<Map<number, SnapshotRow>> | null {
    if (!this.#connection.alive()) return null;
    const read = this.#feed.read(conids, fieldIds);
    this.#tend();
    return read === null ? null : { value: read.rows, at: read.at };
  }

  depth(query: DepthQuery): Promise<Streamed<readonly LadderRow[]>> {
    return this.#depth.ask(query);
  }

  /** The fastest heartbeat is the one least delayed on its way. */
  clockSkewMs(): number | null {
    return this.#skews.length === 0 ? null : Math.min(...this.#skews);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribeSession();
    this.#connection.drop();
    await this.#reconciler.close();
  }

  #isTrusted(): boolean {
    return this.#connection.alive() && this.#reconciler.confirmed;
  }

  #followSession({ generation }: SessionState): void {
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#connection.drop();
    this.#forgetConnection();
    this.#reconciler.begin();
    this.#snapshot = createStreamSnapshot();
    if (generation !== null && !this.#closed) this.#connection.want();
  }

  #subscribe(): void {
    const executions = { realtimeUpdatesOnly: false, days: RECONCILED_DAYS };
    this.#connection.send("sor+{}");
    this.#connection.send(`str+${JSON.stringify(executions)}`);
    this.#connection.send("spl+{}");
    this.#reconciler.request();
    this.#verify();
  }

  #lost(why: "closed" | "silent"): void {
    this.#options.logger.info({ why }, "the broker's stream was lost");
    this.#forgetConnection();
    this.#reconciler.interrupted();
    // What happened in the gap is read at once; the stream is dialled again beside that.
    this.#reconciler.request();
  }

  #forgetConnection(): void {
    this.#reconciler.doubt();
    this.#pnlAt.clear();
    this.#tending = false;
    this.#skews = [];
    this.#feed.reset();
  }

  #hear(frame: Frame): void {
    const { clock, listener, logger } = this.#options;
    switch (frame.kind) {
      case "heartbeat":
        if (frame.at !== null) this.#skews = [...this.#skews.slice(-5), clock.now() - frame.at];
        return;
      case "session":
      case "greeting":
        this.#hearSession(frame);
        return;
      case "orders": {
        const touched = this.#snapshot.hearOrders(frame.rows);
        if (this.#reconciler.confirmed) listener.onOrders(touched.filter(isComplete));
        return;
      }
      case "executions": {
        const fills = this.#snapshot.hearExecutions(frame.rows);
        if (fills.length > 0) listener.onExecutions(fills);
        return;
      }
      case "pnl":
        this.#snapshot.hearPnl(frame.partitions);
        for (const key of Object.keys(frame.partitions)) {
          this.#pnlAt.set(key.split(".")[0] ?? key, clock.now());
        }
        return;
      case "quote":
        this.#feed.hear(frame.conid, frame.fields);
        return;
      case "ladder":
        this.#depth.hear(frame.rows);
        return;
      case "notice":
      case "bulletin":
        listener.onNotice(frame.row);
        return;
      case "unreadable":
        logger.debug({}, "an unreadable frame of the broker's stream was skipped");
        return;
      default:
        return;
    }
  }

  #hearSession(frame: Extract<Frame, { kind: "session" | "greeting" }>): void {
    const { supervisor } = this.#options;
    if (frame.kind === "session") {
      if (frame.authenticated === false || frame.competing === true) {
        supervisor.observe({ kind: "stream_doubt" });
      }
      return;
    }
    const { isPaper } = supervisor.state();
    if (frame.isPaper !== null && isPaper !== null && frame.isPaper !== isPaper) {
      // Somebody logged in to the other mode on the same port.
      supervisor.observe({ kind: "woke" });
    }
  }

  /** Quote streams are begun, renewed and ended as long as there are any. */
  #tend(): void {
    if (this.#tending) return;
    this.#tending = true;
    this.#connection.later(LIMITS.quoteTendMs, () => {
      this.#tending = false;
      if (this.#feed.tend()) this.#tend();
    });
  }

  /** Working orders are worth a look each minute, because an order stream was seen to fall silent alone. */
  #verify(): void {
    this.#connection.later(LIMITS.streamVerifyMs, () => {
      if (this.#snapshot.hasWorking()) this.#reconciler.request();
      this.#verify();
    });
  }
}
