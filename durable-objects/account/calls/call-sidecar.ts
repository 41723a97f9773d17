import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  isOperationName,
  OPERATIONS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { agent, auditEvent } from "../audit/events.ts";
import { shareOf } from "../clients/client-share.ts";
import { failureOf, notPaired, sidecarOffline } from "../relay/relay-failure.ts";
import { hasActiveSidecar } from "../relay/tables/sidecars.ts";
import { traceparentOf } from "../relay/traceparent.ts";
import type { ToolCall } from "../rpc/account-types.ts";
import { accountIn } from "./tool-call-fields.ts";
import type { CallAnswer, ToolCallDeps } from "./tool-call-parts.ts";

/** How long after its submission a sidecar may still take a job up. */
const GRANT_SECONDS = 60;

/**
 * What is asked of the PC for its effect and not for its answer. It is written down before it
 * begins, as orders are by their own events; a read is one event, written when it is over.
 */
const ACTS: ReadonlySet<string> = new Set(["session.renew"]);

/** One job for the PC, with the grant it runs under; refused at once where no PC is connected. */
export async function callSidecar(
  call: ToolCall,
  deps: ToolCallDeps,
  inputHash: string,
): Promise<CallAnswer> {
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
