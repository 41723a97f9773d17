import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { contentHash } from "../audit/events.ts";
import type { ToolCall } from "../rpc/account-types.ts";

/** SHA-256 of an input's canonical form; null where half a character leaves it without one. */
export function hashIfWellFormed(input: JsonValue): string | null {
  try {
    return contentHash(input);
  } catch {
    return null;
  }
}

/** The caller's trace, under which the PC writes its own log. */
export function traceOf({ traceparent }: ToolCall): { trace_id?: string } {
  const [, id] = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? "") ?? [];
  return id === undefined ? {} : { trace_id: id };
}

/** One member of a JSON object; undefined where there is none. */
export function memberOf(value: JsonValue, name: string): JsonValue | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value[name]
    : undefined;
}

/** The account that a call names, or that an answer is about. */
export function accountIn(value: JsonValue): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { account_id: account } = value;
  return typeof account === "string" && account.length > 0 && account.length <= 32 ? account : null;
}

/** Our own plain data, as JSON sees it. */
export function asJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value));
}
