import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { isEdgeOrderOperation } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { agent, auditEvent, contentHash } from "../audit/events.ts";
import { narrowInput, narrowResult, notGranted } from "../clients/client-accounts.ts";
import { shareOf } from "../clients/client-share.ts";
import type { ClientStanding, Standing } from "../clients/clients.ts";
import { lacksAccount, withOnlyAccount } from "../clients/only-account.ts";
import { accountOfOrder } from "../orders/transactions/cancel-transaction.ts";
import type { ToolCall, ToolOutcome } from "../rpc/account-types.ts";
import { answeredHere } from "./answered-here.ts";
import { callSidecar } from "./call-sidecar.ts";
import { accountIn, hashIfWellFormed, memberOf, traceOf } from "./tool-call-fields.ts";
import type { CallAnswer, ToolCallDeps } from "./tool-call-parts.ts";

/** Calls that reach the broker's order book; what they need is served with them. */
const WRITES: ReadonlySet<string> = new Set(["trade.submit", "trade.modify", "trade.cancel"]);

/** A cancel, and stopping everything, wait for no budget. */
const UNMETERED: ReadonlySet<string> = new Set(["trade.cancel", "trade.kill"]);

/** One tool call, from standing to audit leaf. Whatever happens, it is answered and noted once. */
export async function runToolCall(call: ToolCall, deps: ToolCallDeps): Promise<ToolOutcome> {
  const startedAt = deps.now();
  const inputHash = hashIfWellFormed(call.input);
  let answer: CallAnswer;
  let scopes = call.principal.scopes;
  try {
    const before = deps.standing(call);
    if (before.ok) scopes = before.standing.scopes;
    answer = inputHash === null ? NOT_WELL_FORMED : await answerOf(call, deps, inputHash, before);
  } catch (error) {
    console.error(
      JSON.stringify({
        level: "error",
        event: "account.run_failed",
        request_id: call.requestId,
        detail: error instanceof Error ? `${error.name}: ${error.message}` : "unknown",
      }),
    );
    answer = {
      ok: false,
      failure: failure(
        "INTERNAL",
        "The gateway failed in an unexpected way. The failure was logged.",
      ),
    };
  }
  const account = accountIn(call.input) ?? (answer.ok ? accountIn(answer.result) : null);
  const audit_seq = deps.audit(
    auditEvent({
      type: "tool.call",
      startedAt,
      endedAt: deps.now(),
      who: agent(call.principal, deps.relay.presence().sidecarId),
      what: {
        tool: call.tool,
        operation: call.operation,
        scopes: [...scopes].sort(),
        decision: answer.ok || answer.denied !== true ? "allow" : "deny",
        result: answer.ok ? "ok" : "error",
        error_code: answer.ok ? null : answer.failure.code,
      },
      account: account === null ? null : { id: account, hash: deps.accountHash(account) },
      inputHash,
      outputHash: answer.ok ? (answer.hash ?? contentHash(answer.result)) : null,
      requestId: call.requestId,
      meta: { ...orderNamed(answer), ...traceOf(call) },
    }),
  );
  return answer.ok
    ? { ok: true, result: answer.result, audit_seq }
    : { ok: false, failure: answer.failure, audit_seq };
}

const NOT_WELL_FORMED: CallAnswer = {
  ok: false,
  failure: failure("INPUT_INVALID", "The arguments hold text that is not well-formed Unicode."),
};

async function answerOf(
  call: ToolCall,
  deps: ToolCallDeps,
  inputHash: string,
  before: ClientStanding,
): Promise<CallAnswer> {
  if (!before.ok) return { ok: false, failure: before.failure, denied: true };
  const busy = UNMETERED.has(call.operation) ? null : deps.budget(call);
  if (busy !== null) return { ok: false, failure: busy, denied: true };
  const known = accountOfCancel(call.operation, call.input, deps);
  const named = known === null ? call.input : { ...call.input, account_id: known };
  const narrowed = narrowInput(call.operation, named, before.standing.accounts);
  if (!narrowed.ok) return { ok: false, failure: narrowed.failure, denied: true };
  if (lacksAccount(call.operation, narrowed.input)) {
    const accounts = await deps.brokerAccounts({
      class: WRITES.has(call.operation) ? "entry" : "agent",
      share: shareOf(call.principal.clientId),
    });
    if (!Array.isArray(accounts)) return { ok: false, failure: accounts };
    const only = withOnlyAccount(narrowed.input, accounts);
    if (!only.ok) return only;
    // What the client may do can have changed meanwhile.
    const now = deps.standing(call);
    if (!now.ok) return { ok: false, failure: now.failure, denied: true };
    const still = narrowInput(call.operation, only.input, now.standing.accounts);
    return still.ok
      ? carryOut({ ...call, input: still.input }, deps, now.standing, inputHash)
      : { ok: false, failure: still.failure, denied: true };
  }
  const { input } = narrowed;
  const hash = input === call.input ? inputHash : contentHash(input);
  return carryOut({ ...call, input }, deps, before.standing, hash);
}

/**
 * A cancel that names no account means the one of our order with that number: it waits for no read
 * of the PC. Null where the order is not known here, or in more than one account.
 */
function accountOfCancel(
  operation: ToolCall["operation"],
  input: JsonObject,
  deps: ToolCallDeps,
): string | null {
  if (operation !== "trade.cancel" || !lacksAccount(operation, input)) return null;
  const mode = TradingMode.safeParse(input.mode);
  const { order_id: orderId } = input;
  if (!mode.success || typeof orderId !== "string") return null;
  return accountOfOrder(deps.sql, { mode: mode.data, orderId });
}

async function carryOut(
  call: ToolCall,
  deps: ToolCallDeps,
  standing: Standing,
  inputHash: string,
): Promise<CallAnswer> {
  const local = answeredHere(call, deps, standing);
  if (local !== null) return local;
  const { operation } = call;
  const answer = isEdgeOrderOperation(operation)
    ? await deps.orders.runTool(
        {
          clientId: call.principal.clientId,
          scopes: standing.scopes,
          requestId: call.requestId,
        },
        { operation, input: call.input },
      )
    : await callSidecar(call, deps, inputHash);
  // The owner may have changed his mind about this client while the sidecar was working.
  const after = deps.standing(call);
  if (!after.ok) return { ok: false, failure: after.failure, denied: true };
  if (!answer.ok) return answer;
  const seen = narrowResult(answer.result, after.standing.accounts);
  if (seen === null) return { ok: false, failure: notGranted(), denied: true };
  return seen.changed ? { ok: true, result: seen.result } : answer;
}

/** Which order a write was about, so that its calls are found by it. */
function orderNamed(answer: CallAnswer): { coid?: string } {
  const order = answer.ok ? memberOf(answer.result, "order") : undefined;
  const coid = order === undefined ? undefined : memberOf(order, "order_ref");
  return typeof coid === "string" && coid.length <= 128 ? { coid } : {};
}
