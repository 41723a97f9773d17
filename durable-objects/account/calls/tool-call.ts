import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { auditTail } from "@ibkr-edge-gateway/protocol/operations/edge-operations.ts";
import { isEdgeOrderOperation } from "@ibkr-edge-gateway/protocol/operations/edge-order-operations.ts";
import { isOperationName, OPERATIONS } from "@ibkr-edge-gateway/protocol/operations/registry.ts";
import { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { type JobService, serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { agent, auditEvent, contentHash, type NewAuditEvent } from "../audit/events.ts";
import { shownTail } from "../audit/find.ts";
import { accessOf } from "../clients/access-request.ts";
import { narrowInput, narrowResult, notGranted } from "../clients/client-accounts.ts";
import type { ClientStanding, Standing } from "../clients/clients.ts";
import { lacksAccount, withOnlyAccount } from "../clients/only-account.ts";
import { shareOf } from "../clients/share.ts";
import type { OrderService } from "../orders/order-service.ts";
import { accountOfOrder } from "../orders/transactions/cancel-transaction.ts";
import { backendStatus, offlineBrokerSession } from "../relay/backend-status.ts";
import { failureOf, notPaired, sidecarOffline } from "../relay/relay-failure.ts";
import type { RelayHost } from "../relay/relay-host-interface.ts";
import { hasActiveSidecar } from "../relay/tables/sidecars.ts";
import { traceparentOf } from "../relay/traceparent.ts";
import type { BrokerAccount, ToolCall, ToolOutcome } from "../rpc/account-types.ts";
import { exported, orderEvidence } from "./evidence-answers.ts";
import { accountIn, asJson, hashIfWellFormed, memberOf, traceOf } from "./tool-call-fields.ts";

/** How long after its submission a sidecar may still take a job up. */
const GRANT_SECONDS = 60;

/** Calls that reach the broker's order book; what they need is served with them. */
const WRITES: ReadonlySet<string> = new Set(["trade.submit", "trade.modify", "trade.cancel"]);

/** A cancel, and stopping everything, wait for no budget. */
const UNMETERED: ReadonlySet<string> = new Set(["trade.cancel", "trade.kill"]);

/**
 * What is asked of the PC for its effect and not for its answer. It is written down before it
 * begins, as orders are by their own events; a read is one event, written when it is over.
 */
const ACTS: ReadonlySet<string> = new Set(["session.renew"]);

export interface ToolCallDeps {
  readonly sql: SqlStorage;
  readonly relay: RelayHost;
  readonly orders: Pick<OrderService, "runTool">;
  /** What this client may do, or why it may not act. Asked again after every wait. */
  readonly standing: (call: ToolCall) => ClientStanding;
  /** The login's accounts; asked only where an order does not say which it means. */
  readonly brokerAccounts: (service: JobService) => Promise<BrokerAccount[] | GatewayFailure>;
  /** Takes the call from the budgets; why it has to wait, or null. */
  readonly budget: (call: ToolCall) => GatewayFailure | null;
  /** Appends to the audit log in this turn; the event's number. */
  readonly audit: (event: NewAuditEvent) => number;
  /** Where the owner gives this client more. */
  readonly link: (call: ToolCall) => string;
  /** The keyed hash under which a broker account stands in the audit log. */
  readonly accountHash: (account: string) => string;
  readonly now: () => number;
  /** Aborted when the caller went away. */
  readonly gone: AbortSignal;
}

type Answer =
  | { ok: true; result: JsonValue; hash?: string }
  | { ok: false; failure: GatewayFailure; denied?: boolean };

/** One tool call, from standing to audit leaf. Whatever happens, it is answered and noted once. */
export async function runToolCall(call: ToolCall, deps: ToolCallDeps): Promise<ToolOutcome> {
  const startedAt = deps.now();
  const inputHash = hashIfWellFormed(call.input);
  let answer: Answer;
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

const NOT_WELL_FORMED: Answer = {
  ok: false,
  failure: failure("INPUT_INVALID", "The arguments hold text that is not well-formed Unicode."),
};

async function answerOf(
  call: ToolCall,
  deps: ToolCallDeps,
  inputHash: string,
  before: ClientStanding,
): Promise<Answer> {
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
): Promise<Answer> {
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
    : await askSidecar(call, deps, inputHash);
  // The owner may have changed his mind about this client while the sidecar was working.
  const after = deps.standing(call);
  if (!after.ok) return { ok: false, failure: after.failure, denied: true };
  if (!answer.ok) return answer;
  const seen = narrowResult(answer.result, after.standing.accounts);
  if (seen === null) return { ok: false, failure: notGranted(), denied: true };
  return seen.changed ? { ok: true, result: seen.result } : answer;
}

/** What the object knows by itself. */
function answeredHere(call: ToolCall, deps: ToolCallDeps, standing: Standing): Answer | null {
  switch (call.operation) {
    case "access.request":
      return {
        ok: true,
        result: asJson(accessOf(call.principal, standing, deps.link(call), deps.now())),
      };
    case "gateway.health": {
      const { state } = backendStatus(deps.sql, deps.relay).sidecar;
      return {
        ok: true,
        result: { gateway: "ok", sidecar: state, checked_at: new Date(deps.now()).toISOString() },
      };
    }
    case "backend.status":
      return { ok: true, result: asJson(backendStatus(deps.sql, deps.relay)) };
    case "audit.tail": {
      const query = auditTail.input.safeParse(call.input);
      if (!query.success) {
        return { ok: false, failure: failure("INPUT_INVALID", "The page asked for is not valid.") };
      }
      return { ok: true, result: asJson(shownTail(deps.sql, query.data)) };
    }
    case "audit.export":
      return exported(call, deps.sql);
    case "order.evidence":
      return orderEvidence(call, { sql: deps.sql, origin: deps.relay.origin }, standing.accounts);
    case "session.status": {
      if (deps.relay.presence().online) return null;
      const offline = offlineBrokerSession(deps.sql);
      return offline === null ? null : { ok: true, result: asJson(offline) };
    }
    default:
      return null;
  }
}

async function askSidecar(call: ToolCall, deps: ToolCallDeps, inputHash: string): Promise<Answer> {
  if (!isOperationName(call.operation) || call.scope === null) {
    return { ok: false, failure: failure("INTERNAL", "The gateway does not know this operation.") };
  }
  const operation = OPERATIONS[call.operation];
  if (!deps.relay.presence().online) {
    return {
      ok: false,
      failure: hasActiveSidecar(deps.sql) ? sidecarOffline() : notPaired(deps.relay.origin),
    };
  }
  const account = accountIn(call.input);
  const now = deps.now();
  const jobId = ulid(now);
  // In the turn that hands the job to the relay: both are kept, or neither.
  if (ACTS.has(call.operation)) noteBegun(call, deps, jobId, inputHash);
  // A read that nobody waits for any more ends; a write goes on to its end, which is asked for later.
  const leave = () => void deps.relay.cancel(jobId, "the caller went away");
  if (operation.class === "read") deps.gone.addEventListener("abort", leave, { once: true });
  const settlement = await deps.relay.submit({
    class: operation.class,
    traceparent: traceparentOf(call.requestId, call.traceparent),
    submit: {
      job_id: jobId,
      operation: operation.name,
      input: call.input,
      input_sha256: inputHash,
      grant: {
        capability: operation.capability,
        ...(account === null ? {} : { broker_account: account }),
        scope: call.scope,
        expires_at: new Date(now + GRANT_SECONDS * 1000).toISOString(),
      },
      deadline_ms: call.deadlineMs,
      service: { class: serviceOf(operation.name), share: shareOf(call.principal.clientId) },
    },
  });
  deps.gone.removeEventListener("abort", leave);
  return settlement.ok
    ? { ok: true, result: settlement.result, hash: settlement.resultSha256 }
    : { ok: false, failure: failureOf(settlement, deps.relay.origin) };
}

function noteBegun(call: ToolCall, deps: ToolCallDeps, jobId: string, inputHash: string): void {
  const at = deps.now();
  deps.audit(
    auditEvent({
      type: "act.begun",
      startedAt: at,
      endedAt: at,
      who: agent(call.principal, deps.relay.presence().sidecarId),
      what: { tool: call.tool, operation: call.operation },
      inputHash,
      requestId: call.requestId,
      meta: { job_id: jobId },
    }),
  );
}

/** Which order a write was about, so that its calls are found by it. */
function orderNamed(answer: Answer): { coid?: string } {
  const order = answer.ok ? memberOf(answer.result, "order") : undefined;
  const coid = order === undefined ? undefined : memberOf(order, "order_ref");
  return typeof coid === "string" && coid.length <= 128 ? { coid } : {};
}
