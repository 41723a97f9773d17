import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const Bar = z.looseObject({
  t: wire.time,
  o: wire.price,
  h: wire.price,
  l: wire.price,
  c: wire.price,
  v: wire.size,
});

const History = z.looseObject({
  symbol: wire.text,
  barLength: wire.count,
  mdAvailability: wire.text,
  mktDataDelay: wire.count,
  volumeFactor: wire.term,
  data: rows(Bar),
});
export type History = z.output<typeof History>;

export interface HistoryQuery {
  conid: number;
  bar: string;
  period: string;
  outsideRth: boolean;
  /** The END of the window, `YYYYMMDD-HH:mm:ss` UTC, whatever the parameter is called. */
  end?: string;
}

export function historyOf(query: HistoryQuery): Ask<History> {
  return {
    name: "marketdata.history",
    path: "/iserver/marketdata/history",
    query: {
      conid: String(query.conid),
      period: query.period,
      bar: query.bar,
      outsideRth: String(query.outsideRth),
      ...(query.end === undefined ? {} : { startTime: query.end }),
    },
    needs: "brokerage",
    pace: "history",
    ttlMs: query.end === undefined ? 15_000 : 60_000,
    // Nothing was drawn for this contract yet: the first question only starts it.
    coldStatus: [404, 500],
    decode: readWith("marketdata.history", History),
    onRefused: (_status, text) =>
      /too many/i.test(text)
        ? new GatewayError(
            failure("BROKER_RATE_LIMITED", "The broker draws too many charts at once; ask again.", {
              retryable: true,
              retry_after_ms: 5_000,
            }),
          )
        : new GatewayError(
            failure(
              "HISTORICAL_BARS_UNAVAILABLE",
              "The broker has no bars for this contract, bar size and period.",
            ),
          ),
  };
}
