import { orderTypeWord } from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import type { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { ContractRules } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";
import { label } from "../../client-portal/broker-text.ts";
import { readWith } from "../../client-portal/endpoints/read-with.ts";
import type { Ask } from "../../client-portal/portal-interface.ts";
import { rowsOrNone, wire } from "../../client-portal/readers.ts";
import { figure } from "../submit/market-and-account-reads.ts";

/** `/iserver/contract/rules`: what an order in one contract, on one side, may look like. */
const words = z
  .unknown()
  .optional()
  .transform((value) =>
    Array.isArray(value) ? value.flatMap((one) => wire.text.parse(one) ?? []) : null,
  );

const Rules = z.looseObject({
  orderTypes: words,
  orderTypesOutside: words,
  tifTypes: words,
  fraqTypes: words,
  cqtTypes: words,
  canTradeAcctIds: words,
  sizeIncrement: wire.term,
  increment: wire.term,
  incrementRules: rowsOrNone(z.looseObject({ lowerEdge: wire.figure, increment: wire.term })),
  negativeCapable: wire.flag,
  priceMagnifier: z.unknown().optional(),
  error: wire.text,
});

const typesOf = (list: string[] | null): OrderType[] | null =>
  list === null ? null : list.flatMap((word) => orderTypeWord(word) ?? []);

function increments(rules: z.output<typeof Rules>): ContractRules["increments"] {
  const bands = rules.incrementRules.flatMap((band) => {
    const from = figure(band.lowerEdge);
    const step = figure(band.increment);
    return from === null || step === null ? [] : [{ from, step }];
  });
  if (bands.length > 0) return bands.toSorted((a, b) => Number(a.from) - Number(b.from));
  const flat = figure(rules.increment);
  return flat === null ? [] : [{ from: "0", step: flat }];
}

/** Null is the broker's word that there is none; nothing at all, or no figure, is no word. */
function magnifierOf(value: unknown): Pick<ContractRules, "price_magnifier"> {
  if (value === null) return { price_magnifier: null };
  const stated = figure(wire.term.parse(value));
  return stated === null ? {} : { price_magnifier: stated };
}

export function contractRules(
  conid: number,
  isBuy: boolean,
  now: () => string,
): Ask<ContractRules> {
  return {
    name: "contract.rules",
    method: "POST",
    path: "/iserver/contract/rules",
    body: { conid, isBuy },
    needs: "brokerage",
    ttlMs: 60_000,
    decode: readWith(
      "contract.rules",
      Rules.transform(
        (rules): ContractRules => ({
          order_types: typesOf(rules.orderTypes),
          order_types_outside_rth: typesOf(rules.orderTypesOutside),
          times_in_force:
            rules.tifTypes?.map((text) => (text.split("/")[0] ?? text).toUpperCase()) ?? null,
          increments: increments(rules),
          size_step: figure(rules.sizeIncrement),
          fractional: rules.fraqTypes === null ? null : rules.fraqTypes.length > 0,
          cash_quantity: rules.cqtTypes === null ? null : rules.cqtTypes.length > 0,
          tradable_accounts: rules.canTradeAcctIds,
          negative_prices: rules.negativeCapable,
          ...magnifierOf(rules.priceMagnifier),
          error: label(rules.error, 300),
          at: now(),
        }),
      ),
    ),
  };
}
