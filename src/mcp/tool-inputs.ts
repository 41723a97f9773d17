import { contractFilters } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import { AccountId, Conid } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import * as z from "zod";
import { cursorInput } from "./define-tool.ts";
import { numeric } from "./json-schema.ts";

/**
 * Arguments that many tools share, in the fewest words: every client reads them once per tool.
 */

export const accountInput = {
  account_id: AccountId.optional().describe("If several"),
};

export const conidInput = { conid: numeric(Conid).describe("Contract id") };

/** The filters of the contract search, which {@link contractFilters} describes at more length. */
export const filterInput = {
  asset_class: contractFilters.asset_class.describe("STK covers ETFs"),
  currency: contractFilters.currency.describe("Quoted in, e.g. USD"),
  exchange: contractFilters.exchange.describe("Listed on, e.g. NASDAQ"),
};

/** Without a limit a page has at most 50 rows, and no more than fit into 8 KB. */
export const pageInput = {
  limit: numeric(z.int().min(1).max(200)).optional().describe("Rows"),
  ...cursorInput,
};

/** What an operation calls its page, and a tool replaces by {@link pageInput}. */
export const OPERATION_PAGE = { offset: true, limit: true } as const;
