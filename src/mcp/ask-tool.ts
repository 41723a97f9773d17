import { notAllowed } from "@ibkr-edge-gateway/protocol/access-link.ts";
import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { log } from "../web/log.ts";
import { askAccount, noteRefusal } from "./ask-account.ts";
import { holds } from "./catalogue.ts";
import type { PreparedCall, Tool } from "./define-tool.ts";
import type { Exchange } from "./exchange.ts";
import { badCursor } from "./failures.ts";
import { auditableName } from "./read-message.ts";
import { waitForChange } from "./wait-for-change.ts";

export type Shown =
  | { ok: true; output: Record<string, unknown> }
  | { ok: false; failure: GatewayFailure };

/**
 * Asks what a tool asks, for a tool call or for a resource that shows the same. Whatever is refused
 * here is refused before anything is asked, and is noted in the account's audit log; whatever is
 * asked is noted there by the account's object.
 */
export async function askTool(exchange: Exchange, tool: Tool, args: JsonValue): Promise<Shown> {
  // The scope was decided before the protocol handler. A message that reaches this line without it
  // got past that decision, so the line stays.
  if (exchange.refused !== undefined) return { ok: false, failure: exchange.refused };
  if (tool.scope !== null && !holds(exchange.granted, tool.scope)) {
    const failure = notAllowed(tool.scope, exchange.accessLink, exchange.principal);
    return refuse(exchange, tool.name, args, failure, "deny");
  }
  const prepared = tool.prepare(args, exchange.rewritten);
  if (!prepared.ok) return refuse(exchange, tool.name, args, prepared.failure);

  const { call } = prepared;
  const position = await positionOf(exchange, tool, call, args);
  const { wait } = call;
  if (wait !== undefined) {
    return waitForChange(exchange, { scope: tool.scope, ...wait }, () =>
      askOnce(exchange, tool, call, position),
    );
  }
  const looked = await askOnce(exchange, tool, call, position);
  if (!looked.ok || call.page === null) return looked;
  const { nextPosition } = looked;
  const next_cursor =
    nextPosition === null
      ? null
      : await exchange.cursors.mint(scopeOf(exchange, tool, call.page.query), nextPosition);
  return { ok: true, output: { ...looked.output, next_cursor, has_more: next_cursor !== null } };
}

/** Asks once, and checks what came back. */
async function askOnce(
  exchange: Exchange,
  tool: Tool,
  call: PreparedCall,
  position: number | null,
) {
  const answer = await askAccount(exchange, {
    tool: tool.name,
    operation: call.operation,
    input: position === null ? call.input : tool.at(call, position),
    scope: tool.scope,
    deadlineMs: call.deadlineMs,
  });
  if (!answer.ok) return answer;
  const presented = tool.present(call, answer.result, position);
  if (presented.ok) return { ...presented, seq: answer.seq };
  const { detail, failure } = presented;
  log("error", "mcp.answer_refused", { request_id: exchange.requestId, tool: tool.name, detail });
  return { ok: false as const, failure };
}

/** Notes a refusal and gives it back. */
export async function refuse(
  exchange: Exchange,
  tool: string,
  input: JsonValue,
  failure: GatewayFailure,
  decision: "deny" | "refuse" = "refuse",
): Promise<{ ok: false; failure: GatewayFailure }> {
  await noteRefusal(exchange, { tool: auditableName(tool), decision, failure, input });
  return { ok: false, failure };
}

/** Where the cursor stands; null when none was sent. */
async function positionOf(
  exchange: Exchange,
  tool: Tool,
  call: PreparedCall,
  args: JsonValue,
): Promise<number | null> {
  if (call.page === null || call.page.cursor === null) return null;
  const { query, cursor } = call.page;
  const position = await exchange.cursors.read(scopeOf(exchange, tool, query), cursor);
  if (position !== null) return position;
  const { failure } = await refuse(exchange, tool.name, args, badCursor());
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, failure.message);
}

function scopeOf(exchange: Exchange, tool: Tool, query: JsonObject) {
  return { accountId: exchange.principal.accountId, tool: tool.name, query };
}
