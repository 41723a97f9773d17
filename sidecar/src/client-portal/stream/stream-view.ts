import type { OrderRow } from "../endpoints/orders.ts";
import type { PnlPartition } from "../endpoints/pnl.ts";
import type { SnapshotRow } from "../endpoints/quotes.ts";
import type { TradeRow } from "../endpoints/trades.ts";
import type { DepthQuery, LadderRow } from "./ladder.ts";

/** What the stream itself says, where it can be trusted. */
export interface StreamView {
  /** As fresh as this account's own last frame. */
  pnl(accountId: string): Streamed<ReadonlyMap<string, PnlPartition>> | null;
  orders(): Streamed<readonly OrderRow[]> | null;
  executions(days: number): Streamed<readonly TradeRow[]> | null;
  quotes(
    conids: readonly number[],
    fieldIds: readonly string[],
  ): Streamed<Map<number, SnapshotRow>> | null;
  depth(query: DepthQuery): Promise<Streamed<readonly LadderRow[]>>;
}

export interface Streamed<T> {
  value: T;
  /** When the stream last said anything about it, ms. */
  at: number;
}
