import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { scopesNow } from "./ask-account.ts";
import { askTool, refuse } from "./ask-tool.ts";
import { isForbiddenName, toolNamed } from "./catalogue.ts";
import type { Tool } from "./define-tool.ts";
import type { Exchange } from "./exchange.ts";
import { forbiddenName, retryAfterSeconds, unknownTool } from "./failures.ts";
import { readsStructure } from "./hosts-that-read-structure.ts";
import { objectOf } from "./read-message.ts";
import { failureShown, refusalIn } from "./refused-answer.ts";
import { failureText, mayBeAsked, summaryOf, withNextCall, withTaken } from "./summary.ts";
import { toJsonObject } from "./to-json.ts";

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
    return shown.ok
      ? answered(exchange, tool, args, shown.output)
      : failed(exchange, name, args, shown.failure);
  }
  if (isForbiddenName(name)) {
    const { failure } = await refuse(exchange, name, args, forbiddenName());
    return failed(exchange, name, args, failure);
  }
  const { failure } = await refuse(exchange, name, args, unknownTool());
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, failure.message);
}

async function answered(
  exchange: Exchange,
  tool: Tool,
  args: JsonValue,
  output: Record<string, unknown>,
): Promise<ToolResult> {
  const answer = withTaken(objectOf(args), toJsonObject(output));
  const refused = refusalIn(tool.name, objectOf(args), answer, exchange.accessLink);
  if (refused !== null) return refusal(exchange, refused);
  const { name, title } = tool.listing();
  const scopes = mayBeAsked(answer) ? await scopesLeft(exchange) : exchange.granted;
  const complete = withNextCall(answer, canWait(), scopes);
  return result(exchange, complete, summaryOf({ name, title }, complete));
}

function failed(
  exchange: Exchange,
  name: string,
  args: JsonValue,
  failure: GatewayFailure,
): ToolResult {
  const seconds = retryAfterSeconds(failure);
  if (seconds !== null) exchange.retryAfterSeconds = seconds;
  const told = { ...failure, ...(seconds === null ? {} : { retry_after_seconds: seconds }) };
  return refusal(exchange, failureShown(name, objectOf(args), told));
}

const refusal = (exchange: Exchange, shown: JsonObject): ToolResult => ({
  ...result(exchange, shown, failureText(shown)),
  isError: true,
});

/**
 * A summary for people, and the data. The same JSON is text as well for every host of which it is
 * not known that its model reads the structure.
 */
function result(exchange: Exchange, output: JsonObject, summary: string): ToolResult {
  const text = [summary, ...(readsStructure(exchange) ? [] : [JSON.stringify(output)])];
  return {
    content: text.map((block) => ({ type: "text" as const, text: block })),
    structuredContent: output,
  };
}

/** What the connection may do now; an account that cannot say so now promises nothing. */
async function scopesLeft(exchange: Exchange): Promise<ReadonlySet<string>> {
  try {
    return await scopesNow(exchange);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return new Set();
  }
}

/** Whether an approval can be waited for in one call. */
function canWait(): boolean {
  const properties = toolNamed("ibkr_approval_status")?.listing().inputSchema.properties;
  return Object.hasOwn(objectOf(properties), "wait_seconds");
}
