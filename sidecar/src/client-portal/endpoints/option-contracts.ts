import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const CHAIN_TTL_MS = 6 * 60 * 60_000;

const strikeList = wire.list.transform((values) =>
  values.flatMap((value) => wire.term.parse(value) ?? []),
);
const Strikes = z.looseObject({ call: strikeList, put: strikeList });
export type Strikes = z.output<typeof Strikes>;

/** Every strike any expiry of the month has; empty unless the underlying was searched for before. */
export function strikesOf(conid: number, secType: "OPT" | "FOP", month: string): Ask<Strikes> {
  return {
    name: "secdef.strikes",
    path: "/iserver/secdef/strikes",
    query: { conid: String(conid), sectype: secType, month },
    needs: "brokerage",
    ttlMs: CHAIN_TTL_MS,
    decode: readWith("secdef.strikes", Strikes),
  };
}

const OptionInfo = z.looseObject({
  conid: wire.conid,
  maturityDate: wire.day,
  strike: wire.term,
  right: wire.text,
  tradingClass: wire.text,
  exchange: wire.text,
  currency: wire.currency,
  multiplier: wire.term,
});
export type OptionInfo = z.output<typeof OptionInfo>;

/** The contracts of one strike and side: every expiry of the month, and several classes. */
export function optionInfo(query: {
  conid: number;
  secType: "OPT" | "FOP";
  month: string;
  strike: string;
  right: "C" | "P";
}): Ask<OptionInfo[]> {
  return {
    name: "secdef.info",
    path: "/iserver/secdef/info",
    query: {
      conid: String(query.conid),
      sectype: query.secType,
      month: query.month,
      strike: query.strike,
      right: query.right,
    },
    needs: "brokerage",
    ttlMs: CHAIN_TTL_MS,
    decode: readWith("secdef.info", rows(OptionInfo)),
    onEmpty: () => [],
    onRefused: (status) =>
      status === 400
        ? new GatewayError(failure("INPUT_INVALID_CONTRACT", "The broker lists no such option."))
        : null,
  };
}
