import type { Parsed } from "../protocol/orders/parse-input.ts";
import type { OrderRefusal } from "../protocol/orders/refusal.ts";

/** What a parsed order input is refused for; nothing when it is well-formed. */
export function faultsOf(parsed: Parsed<unknown>): readonly OrderRefusal[] {
  return parsed.ok ? [] : parsed.refusals;
}

/** The part of some arguments that an order parser knows. */
export function without(args: unknown, names: readonly string[]): unknown {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return args;
  return Object.fromEntries(Object.entries(args).filter(([name]) => !names.includes(name)));
}
