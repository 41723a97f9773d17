import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const POSITIONS_TTL_MS = 3_000;

/** `/portfolio2`: near real time, unpaged, thin. */
const RealtimePosition = z.looseObject({
  conid: wire.conid,
  position: wire.quantity,
  marketPrice: wire.money,
  marketValue: wire.money,
  avgCost: wire.money,
  avgPrice: wire.money,
  realizedPnl: wire.money,
  unrealizedPnl: wire.money,
  currency: wire.currency,
  description: wire.text,
  secType: wire.text,
  assetClass: wire.text,
  model: wire.text,
  timestamp: wire.instant,
});
export type RealtimePosition = z.output<typeof RealtimePosition>;

export function realtimePositions(accountId: string): Ask<RealtimePosition[]> {
  return {
    name: "portfolio2.positions",
    path: `/portfolio2/${accountId}/positions`,
    needs: "sso",
    ttlMs: POSITIONS_TTL_MS,
    isCold: (rows) => rows.length === 0,
    decode: readWith("portfolio2.positions", rows(RealtimePosition)),
    onEmpty: () => [],
  };
}

/** `/portfolio/{account}/positions/{page}`: slower to follow a fill, richer in contract detail. */
const SettledPosition = z.looseObject({
  conid: wire.conid,
  position: wire.quantity,
  mktPrice: wire.money,
  mktValue: wire.money,
  avgCost: wire.money,
  avgPrice: wire.money,
  realizedPnl: wire.money,
  unrealizedPnl: wire.money,
  currency: wire.currency,
  contractDesc: wire.text,
  ticker: wire.text,
  name: wire.text,
  assetClass: wire.text,
  expiry: wire.day,
  putOrCall: wire.text,
  strike: wire.term,
  multiplier: wire.term,
  undConid: wire.conid,
  model: wire.text,
  /** How many rows a page of this gateway may hold; some builds say it in every row. */
  pageSize: wire.count,
});
export type SettledPosition = z.output<typeof SettledPosition>;

export function settledPositions(accountId: string, page: number): Ask<SettledPosition[]> {
  return {
    name: "portfolio.positions",
    path: `/portfolio/${accountId}/positions/${page}`,
    // Pages only mean anything in a sorted list.
    query: { sort: "conid", direction: "a" },
    needs: "sso",
    ttlMs: POSITIONS_TTL_MS,
    // A cold service sends rows without names, or no rows at all.
    isCold: (rows) => (page === 0 && rows.length === 0) || rows.some((row) => row.name === null),
    decode: readWith("portfolio.positions", rows(SettledPosition)),
    onEmpty: () => [],
  };
}
