import { inCapitals } from "@ibkr-edge-gateway/protocol/capitals.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { ContractCandidate } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import { label } from "../client-portal/broker-text.ts";
import {
  contractFacts,
  futuresOf,
  type SearchHit,
  type SecDef,
  searchContracts,
} from "../client-portal/endpoints/contracts.ts";
import type { Answer } from "../client-portal/portal-interface.ts";
import type { OperationContext } from "./operation-context.ts";
import { monthsFromBroker } from "./option-months.ts";

export interface ContractQuery {
  query: string;
  by_name: boolean;
  asset_class?: string | undefined;
  currency?: string | undefined;
  exchange?: string | undefined;
}

export interface FoundContracts {
  candidates: ContractCandidate[];
  parts: { at: number; from: "broker" | "cache" | "stale" }[];
  notes: string[];
}

const FACTS_PER_CALL = 200;

/** Facts about contracts by id, in calls of 200. */
export async function factsOf(
  context: OperationContext,
  conids: readonly number[],
): Promise<{ facts: Map<number, SecDef>; parts: Answer<SecDef[]>[] }> {
  const facts = new Map<number, SecDef>();
  const parts: Answer<SecDef[]>[] = [];
  const sorted = [...new Set(conids)].sort((a, b) => a - b);
  for (let from = 0; from < sorted.length; from += FACTS_PER_CALL) {
    const answer = await context.ask(contractFacts(sorted.slice(from, from + FACTS_PER_CALL)));
    parts.push(answer);
    for (const fact of answer.value) if (fact.conid !== null) facts.set(fact.conid, fact);
  }
  return { facts, parts };
}

/**
 * Every instrument a query may mean, narrowed by the filters. The search alone says neither the
 * currency nor whether a listing is foreign, and its first hit often is; the bulk facts say both.
 */
export async function findContracts(
  context: OperationContext,
  query: ContractQuery,
): Promise<FoundContracts> {
  const found =
    query.asset_class === "FUT"
      ? await findFutures(context, query)
      : await findListed(context, query);
  const { asset_class, currency, exchange } = query;
  return {
    ...found,
    candidates: found.candidates.filter(
      (candidate) =>
        (asset_class === undefined || candidate.asset_class === asset_class) &&
        (currency === undefined || candidate.currency === currency) &&
        (exchange === undefined || candidate.exchange?.toUpperCase() === exchange),
    ),
  };
}

async function findListed(
  context: OperationContext,
  query: ContractQuery,
): Promise<FoundContracts> {
  let search: Answer<SearchHit[]>;
  try {
    const kind = query.asset_class;
    search = await context.ask(
      searchContracts({
        text: query.query,
        byName: query.by_name,
        ...(kind === "STK" || kind === "IND" || kind === "BOND" ? { secType: kind } : {}),
      }),
    );
  } catch (error) {
    // An unknown symbol is an empty list, not a failure.
    if (!(error instanceof GatewayError) || error.failure.code !== "INPUT_INVALID_CONTRACT")
      throw error;
    return { candidates: [], parts: [{ at: context.clock.now(), from: "broker" }], notes: [] };
  }
  const hits = search.value.filter((hit) => hit.conid !== null && hit.symbol !== null);
  const known = await factsOf(
    context,
    hits.flatMap((hit) => hit.conid ?? []),
  );
  return {
    candidates: hits.flatMap((hit) => candidate(hit, known.facts) ?? []),
    parts: [search, ...known.parts],
    notes: [],
  };
}

function candidate(hit: SearchHit, facts: ReadonlyMap<number, SecDef>): ContractCandidate | null {
  if (hit.conid === null || hit.symbol === null) return null;
  const fact = facts.get(hit.conid);
  const own = hit.sections.find((section) => section.conid === null || section.conid === hit.conid);
  const options = hit.sections.find(
    (section) => section.secType === "OPT" || section.secType === "FOP",
  );
  return {
    conid: hit.conid,
    symbol: label(fact?.ticker ?? hit.symbol, 100) ?? hit.symbol.slice(0, 100),
    name: label(fact?.name ?? hit.companyName, 200),
    asset_class: label(fact?.assetClass ?? own?.secType, 20) ?? "UNKNOWN",
    exchange: label(fact?.listingExchange ?? hit.description, 40),
    currency: fact?.currency ?? null,
    country: label(fact?.countryCode, 10),
    is_us: fact?.isUS ?? null,
    kind: label(fact?.type, 40),
    expiry: fact?.expiry ?? null,
    last_trading_day: fact?.lastTradingDay ?? null,
    option_months: monthsFromBroker(options?.months ?? null),
  };
}

async function findFutures(
  context: OperationContext,
  query: ContractQuery,
): Promise<FoundContracts> {
  const symbol = inCapitals(query.query);
  if (!/^[A-Z0-9.]{1,20}$/.test(symbol)) {
    throw new GatewayError(
      failure("INPUT_INVALID_CONTRACT", "Futures are looked up by symbol, e.g. ES."),
    );
  }
  const listed = await context.ask(futuresOf(symbol));
  const contracts = listed.value.flatMap((future) =>
    future.conid === null
      ? []
      : [{ conid: future.conid, expiry: future.expirationDate, last: future.ltd }],
  );
  const known = await factsOf(
    context,
    contracts.map((contract) => contract.conid),
  );
  return {
    candidates: contracts
      .toSorted((a, b) => (a.expiry ?? "9").localeCompare(b.expiry ?? "9"))
      .map(({ conid, expiry, last }) => {
        const fact = known.facts.get(conid);
        const name = label(fact?.name, 180);
        return {
          conid,
          symbol: label(fact?.ticker, 100) ?? symbol,
          name: expiry === null ? name : `${name ?? symbol} ${expiry}`,
          asset_class: "FUT",
          exchange: label(fact?.listingExchange, 40),
          currency: fact?.currency ?? null,
          country: label(fact?.countryCode, 10),
          is_us: fact?.isUS ?? null,
          kind: label(fact?.type, 40),
          expiry,
          last_trading_day: last ?? fact?.lastTradingDay ?? null,
          option_months: [],
        };
      }),
    parts: [listed, ...known.parts],
    notes: [],
  };
}
