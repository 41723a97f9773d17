import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/**
 * How arguments name contracts, one rule for all tools: `conid` is the one contract asked about,
 * `conids` a list of them. `underlying_conid` stands in answers alone.
 */
export const CONTRACT_NAMES = ["conid", "conids", "underlying_conid"] as const;

/**
 * Reads only: the other name of the pair is understood where one thing alone can be meant, and so is
 * a name that a tool had until a version ago (`before`). Two names at once are left to be refused.
 */
export function contractNamed(
  known: JsonObject,
  args: JsonValue,
  before: Readonly<Record<string, string>> = {},
): JsonValue {
  if (args === null || typeof args !== "object" || Array.isArray(args)) return args;
  let named = args;
  for (const [old, now] of Object.entries(before)) named = renamed(named, old, now);
  if (!Object.hasOwn(known, "conid")) {
    return Object.hasOwn(known, "conids") ? renamed(named, "conid", "conids", asList) : named;
  }
  return Object.hasOwn(known, "conids") ? named : renamed(named, "conids", "conid", onlyOne);
}

/** A refusal's further word where a contract was named as this tool does not name one; else null. */
export function contractNameHint(known: JsonObject, unknown: readonly string[]): string | null {
  const wrong = unknown.find((name) => CONTRACT_NAMES.some((one) => one === name));
  const right = CONTRACT_NAMES.find((name) => Object.hasOwn(known, name));
  if (wrong === undefined || right === undefined) return null;
  return right === "conids"
    ? 'contracts are named here by "conids", a list'
    : `the contract is named here by "${right}"${wrong === "conids" ? ", one a call" : ""}`;
}

const asList = (value: JsonValue): JsonValue => (Array.isArray(value) ? value : [value]);

const onlyOne = (value: JsonValue): JsonValue | undefined =>
  Array.isArray(value) && value.length === 1 ? value[0] : undefined;

function renamed(
  args: JsonObject,
  from: string,
  to: string,
  as: (value: JsonValue) => JsonValue | undefined = (value) => value,
): JsonObject {
  const { [from]: value, ...rest } = args;
  if (value === undefined || value === null || (args[to] ?? null) !== null) return args;
  const meant = as(value);
  return meant === undefined ? args : { ...rest, [to]: meant };
}
