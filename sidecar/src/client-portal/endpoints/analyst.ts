import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { recordOrNull, rows, rowsOrNone, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** The portfolio analyst: once in a quarter of an hour, so what it says is kept for longer. */
const ANALYST_TTL_MS = 30 * 60_000;

const texts = wire.list.transform((all) => all.filter((one) => typeof one === "string"));
const figures = wire.list.transform((all) => all.map((one) => wire.money.parse(one)));

const Series = z.looseObject({
  dates: texts,
  data: rows(
    z.looseObject({
      id: wire.id,
      baseCurrency: wire.currency,
      returns: figures,
      navs: figures,
      startNAV: recordOrNull(z.looseObject({ val: wire.money })),
    }),
  ),
});

const Performance = z.looseObject({
  pm: wire.text,
  cps: recordOrNull(Series),
  tpps: recordOrNull(Series),
  nav: recordOrNull(Series),
});
export type Performance = z.output<typeof Performance>;

export function performanceOf(accountId: string, period: string): Ask<Performance> {
  return {
    name: "pa.performance",
    method: "POST",
    path: "/pa/performance",
    body: { acctIds: [accountId], period },
    needs: "sso",
    pace: "performance",
    ttlMs: ANALYST_TTL_MS,
    decode: readWith("pa.performance", Performance),
    onRefused: () =>
      new GatewayError(
        failure(
          "BROKER_CAPABILITY_UNAVAILABLE",
          "The broker has no performance for this account and period.",
        ),
      ),
  };
}

const Transactions = z.looseObject({
  currency: wire.currency,
  rpnl: recordOrNull(z.looseObject({ amt: wire.money })),
  transactions: rowsOrNone(
    z.looseObject({
      rawDate: wire.day,
      cur: wire.currency,
      fxRate: wire.rate,
      pr: wire.money,
      qty: wire.quantity,
      amt: wire.money,
      acctid: wire.id,
      conid: wire.conid,
      type: wire.text,
      desc: wire.text,
    }),
  ),
});
export type Transactions = z.output<typeof Transactions>;

export function transactionsOf(query: {
  accountId: string;
  conid: number;
  currency: string;
  days: number;
}): Ask<Transactions> {
  return {
    name: "pa.transactions",
    method: "POST",
    path: "/pa/transactions",
    body: {
      acctIds: [query.accountId],
      conids: [query.conid],
      currency: query.currency,
      days: query.days,
    },
    needs: "sso",
    pace: "transactions",
    ttlMs: ANALYST_TTL_MS,
    decode: readWith("pa.transactions", Transactions),
    onRefused: () =>
      new GatewayError(
        failure(
          "BROKER_CAPABILITY_UNAVAILABLE",
          "The broker has no transactions for this account and contract.",
        ),
      ),
  };
}
