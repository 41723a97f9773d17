import type { Money } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { Summary } from "../client-portal/endpoints/balances.ts";

/** One figure of the broker's summary with its currency; null when the broker has none. */
export function money(summary: Summary, key: string): Money | null {
  const line = summary.get(key);
  if (line === undefined || line.isNull === true) return null;
  if (line.amount === null || line.currency === null) return null;
  return { amount: line.amount, currency: line.currency };
}

/** A figure without a currency (a fraction, a ratio). */
export function ratio(summary: Summary, key: string): string | null {
  const line = summary.get(key);
  if (line === undefined || line.isNull === true || line.currency !== null) return null;
  // Ratios stand in `value`; `amount` is 0 beside them.
  return line.value !== null && /^-?\d+(\.\d+)?$/.test(line.value) ? line.value : null;
}
