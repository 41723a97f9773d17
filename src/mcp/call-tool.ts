import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { log } from "../log.ts";
import type { GatewayFailure } from "../protocol/errors.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { askAccount, noteRefusal } from "./ask-account.ts";
import { holds, isForbiddenName, toolNamed } from "./catalogue.ts";
import type { PreparedCall, Tool } from "./define-tool.ts";
import type { Exchange } from "./exchange.ts";
import { badCursor, forbiddenName, missingScope, unknownTool } from "./failures.ts";
import { auditableName } from "./messages.ts";

export interface ToolResult {
  [key: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent: Record<string, unknown>;
  isError?: true;
}

/**
 * One `tools/call`. Whatever is refused here is refused before anything is asked, and is noted in
 * the account's audit log; whatever is asked is noted there by the account's object.
 */
export async function callTool(
  exchange: Exchange,
  name: string,
  args: JsonValue,
): Promise<ToolResult> {
  const tool = toolNamed(name);
  if (tool === undefined) {
    if (isForbiddenName(name)) return failed(await refuse(exchange, name, args, forbiddenName()));
    const { message } = await refuse(exchange, name, args, unknownTool());
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
  }
  // The scope was decided before the protocol handler. A message that reaches this line without it
  // got past that decision, so the line stays.
  if (!holds(exchange.granted, tool.scope)) {
    return failed(await refuse(exchange, name, args, missingScope([tool.scope]), "deny"));
  }
  const prepared = tool.prepare(args);
  if (!prepared.ok) return failed(await refuse(exchange, name, args, prepared.failure));

  const { call } = prepared;
  const input = await inputAtCursor(exchange, tool, call, args);
  const { operation, deadlineMs } = call;
  const { scope } = tool;
  const answer = await askAccount(exchange, { tool: name, operation, input, scope, deadlineMs });
  if (!answer.ok) return failed(answer.failure);

  const presented = tool.present(call, answer.result);
  if (!presented.ok) {
    const { detail } = presented;
    log("error", "mcp.answer_refused", { request_id: exchange.requestId, tool: name, detail });
    return failed(presented.failure);
  }
  if (call.page === null) return succeeded(presented.output);
  const { nextPosition } = presented;
  const next_cursor =
    nextPosition === null
      ? null
      : await exchange.cursors.mint(scopeOf(exchange, tool, call.page.query), nextPosition);
  return succeeded({ ...presented.output, next_cursor });
}

/** The operation's input, moved to where the cursor stands when one was sent. */
async function inputAtCursor(
  exchange: Exchange,
  tool: Tool,
  call: PreparedCall,
  args: JsonValue,
): Promise<JsonObject> {
  if (call.page === null || call.page.cursor === null) return call.input;
  const { query, cursor } = call.page;
  const position = await exchange.cursors.read(scopeOf(exchange, tool, query), cursor);
  if (position !== null) return tool.at(call, position);
  const { message } = await refuse(exchange, tool.name, args, badCursor());
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}

function scopeOf(exchange: Exchange, tool: Tool, query: JsonObject) {
  return { accountId: exchange.principal.accountId, tool: tool.name, query };
}

/** Notes the refusal and gives it back. */
async function refuse(
  exchange: Exchange,
  tool: string,
  input: JsonValue,
  failure: GatewayFailure,
  decision: "deny" | "refuse" = "refuse",
): Promise<GatewayFailure> {
  await noteRefusal(exchange, { tool: auditableName(tool), decision, failure, input });
  return failure;
}

/** The same JSON twice: some clients show only one of the two. */
function succeeded(output: Record<string, unknown>): ToolResult {
  return {
    content: [{ type: "text", text: JSON.stringify(output) }],
    structuredContent: output,
  };
}

function failed(failure: GatewayFailure): ToolResult {
  return { ...succeeded({ ...failure }), isError: true };
}
