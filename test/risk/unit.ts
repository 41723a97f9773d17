import type { Contract } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";

/**
 * How many quoted units make one unit of the currency, by what the broker's rules say of a contract:
 * a figure, `null` for none, and nothing where they were not read. Null where that is not known.
 */
export function unitOf(
  { asset_class, currency }: Contract,
  magnifier: string | null | undefined,
): string | null {
  if (typeof magnifier === "string") return magnifier;
  // Grain is quoted in cents of the dollar.
  if (magnifier === undefined && asset_class === "FUT") return null;
  // London, Johannesburg and Tel Aviv quote shares in hundredths.
  return ["GBP", "ZAR", "ILS"].includes(currency) ? null : "1";
}
