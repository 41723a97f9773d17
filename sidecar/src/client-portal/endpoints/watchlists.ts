import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rowsOrNone, toRecord, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const Listed = z.looseObject({
  id: wire.id,
  name: wire.text,
  read_only: wire.flag,
  modified: wire.count,
});

const Watchlists = z.looseObject({ data: wire.record }).transform((body) => {
  return rowsOrNone(Listed).parse(body.data?.user_lists);
});

export const watchlists: Ask<z.output<typeof Watchlists>> = {
  name: "iserver.watchlists",
  path: "/iserver/watchlists",
  query: { SC: "USER_WATCHLIST" },
  needs: "brokerage",
  ttlMs: 10_000,
  isCold: (lists) => lists.length === 0,
  decode: readWith("iserver.watchlists", Watchlists),
};

const Watchlist = z.looseObject({
  id: wire.id,
  name: wire.text,
  instruments: wire.list.transform((rows) =>
    rows.flatMap((row) => {
      const record = toRecord(row);
      // `{H: ""}` is a blank line of the list.
      if (record === null || "H" in record) return [];
      const parsed = Instrument.safeParse(record);
      return parsed.success ? [parsed.data] : [];
    }),
  ),
});
const Instrument = z.looseObject({
  conid: wire.conid,
  C: wire.conid,
  ticker: wire.text,
  name: wire.text,
  assetClass: wire.text,
  ST: wire.text,
});

export function watchlist(id: string): Ask<z.output<typeof Watchlist>> {
  return {
    name: "iserver.watchlist",
    path: "/iserver/watchlist",
    query: { id },
    needs: "brokerage",
    ttlMs: 10_000,
    // At first only the ids come.
    isCold: (list) => list.instruments.some((row) => row.name === null && row.ticker === null),
    decode: readWith("iserver.watchlist", Watchlist),
    onRefused: () => new GatewayError(failure("NOT_FOUND", "The broker knows no such watchlist.")),
  };
}
