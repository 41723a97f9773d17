import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Parsed } from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";

/** What a parsed order input is refused for; nothing when it is well-formed. */
export function faultsOf(parsed: Parsed<unknown>): readonly OrderRefusal[] {
  return parsed.ok ? [] : parsed.refusals;
}

/** Any account: which one is meant is decided where the accounts are known. */
const SOME_ACCOUNT = "U0000000";

/** The part of some arguments that an order parser knows; it wants an account in every order. */
export function forParser(args: JsonValue, others: readonly string[] = []): JsonValue {
  if (args === null || typeof args !== "object" || Array.isArray(args)) return args;
  const known = Object.entries(args).filter(([name]) => !others.includes(name));
  return { account_id: SOME_ACCOUNT, ...Object.fromEntries(known) };
}
