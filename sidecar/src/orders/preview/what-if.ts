import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import type { BrokerMessage, WhatIf } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";
import { label } from "../../client-portal/broker-text.ts";
import { readWith } from "../../client-portal/endpoints/read-with.ts";
import type { Ask } from "../../client-portal/portal-interface.ts";
import { toRecord, wire } from "../../client-portal/readers.ts";
import { figure } from "../submit/market-and-account-reads.ts";

/**
 * The broker's what-if: an order's cost and margin before there is an order. All of it is text made
 * for eyes (`1,977.60 USD (10 Shares)`); a figure that cannot be read is null.
 */
export interface WhatIfAnswer {
  whatIf: WhatIf;
  warning: BrokerMessage | null;
}

function money(value: unknown): { amount: string | null; currency: string | null } {
  const { amount, currency } = wire.moneyText.parse(value);
  return { amount: figure(amount), currency };
}

function change(value: unknown): WhatIf["equity"] {
  const record = toRecord(value);
  return { before: money(record?.current).amount, after: money(record?.after).amount };
}

/**
 * The what-if gives a warning's text without its id. The wordings below are those of the broker's
 * documents and recordings; a text that is none of them has no id, and a question without one is
 * never confirmed beforehand.
 */
const KNOWN_WORDINGS: readonly [RegExp, string][] = [
  [/percentage constraint/i, "o163"],
  [/without market data/i, "o354"],
  [/minimum price variation/i, "o382"],
  [/size exceeds the size limit/i, "o383"],
  [/will trigger and fill/i, "o403"],
  [/total value limit/i, "o451"],
  [/market order confirmation/i, "o10151"],
  [/^stop order confirmation/i, "o10152"],
  [/mandatory cap price/i, "o10153"],
  [/price management algo/i, "p12"],
  [/oversell/i, "o2137"],
];

export function warningOf(text: unknown): BrokerMessage | null {
  const raw = wire.text.parse(text)?.replace(/^\d+\//, "");
  if (raw === undefined || raw === "") return null;
  const message = messageOf(null, raw);
  const known = KNOWN_WORDINGS.find(([wording]) => wording.test(message.text));
  return { ...message, message_id: known?.[1] ?? null };
}

export function whatIf(accountId: string, body: JsonObject, now: () => string): Ask<WhatIfAnswer> {
  return {
    name: "order.what-if",
    method: "POST",
    path: `/iserver/account/${accountId}/orders/whatif`,
    body,
    needs: "brokerage",
    ttlMs: 0,
    decode: readWith(
      "order.what-if",
      z.looseObject({ error: z.unknown().optional() }).transform((answer): WhatIfAnswer => {
        const amounts = toRecord(answer.amount);
        const amount = money(amounts?.amount);
        const commission = money(amounts?.commission);
        return {
          whatIf: {
            amount: amount.amount,
            amount_currency: amount.currency,
            commission: commission.amount,
            total: money(amounts?.total).amount,
            commission_currency: commission.currency,
            equity: change(answer.equity),
            initial_margin: change(answer.initial),
            maintenance_margin: change(answer.maintenance),
            error: label(answer.error, 500),
            at: now(),
          },
          warning: warningOf(answer.warn),
        };
      }),
    ),
  };
}

/** A refusal of the what-if itself: the broker would not take the order, in its words. */
export function refusedWhatIf(text: string, at: string): WhatIf {
  const none = { before: null, after: null };
  return {
    amount: null,
    amount_currency: null,
    commission: null,
    total: null,
    commission_currency: null,
    equity: none,
    initial_margin: none,
    maintenance_margin: none,
    error: label(text, 500) ?? "The broker refused the order.",
    at,
  };
}
