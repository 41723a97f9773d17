import type { ContractCandidate } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";

/**
 * The one listing that a bare symbol means for an account: the only one in the account's currency,
 * where that is the company's home. A listing in that currency beside one in the United States may
 * be a certificate or a second listing, so that nothing is taken. Null: nobody can say.
 */
export function homeListing(
  listings: readonly ContractCandidate[],
  baseCurrency: string | null,
): ContractCandidate | null {
  const inBase = listings.filter(({ currency }) => currency !== null && currency === baseCurrency);
  const [one, another] = inBase;
  if (one === undefined || another !== undefined) return null;
  return one.is_us === true || listings.every(({ is_us }) => is_us === false) ? one : null;
}

/**
 * A share class is written with a space here and with a dot, a dash or a stroke there. Small letters
 * stay: some symbols hold them, and in capitals they may be another share.
 */
export const levelSymbol = (symbol: string): string => symbol.replace(/[.\-/]/g, " ");

/** The ways in which the broker may know a symbol: as it was written, with a space, with a dot. */
export function spellings(symbol: string): string[] {
  const level = levelSymbol(symbol);
  return [...new Set([symbol, level, level.replaceAll(" ", ".")])];
}
