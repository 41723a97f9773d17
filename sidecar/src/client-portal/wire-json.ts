/**
 * Broker JSON without loss. A number that a double cannot hold exactly as written is kept as its
 * source text, so that `655.8945922851562` and an 18-digit id arrive digit by digit; plain safe
 * integers stay numbers. Decoders accept both, because the broker itself writes either.
 */
export function parseWireJson(text: string): unknown {
  return JSON.parse(text, keepDigits);
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return context?.source ?? value;
}
