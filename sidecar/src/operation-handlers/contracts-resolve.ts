import { contractsResolve } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-resolve.ts";
import type { ContractCandidate } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import { portfolioAccounts } from "../client-portal/endpoints/accounts.ts";
import { type ContractQuery, type FoundContracts, findContracts } from "./find-contracts.ts";
import { homeListing, levelSymbol, spellings } from "./home-listing.ts";
import { type OperationContext, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

const SHOWN = 20;

export const serveContractsResolve = serve(contractsResolve, async (context, input) => {
  const { symbol, ...filters } = input;
  const { exact, parts, notes } = await exactly(context, symbol, filters);
  const [only] = exact;
  const single = exact.length === 1 && only !== undefined ? only : null;
  const home =
    exact.length > 1 && filters.currency === undefined && filters.exchange === undefined
      ? homeListing(exact, await onlyBaseCurrency(context))
      : null;
  const resolved = single ?? home;
  const status: "resolved" | "ambiguous" | "not_found" =
    resolved !== null ? "resolved" : exact.length > 1 ? "ambiguous" : "not_found";
  const taken =
    home === null
      ? []
      : [
          `${symbol} has ${exact.length} listings. The home listing was taken: ${home.exchange ?? "exchange not known"}, ${home.currency}, conid ${home.conid}. The others are candidates.`,
        ];
  return {
    status,
    contract: resolved,
    candidates: exact.filter((each) => each !== resolved).slice(0, SHOWN),
    ...provenance(context, parts, [...notes, ...taken]),
  };
});

/** The instruments of that symbol, in every spelling: one of them alone may be a foreign listing. */
async function exactly(
  context: OperationContext,
  symbol: string,
  filters: Omit<ContractQuery, "query" | "by_name">,
): Promise<Omit<FoundContracts, "candidates"> & { exact: ContractCandidate[] }> {
  const parts: FoundContracts["parts"] = [];
  const notes = new Set<string>();
  const exact = new Map<number, ContractCandidate>();
  for (const query of spellings(symbol)) {
    const found = await findContracts(context, { query, by_name: false, ...filters });
    parts.push(...found.parts);
    for (const note of found.notes) notes.add(note);
    for (const candidate of found.candidates) {
      const same = levelSymbol(candidate.symbol) === levelSymbol(symbol);
      if (same) exact.set(candidate.conid, candidate);
    }
  }
  return { exact: [...exact.values()], parts, notes: [...notes] };
}

/** The base currency of the login's accounts; null where they have several. */
async function onlyBaseCurrency(context: OperationContext): Promise<string | null> {
  const { value } = await context.ask(portfolioAccounts);
  const [one, ...others] = [...new Set(value.map(({ currency }) => currency))];
  return others.length === 0 ? (one ?? null) : null;
}
