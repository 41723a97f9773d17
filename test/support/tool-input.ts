import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { expect } from "vitest";
import type { Tool } from "../../src/mcp/define-tool.ts";

/** As it arrives: what JSON leaves out is not there. */
function sent(args: unknown): JsonValue | undefined {
  return args === undefined ? undefined : JSON.parse(JSON.stringify(args));
}

/** What a tool asks its operation for when it is called with these arguments. */
export function asks(tool: Tool, args: unknown): unknown {
  const prepared = tool.prepare(sent(args));
  if (!prepared.ok) throw new Error(prepared.failure.message);
  return prepared.call.input;
}

/** Why a tool refuses these arguments. */
export function refusal(tool: Tool, args: unknown): string {
  const prepared = tool.prepare(sent(args));
  expect(prepared).toMatchObject({
    ok: false,
    failure: { code: "INPUT_INVALID", retryable: false },
  });
  return prepared.ok ? "" : prepared.failure.message;
}

/** What a tool shows of an operation's answer; null when it refuses to show it. */
export function shows(tool: Tool, result: JsonValue, args: unknown = {}): unknown {
  const prepared = tool.prepare(sent(args));
  if (!prepared.ok) throw new Error(prepared.failure.message);
  const presented = tool.present(prepared.call, result);
  if (presented.ok) return presented.output;
  expect(presented.failure.code).toBe("BROKER_RESPONSE_INVALID");
  return null;
}

/** Under which code an order tool refuses these arguments, and in which words. */
export function orderRefusal(tool: Tool, args: unknown): { code: string; message: string } {
  const prepared = tool.prepare(sent(args));
  if (prepared.ok) throw new Error("the arguments were taken");
  return prepared.failure;
}
