import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { optionsChain } from "@ibkr-edge-gateway/protocol/operation-schemas/options-chain.ts";
import { Decimal } from "decimal.js";
import { label } from "../client-portal/broker-text.ts";
import { type SearchHit, searchContracts } from "../client-portal/endpoints/contracts.ts";
import {
  type OptionInfo,
  optionInfo,
  type Strikes,
  strikesOf,
} from "../client-portal/endpoints/option-contracts.ts";
import type { Answer } from "../client-portal/portal-interface.ts";
import { chooseStrikes } from "./choose-strikes.ts";
import { factsOf } from "./find-contracts.ts";
import { readQuotes } from "./market-snapshot.ts";
import { type OperationContext, pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { monthForBroker, monthsFromBroker } from "./option-months.ts";
import { quoteFrom } from "./quote-fields.ts";

/**
 * Search, months, strikes, contracts: in this order, because the broker answers the later questions
 * only about an underlying that was searched for in the same session. Strikes are the union over
 * all expiries of the month, so what an expiry really has is only known contract by contract; the
 * lookups are therefore kept to the strikes that were asked for.
 */
export const serveOptionsChain = serve(optionsChain, async (context, input) => {
  const { facts, parts } = await factsOf(context, [input.underlying_conid]);
  const fact = facts.get(input.underlying_conid);
  if (fact?.ticker == null) {
    throw new GatewayError(
      failure("INPUT_INVALID_CONTRACT", "The broker knows no such underlying."),
    );
  }
  const search = await context.ask(searchContracts({ text: fact.ticker, byName: false }));
  const listed = optionSection(search.value, input.underlying_conid);
  if (listed === null) {
    throw new GatewayError(
      failure("INPUT_INVALID_CONTRACT", "No options are listed on this instrument."),
    );
  }
  const month = input.month ?? input.expiry?.slice(0, 7) ?? listed.months[0];
  const brokerMonth = month === undefined ? null : monthForBroker(month);
  if (month === undefined || brokerMonth === null || !listed.months.includes(month)) {
    throw new GatewayError(
      failure(
        "INPUT_INVALID_TIME_RANGE",
        `No options expire in that month. There are: ${listed.months.slice(0, 24).join(", ")}.`,
      ),
    );
  }
  const reference = await referencePrice(context, input.underlying_conid);
  const asked = {
    conid: input.underlying_conid,
    secType: listed.secType,
    month: brokerMonth,
  };
  const strikes = await strikesFor(context, fact.ticker, asked);
  const rights = input.right === undefined ? (["call", "put"] as const) : [input.right];
  const every = [...new Set(rights.flatMap((right) => strikes.value[right]))];
  const chosen = chooseStrikes(every, {
    from: input.strike_from,
    to: input.strike_to,
    count: input.strikes,
    around: reference,
  });
  const lookups = chosen.flatMap((strike) =>
    rights
      .filter((right) => strikes.value[right].includes(strike))
      .map((right) => ({
        ...asked,
        strike,
        right: right === "call" ? ("C" as const) : ("P" as const),
      })),
  );
  const answers = await Promise.all(lookups.map((query) => contractsAt(context, query)));
  const all = answers.flatMap((answer) => answer.value).flatMap(readContract);
  const contracts = wantedOf(all, input);
  const { rows, page } = pageOf(contracts, input);
  return {
    underlying_conid: input.underlying_conid,
    symbol: label(fact.ticker, 100),
    currency: fact.currency,
    month,
    months: listed.months,
    reference_price:
      input.strike_from !== undefined || input.strike_to !== undefined ? null : reference,
    expiries: [...new Set(all.map((contract) => contract.expiry))].sort(),
    trading_classes: [...new Set(all.flatMap((contract) => contract.trading_class ?? []))].sort(),
    contracts: rows,
    strikes_left_out: every.length - chosen.length,
    page,
    ...provenance(context, [...parts, search, strikes, ...answers]),
  };
});

type ChainContract = ReturnType<typeof readContract>[number];

/** Of the expiry and the class that were asked for, soonest first. */
function wantedOf(
  all: readonly ChainContract[],
  asked: { expiry?: string | undefined; trading_class?: string | undefined },
): ChainContract[] {
  return all
    .filter(
      ({ expiry, trading_class }) =>
        (asked.expiry === undefined || expiry === asked.expiry) &&
        (asked.trading_class === undefined || trading_class === asked.trading_class),
    )
    .toSorted(
      (a, b) =>
        a.expiry.localeCompare(b.expiry) ||
        new Decimal(a.strike).comparedTo(b.strike) ||
        a.right.localeCompare(b.right),
    );
}

function optionSection(
  hits: readonly SearchHit[],
  conid: number,
): { secType: "OPT" | "FOP"; months: string[] } | null {
  const sections = hits.find((hit) => hit.conid === conid)?.sections ?? [];
  for (const secType of ["OPT", "FOP"] as const) {
    const months = monthsFromBroker(
      sections.find((section) => section.secType === secType)?.months ?? null,
    );
    if (months.length > 0) return { secType, months };
  }
  return null;
}

/** Where the money is: a trade, the middle of the market, or the last close; null when none is known. */
async function referencePrice(context: OperationContext, conid: number): Promise<string | null> {
  const wanted = ["last", "bid", "ask", "prior_close"] as const;
  try {
    const { rows } = await readQuotes(context, [conid], wanted);
    const { values } = quoteFrom(conid, rows.get(conid), wanted, undefined);
    if (values.last) return values.last;
    if (values.bid && values.ask) return new Decimal(values.bid).plus(values.ask).div(2).toFixed();
    return values.prior_close ?? null;
  } catch (error) {
    // Without a price the middle of the list serves; the chain is worth having all the same.
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

async function strikesFor(
  context: OperationContext,
  symbol: string,
  query: { conid: number; secType: "OPT" | "FOP"; month: string },
): Promise<Answer<Strikes>> {
  const ask = strikesOf(query.conid, query.secType, query.month);
  const answer = await context.ask(ask);
  if (answer.value.call.length + answer.value.put.length > 0) return answer;
  // A search by name in between makes the broker forget; a plain search makes it remember.
  await context.ask(searchContracts({ text: symbol, byName: false }), { fresh: true });
  return context.ask(ask, { fresh: true });
}

async function contractsAt(
  context: OperationContext,
  query: Parameters<typeof optionInfo>[0],
): Promise<Answer<OptionInfo[]>> {
  try {
    return await context.ask(optionInfo(query));
  } catch (error) {
    // A strike of another expiry only: nothing is listed there.
    if (!(error instanceof GatewayError) || error.failure.code !== "INPUT_INVALID_CONTRACT")
      throw error;
    const at = context.clock.now();
    return { value: [], at, begunAt: at, from: "broker", proved: true };
  }
}

function readContract(info: OptionInfo) {
  const right = info.right?.toUpperCase()[0];
  if (info.conid === null || info.maturityDate === null || info.strike === null) return [];
  if (right !== "C" && right !== "P") return [];
  return [
    {
      conid: info.conid,
      expiry: info.maturityDate,
      strike: info.strike,
      right: right === "C" ? ("call" as const) : ("put" as const),
      trading_class: label(info.tradingClass, 20),
      exchange: label(info.exchange, 40),
      currency: info.currency,
      multiplier: info.multiplier,
    },
  ];
}
