import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { expect } from "vitest";
import type { PreparedCall, Tool } from "../../src/mcp/define-tool.ts";

/** As it arrives: what JSON leaves out is not there. */
function sent(args: unknown): JsonValue | undefined {
  return args === undefined ? undefined : JSON.parse(JSON.stringify(args));
}

/** The call that a tool makes of these arguments. */
export function taken(tool: Tool, args: unknown): PreparedCall {
  const prepared = tool.prepare(sent(args));
  if (!prepared.ok) throw new Error(prepared.failure.message);
  return prepared.call;
}

/** What a tool asks its operation for when it is called with these arguments. */
export const asks = (tool: Tool, args: unknown): unknown => taken(tool, args).input;

/** Why a tool refuses these arguments, under whatever code. */
export function turnedDown(tool: Tool, args: unknown): GatewayFailure {
  const prepared = tool.prepare(sent(args));
  if (prepared.ok) throw new Error(`the arguments were taken: ${JSON.stringify(args)}`);
  return prepared.failure;
}

/** In which words a tool refuses arguments that are not in its form. */
export function refusal(tool: Tool, args: unknown): string {
  const failure = turnedDown(tool, args);
  expect(failure).toMatchObject({ code: "INPUT_INVALID", retryable: false });
  return failure.message;
}

/** What a tool shows of an operation's answer; null when it refuses to show it. */
export function shows(tool: Tool, result: JsonValue, args: unknown = {}): unknown {
  const presented = tool.present(taken(tool, args), result);
  if (presented.ok) return presented.output;
  expect(presented.failure.code).toBe("BROKER_RESPONSE_INVALID");
  return null;
}
