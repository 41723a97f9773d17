import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { coversScope, isScope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type {
  RefusedCall,
  ToolCall,
  ToolOutcome,
} from "../../durable-objects/account/rpc/account-types.ts";
import { MCP_ANSWER_GRACE_MS } from "../web/limits.ts";
import { log } from "../web/log.ts";
import type { Exchange } from "./exchange.ts";
import { deadlineExceeded, unreachableAccount } from "./failures.ts";
import { objectOf } from "./read-message.ts";

export type AccountAnswer =
  /** `seq` is the number of the call's own event in the log. */
  { ok: true; result: JsonValue; seq: number } | { ok: false; failure: GatewayFailure };

/**
 * The one call that a tool makes to its account's object. The object answers before the deadline;
 * should it not (it restarted, it was moved), the caller still gets an answer and never a hang.
 */
export async function askAccount(
  exchange: Exchange,
  call: Pick<ToolCall, "tool" | "operation" | "input" | "scope" | "deadlineMs">,
): Promise<AccountAnswer> {
  const { agent, requestId, traceparent, signal } = exchange;
  const leave = () => left(exchange);
  signal?.addEventListener("abort", leave, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, call.deadlineMs + MCP_ANSWER_GRACE_MS, "late" as const);
  });
  try {
    const answer: ToolOutcome | "late" = await Promise.race([
      agent().run({
        ...call,
        requestId,
        ...(traceparent === null ? {} : { traceparent }),
        ...rpcIdOf(exchange),
      }),
      late,
    ]);
    if (answer === "late") {
      log("error", "mcp.account_late", { request_id: requestId, tool: call.tool });
      return { ok: false, failure: deadlineExceeded() };
    }
    return answer.ok
      ? { ok: true, result: answer.result, seq: answer.audit_seq }
      : { ok: false, failure: answer.failure };
  } catch (error) {
    logAccountError("mcp.account_failed", exchange, call.tool, error);
    return { ok: false, failure: unreachableAccount(isRetryable(error)) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}

/** The caller hung up (the modern era's cancel): a read that was asked for it alone ends at once. */
function left({ agent, requestId, finish }: Exchange): void {
  const told = agent()
    .leaveCall(requestId)
    // Then the read ends by its deadline.
    .catch(() => undefined);
  finish?.(told);
}

/**
 * The caller took a request back (`notifications/cancelled`, the older era's cancel); the request that
 * it names is still open, perhaps at another Worker.
 */
export async function takeBack(exchange: Exchange): Promise<void> {
  const { params } = exchange.message;
  const id = objectOf(params).requestId;
  if (typeof id !== "string" && typeof id !== "number") return;
  try {
    await exchange.agent().takeBack(JSON.stringify(id));
  } catch (error) {
    logAccountError("mcp.cancel_failed", exchange, "notifications/cancelled", error);
  }
}

function rpcIdOf({ message }: Exchange): { rpcId?: string } {
  const { id } = message;
  return typeof id === "string" || typeof id === "number" ? { rpcId: JSON.stringify(id) } : {};
}

/**
 * Notes a call that was refused before it became an operation. The refusal stands whether or not
 * it can be noted: failing to write about a "no" must not turn it into anything else. `again` where
 * the connection was challenged for the same missing scope a moment ago.
 */
export async function noteRefusal(
  exchange: Exchange,
  refusal: Pick<RefusedCall, "tool" | "decision" | "failure" | "input" | "missing">,
): Promise<{ again: boolean }> {
  const { agent, requestId } = exchange;
  try {
    const { again } = await agent().refuse({ ...refusal, requestId });
    return { again };
  } catch (error) {
    logAccountError("mcp.refusal_not_noted", exchange, refusal.tool, error);
    return { again: false };
  }
}

/**
 * The scopes a client may use at this moment: what the owner gives it, whatever was granted when its
 * token was issued, within what the token says of itself. A client that was thrown out has none.
 */
export async function scopesNow(exchange: Exchange): Promise<ReadonlySet<string>> {
  const { agent, granted, principal } = exchange;
  // A token of another issuer has no grant here to be changed; its calls are still checked.
  if (principal.grantId === null) return granted;
  try {
    const given = (await agent().scopesLeft()) ?? [];
    const { within } = principal;
    return new Set(
      within === undefined
        ? given
        : given.filter((scope) => isScope(scope) && coversScope(within, scope)),
    );
  } catch (error) {
    logAccountError("mcp.account_failed", exchange, "list", error);
    const { message } = unreachableAccount(isRetryable(error));
    throw new ProtocolError(ProtocolErrorCode.InternalError, message);
  }
}

function logAccountError(event: string, exchange: Exchange, tool: string, error: unknown): void {
  log("error", event, {
    request_id: exchange.requestId,
    tool,
    error: error instanceof Error ? error.name : typeof error,
    detail: error instanceof Error ? error.message : "",
  });
}

/** Durable Objects mark failures after which the same call may be made again. */
function isRetryable(error: unknown): boolean {
  return error instanceof Error && "retryable" in error && error.retryable === true;
}
