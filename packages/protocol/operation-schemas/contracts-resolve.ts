import * as z from "zod";
import { inCapitals } from "../capitals.ts";
import { ContractCandidate, contractFilters } from "./contracts-search.ts";
import { defineOperation } from "./define-operation.ts";
import { provenance } from "./field-types.ts";

/** One symbol to one contract: the only one, the home listing, or else the candidates. */
export const contractsResolve = defineOperation({
  name: "contracts.resolve",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    symbol: z
      .string()
      .trim()
      .overwrite(inCapitals)
      .regex(/^[A-Z0-9 .\-/]{1,30}$/)
      .describe("Ticker symbol, exactly, e.g. AAPL or BRK B"),
    ...contractFilters,
  }),
  output: z.strictObject({
    status: z.enum(["resolved", "ambiguous", "not_found"]),
    contract: ContractCandidate.nullable(),
    /** What else it may mean, at most 20. */
    candidates: z.array(ContractCandidate),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
