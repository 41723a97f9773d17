import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, rowsOrNone, toRecord, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** Contracts keep their ids for the day; the session's own memory of a search does not outlive it. */
const CONTRACT_TTL_MS = 10 * 60_000;
const SECDEF_TTL_MS = 12 * 60 * 60_000;

const Section = z.looseObject({
  secType: wire.text,
  months: wire.text,
  exchange: wire.text,
  conid: wire.conid,
});

const SearchHit = z.looseObject({
  conid: wire.conid,
  symbol: wire.text,
  companyName: wire.text,
  companyHeader: wire.text,
  /** The listing exchange, whatever the key is called. */
  description: wire.text,
  sections: rowsOrNone(Section),
});
export type SearchHit = z.output<typeof SearchHit>;

export interface SearchQuery {
  text: string;
  byName: boolean;
  secType?: "STK" | "IND" | "BOND";
}

export function searchContracts(query: SearchQuery): Ask<SearchHit[]> {
  return {
    name: "secdef.search",
    path: "/iserver/secdef/search",
    query: {
      symbol: query.text,
      ...(query.byName ? { name: "true" } : {}),
      ...(query.secType === undefined ? {} : { secType: query.secType }),
    },
    needs: "brokerage",
    ttlMs: CONTRACT_TTL_MS,
    decode: readWith("secdef.search", rows(SearchHit)),
    onEmpty: () => [],
    onRefused: (_status, text) =>
      /no symbol found/i.test(text)
        ? new GatewayError(
            failure("INPUT_INVALID_CONTRACT", "The broker knows no such instrument."),
          )
        : null,
  };
}

const Increment = z.looseObject({ lowerEdge: wire.figure, increment: wire.term });

/** Price bands with their steps, ascending; a rule that cannot be read is left out. */
const incrementBands = rowsOrNone(Increment).transform((rules) =>
  rules
    .flatMap(({ lowerEdge, increment }) =>
      lowerEdge === null || increment === null ? [] : [{ from: lowerEdge, step: increment }],
    )
    .toSorted((a, b) => Number(a.from) - Number(b.from)),
);

const SecDef = z.looseObject({
  conid: wire.conid,
  currency: wire.currency,
  name: wire.text,
  fullName: wire.text,
  assetClass: wire.text,
  ticker: wire.text,
  listingExchange: wire.text,
  countryCode: wire.text,
  isUS: wire.flag,
  type: wire.text,
  expiry: wire.day,
  lastTradingDay: wire.day,
  putOrCall: wire.text,
  strike: wire.term,
  multiplier: wire.term,
  undConid: wire.conid,
  hasOptions: wire.flag,
  incrementRules: incrementBands,
});
export type SecDef = z.output<typeof SecDef>;

/** Facts about up to 200 contracts at once, without a brokerage session. */
export function contractFacts(conids: readonly number[]): Ask<SecDef[]> {
  return {
    name: "trsrv.secdef",
    path: "/trsrv/secdef",
    query: { conids: conids.join(",") },
    needs: "sso",
    ttlMs: SECDEF_TTL_MS,
    decode: readWith(
      "trsrv.secdef",
      z.unknown().transform((json) => {
        return rowsOrNone(SecDef).parse(toRecord(json)?.secdef);
      }),
    ),
    // 204: the broker knows none of them.
    onEmpty: () => [],
  };
}

const FutureContract = z.looseObject({
  symbol: wire.text,
  conid: wire.conid,
  underlyingConid: wire.conid,
  expirationDate: wire.day,
  ltd: wire.day,
});
type FutureContract = z.output<typeof FutureContract>;

/** Listed, not yet expired futures of one symbol. */
export function futuresOf(symbol: string): Ask<FutureContract[]> {
  return {
    name: "trsrv.futures",
    path: "/trsrv/futures",
    query: { symbols: symbol },
    needs: "sso",
    ttlMs: CONTRACT_TTL_MS,
    decode: readWith(
      "trsrv.futures",
      z.unknown().transform((json) => {
        return rowsOrNone(FutureContract).parse(toRecord(json)?.[symbol]);
      }),
    ),
    onEmpty: () => [],
  };
}
