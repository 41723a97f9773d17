import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { type Clock, sleep } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import type { RawRow } from "./frames.ts";
import { type DepthQuery, type LadderRow, withRows } from "./ladder.ts";
import type { StreamConnection } from "./stream-connection.ts";
import type { Streamed } from "./stream-view.ts";

/** The order book, asked for over the stream. The broker keeps one ladder an account: one question at a time. */
export interface Depth {
  hear(rows: readonly RawRow[]): void;
  ask(query: DepthQuery): Promise<Streamed<readonly LadderRow[]>>;
}

export function createDepth(connection: StreamConnection, clock: Clock): Depth {
  let ladder = new Map<number, LadderRow>();
  let onRows: (() => void) | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const ask = async (query: DepthQuery): Promise<Streamed<readonly LadderRow[]>> => {
    ladder = new Map();
    const came = new Promise<void>((resolve) => {
      onRows = resolve;
    });
    const exchange = query.exchange === undefined ? "" : `+${query.exchange}`;
    if (
      !connection.alive() ||
      !connection.send(`sbd+${query.accountId}+${query.conid}${exchange}`)
    ) {
      throw new GatewayError(
        failure("BROKER_BACKEND_UNAVAILABLE", "The broker's stream is not connected now.", {
          retryable: true,
          retry_after_ms: 5_000,
        }),
      );
    }
    try {
      await Promise.race([came, sleep(clock, LIMITS.ladderPatienceMs, query.signal)]);
      // The first frame may be the beginning of several.
      if (ladder.size > 0) await sleep(clock, LIMITS.ladderSettleMs, query.signal);
    } finally {
      onRows = null;
      connection.send(`ubd+${query.accountId}`);
    }
    if (ladder.size > 0) return { value: [...ladder.values()], at: clock.now() };
    throw new GatewayError(
      failure(
        "MARKET_DATA_UNAVAILABLE",
        "The broker sent no order book; the account may not subscribe to it, or the market is closed.",
      ),
    );
  };

  return {
    hear: (rows) => {
      ladder = withRows(ladder, rows);
      onRows?.();
    },
    ask: (query) => {
      const mine = turn.then(() => ask(query));
      // Whoever asked sees the failure; the next question only waits for the end of this one.
      turn = mine.catch(() => {});
      return mine;
    },
  };
}
