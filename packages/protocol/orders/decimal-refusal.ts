import { type DecimalFault, orderDecimalFault } from "./decimal.ts";
import { type OrderRefusal, refusal } from "./order-refusal.ts";

const FAULT_WORDS: Record<DecimalFault, string> = {
  not_text: 'must be a decimal string such as "10" or "187.25", not a JSON number',
  not_a_number: "is not a number",
  exponent: "must be written without an exponent",
  negative: "must not be negative",
  zero: "must be greater than zero",
  too_many_decimals: "has more than six decimals",
  too_large: "has more than nine digits before the point",
  not_canonical: 'must be a plain decimal such as "0.5": no sign, no leading zeros, no bare point',
};

/** The refusal for a decimal field that breaks the grammar; null when it keeps it. */
export function decimalRefusal(field: string, value: unknown): OrderRefusal | null {
  const fault = orderDecimalFault(value);
  if (fault === null) return null;
  return refusal(decimalCode(field), field, fault, `${field} ${FAULT_WORDS[fault]}.`);
}

function decimalCode(field: string): OrderRefusal["code"] {
  if (field.endsWith("quantity")) return "ORDER_QUANTITY_INVALID";
  return field.startsWith("trailing") ? "ORDER_TRAILING_OFFSET_INVALID" : "ORDER_PRICE_INVALID";
}
