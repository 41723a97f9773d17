import { contractsSearch } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import { findContracts } from "./find-contracts.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

export const serveContractsSearch = serve(contractsSearch, async (context, input) => {
  const found = await findContracts(context, input);
  const { rows, page } = pageOf(found.candidates, input);
  return {
    candidates: rows,
    unique: found.candidates.length === 1,
    page,
    ...provenance(context, found.parts, found.notes),
  };
});
