import { contractsResolve } from "../../../src/protocol/operations/contracts-resolve.ts";
import { provenance } from "./context.ts";
import { findContracts } from "./find-contracts.ts";
import { serve } from "./serve.ts";

const SHOWN = 20;

export const serveContractsResolve = serve(contractsResolve, async (context, input) => {
  const { symbol, ...filters } = input;
  const found = await findContracts(context, { query: symbol, by_name: false, ...filters });
  const exact = found.candidates.filter((candidate) => candidate.symbol.toUpperCase() === symbol);
  const [only] = exact;
  const status: "resolved" | "ambiguous" | "not_found" =
    exact.length === 1 ? "resolved" : exact.length > 1 ? "ambiguous" : "not_found";
  const resolved = exact.length === 1 && only !== undefined ? only : null;
  return {
    status,
    contract: resolved,
    candidates: resolved !== null ? [] : exact.slice(0, SHOWN),
    ...provenance(context, found.parts, found.notes),
  };
});
