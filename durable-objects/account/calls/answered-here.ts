import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { auditTail } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import { shownTail } from "../audit/find-events.ts";
import { accessOf } from "../clients/access-request.ts";
import type { Standing } from "../clients/clients.ts";
import { backendStatus, offlineBrokerSession } from "../relay/backend-status.ts";
import type { ToolCall } from "../rpc/account-types.ts";
import { exported, orderEvidence } from "./evidence-answers.ts";
import { asJson } from "./tool-call-fields.ts";
import type { CallAnswer, ToolCallDeps } from "./tool-call-parts.ts";

/** What the object knows by itself; null where only the PC or the order side can answer. */
export function answeredHere(
  call: ToolCall,
  deps: ToolCallDeps,
  standing: Standing,
): CallAnswer | null {
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
