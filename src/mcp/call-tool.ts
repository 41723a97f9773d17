import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { GatewayFailure } from "../protocol/errors.ts";
import type { JsonValue } from "../protocol/json.ts";
import { askTool, refuse } from "./ask-tool.ts";
import { isForbiddenName, toolNamed } from "./catalogue.ts";
import type { Exchange } from "./exchange.ts";
import { forbiddenName, retryAfterSeconds, shownFailure, unknownTool } from "./failures.ts";

export interface ToolResult {
  [key: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent: Record<string, unknown>;
  isError?: true;
}

/** One `tools/call`. What a caller can act on is a result; only a name that is none is an error. */
export async function callTool(
  exchange: Exchange,
  name: string,
  args: JsonValue,
): Promise<ToolResult> {
  const tool = toolNamed(name);
  if (tool !== undefined) {
    const shown = await askTool(exchange, tool, args);
    return shown.ok ? succeeded(shown.output) : failed(exchange, shown.failure);
  }
  if (isForbiddenName(name)) {
    return failed(exchange, (await refuse(exchange, name, args, forbiddenName())).failure);
  }
  const { failure } = await refuse(exchange, name, args, unknownTool());
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, failure.message);
}

/** The same JSON twice: some clients show only one of the two. */
function succeeded(output: Record<string, unknown>): ToolResult {
  return {
    content: [{ type: "text", text: JSON.stringify(output) }],
    structuredContent: output,
  };
}

function failed(exchange: Exchange, failure: GatewayFailure): ToolResult {
  const seconds = retryAfterSeconds(failure);
  if (seconds !== null) exchange.retryAfterSeconds = seconds;
  return { ...succeeded(shownFailure(failure)), isError: true };
}
