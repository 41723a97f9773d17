import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Conid, Currency, Day, inputPage, page, provenance } from "./field-types.ts";

/** One instrument a search may mean. */
export const ContractCandidate = z.strictObject({
  conid: Conid,
  symbol: z.string().max(100),
  name: z.string().max(200).nullable(),
  asset_class: z.string().max(20),
  exchange: z.string().max(40).nullable(),
  currency: Currency.nullable(),
  country: z.string().max(10).nullable(),
  is_us: z.boolean().nullable(),
  /** ETF, COMMON, ADR, … as the broker writes it. */
  kind: z.string().max(40).nullable(),
  /** Of a contract that ends: the day of its expiry, and the last on which it trades; they may differ. */
  expiry: Day.nullable().default(null),
  last_trading_day: Day.nullable().default(null),
  /** Months with listed options, `YYYY-MM`, soonest first. */
  option_months: z.array(z.string().regex(/^\d{4}-\d\d$/)),
});
export type ContractCandidate = z.infer<typeof ContractCandidate>;

export const contractFilters = {
  asset_class: z
    .enum(["STK", "IND", "FUT", "CASH", "BOND", "FUND", "CRYPTO", "CMDTY"])
    .optional()
    .describe("Only this kind of instrument (STK covers ETFs)"),
  currency: Currency.optional().describe("Only instruments quoted in this currency"),
  exchange: z
    .string()
    .regex(/^[A-Z0-9.]{1,20}$/)
    .optional()
    .describe("Only instruments listed on this exchange, e.g. NASDAQ"),
};

export const contractsSearch = defineOperation({
  name: "contracts.search",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    query: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .describe("Ticker symbol, or part of a company name with by_name"),
    by_name: z.boolean().default(false).describe("Search company names instead of symbols"),
    ...contractFilters,
    ...inputPage,
  }),
  output: z.strictObject({
    candidates: z.array(ContractCandidate),
    /** True when exactly one candidate is left after the filters. */
    unique: z.boolean(),
    page,
    ...provenance,
  }),
  deadlineMs: 15_000,
});
