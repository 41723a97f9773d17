import type { AuditEvent, AuditEventType } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { Principal } from "../rpc/account.ts";

/** What an event says beyond what every event says. */
export type EventFacts = Pick<AuditEvent, "type" | "who"> & {
  startedAt: number;
  endedAt: number;
  requestId?: string;
  what?: Partial<AuditEvent["what"]>;
  accountHash?: string | null;
  inputHash?: string | null;
  outputHash?: string | null;
  meta?: Readonly<Record<string, string>>;
};

/** One complete audit event. */
export function auditEvent(facts: EventFacts): AuditEvent {
  return {
    v: 1,
    event_id: ulid(facts.endedAt),
    type: facts.type,
    started_at: new Date(facts.startedAt).toISOString(),
    ended_at: new Date(facts.endedAt).toISOString(),
    who: facts.who,
    what: {
      tool: null,
      operation: null,
      scopes: [],
      decision: "allow",
      result: "none",
      error_code: null,
      ...facts.what,
    },
    account_hash: facts.accountHash ?? null,
    input_hash: facts.inputHash ?? null,
    output_hash: facts.outputHash ?? null,
    request_id: facts.requestId ?? "",
    meta: { ...facts.meta },
  };
}

/** Something the owner did, or that was refused to whoever claimed to be the owner. */
export function ownerEvent(
  type: AuditEventType,
  nowMs: number,
  facts: Pick<EventFacts, "requestId" | "meta"> & {
    sidecarId?: string;
    clientId?: string;
    refused?: boolean;
  } = {},
): AuditEvent {
  return auditEvent({
    type,
    startedAt: nowMs,
    endedAt: nowMs,
    who: {
      kind: "owner",
      subject: null,
      client_id: facts.clientId ?? null,
      sidecar_id: facts.sidecarId ?? null,
    },
    what: { decision: facts.refused === true ? "refuse" : "allow" },
    ...(facts.requestId === undefined ? {} : { requestId: facts.requestId }),
    ...(facts.meta === undefined ? {} : { meta: facts.meta }),
  });
}

export function agent(principal: Principal, sidecarId: string | null): AuditEvent["who"] {
  return {
    kind: "agent",
    subject: principal.accountId,
    client_id: principal.clientId,
    sidecar_id: sidecarId,
  };
}

/** SHA-256 of a value's RFC 8785 form. */
export function contentHash(value: JsonValue): string {
  return sha256Hex(canonicalJson(value));
}
