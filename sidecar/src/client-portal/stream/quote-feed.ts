import type { Clock } from "../clock.ts";
import { fieldsOf, type SnapshotRow } from "../endpoints/quotes.ts";
import { LIMITS } from "../limits.ts";
import { wire } from "../readers.ts";
import type { RawRow } from "./frames.ts";

/**
 * Quotes over the stream for contracts that are asked for again and again. The broker ends such a
 * stream after ten minutes without a word, so it is renewed before; and because silence may mean
 * "no change" or "no stream", a streamed quote is only shown while its own frames keep coming.
 */
export interface QuoteFeed {
  /** Notes the question; gives the rows only if each contract's frames are fresh. */
  read(
    conids: readonly number[],
    fieldIds: readonly string[],
  ): { rows: Map<number, SnapshotRow>; at: number } | null;
  hear(conid: number, fields: RawRow): void;
  /** Sends what has become due: new streams, renewals, ends. False once nothing is left to tend. */
  tend(): boolean;
  /** The connection is gone, and every stream with it. */
  reset(): void;
}

interface Watched {
  fieldIds: Set<string>;
  asks: number[];
  subscribedAt: number | null;
  heardAt: number;
  row: SnapshotRow | null;
}

interface QuoteFeedOptions {
  clock: Clock;
  /** False while there is no connection. */
  send(text: string): boolean;
}

export const createQuoteFeed = (options: QuoteFeedOptions): QuoteFeed => new WatchedQuotes(options);

class WatchedQuotes implements QuoteFeed {
  readonly #options: QuoteFeedOptions;
  /** Least recently asked first. */
  #watched = new Map<number, Watched>();

  constructor(options: QuoteFeedOptions) {
    this.#options = options;
  }

  read(
    conids: readonly number[],
    fieldIds: readonly string[],
  ): { rows: Map<number, SnapshotRow>; at: number } | null {
    const now = this.#options.clock.now();
    const rows = new Map<number, SnapshotRow>();
    let at = now;
    for (const conid of conids) {
      const one = this.#note(conid, fieldIds);
      if (one.row === null || now - one.heardAt > LIMITS.quoteFreshMs) continue;
      rows.set(conid, one.row);
      at = Math.min(at, one.heardAt);
    }
    return rows.size === conids.length ? { rows, at } : null;
  }

  hear(conid: number, raw: RawRow): void {
    const one = this.#watched.get(conid);
    if (one === undefined || one.subscribedAt === null) return;
    const fields = new Map([...(one.row?.fields ?? []), ...fieldsOf(raw)]);
    one.heardAt = this.#options.clock.now();
    one.row = {
      conid,
      updatedAt: wire.time.parse(raw._updated) ?? one.row?.updatedAt ?? null,
      availabilityCode: fields.get("6509") ?? one.row?.availabilityCode ?? null,
      fields,
    };
  }

  tend(): boolean {
    const now = this.#options.clock.now();
    for (const [conid, one] of [...this.#watched]) {
      const lastAsk = one.asks.at(-1) ?? 0;
      const isOld = one.subscribedAt !== null && now - one.subscribedAt > LIMITS.quoteRenewMs;
      const isHot = one.asks.length >= LIMITS.quoteHotAsks;
      if (now - lastAsk > LIMITS.quoteIdleMs) this.#unsubscribe(conid, one);
      else if (isOld || (one.subscribedAt === null && isHot)) this.#subscribe(conid, one);
    }
    const streams = [...this.#watched].filter(([, one]) => one.subscribedAt !== null);
    const tooMany = Math.max(0, streams.length - LIMITS.quoteStreams);
    for (const [conid, one] of streams.slice(0, tooMany)) this.#unsubscribe(conid, one);
    return this.#watched.size > 0;
  }

  reset(): void {
    this.#watched = new Map();
  }

  #note(conid: number, fieldIds: readonly string[]): Watched {
    const now = this.#options.clock.now();
    const known = this.#watched.get(conid) ?? {
      fieldIds: new Set<string>(),
      asks: [],
      subscribedAt: null,
      heardAt: 0,
      row: null,
    };
    const wider = fieldIds.some((id) => !known.fieldIds.has(id));
    for (const id of fieldIds) known.fieldIds.add(id);
    // More fields need a new stream, and a new first frame that holds them.
    if (wider && known.subscribedAt !== null) {
      Object.assign(known, { subscribedAt: null, row: null });
    }
    known.asks = [...known.asks.filter((at) => at > now - LIMITS.quoteHotWindowMs), now];
    this.#watched.delete(conid);
    this.#watched.set(conid, known);
    return known;
  }

  #subscribe(conid: number, one: Watched): void {
    const fields = JSON.stringify({ fields: [...one.fieldIds] });
    if (this.#options.send(`smd+${conid}+${fields}`)) {
      one.subscribedAt = this.#options.clock.now();
    }
  }

  #unsubscribe(conid: number, one: Watched): void {
    if (one.subscribedAt !== null) this.#options.send(`umd+${conid}+{}`);
    this.#watched.delete(conid);
  }
}
