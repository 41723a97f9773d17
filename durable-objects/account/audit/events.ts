import type { AuditEventType, AuditEventV2 } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { canonicalJson, sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { Principal } from "../rpc/account-types.ts";

/**
 * The private values of an event. The log keeps commitments to them, and beside its row the salts;
 * the values themselves stay where they are.
 */
export interface HiddenValues {
  /** The broker account that the event is about. */
  readonly account: string | null;
  /** Lower-case hex SHA-256 of the RFC 8785 forms of what was asked and answered. */
  readonly input: string | null;
  readonly output: string | null;
}

/** An event on its way into the log. */
export type NewAuditEvent = Omit<AuditEventV2, keyof HiddenValues> & {
  readonly hidden: HiddenValues;
};

/** What an event says beyond what every event says. */
export type EventFacts = Pick<AuditEventV2, "type" | "who"> & {
  startedAt: number;
  endedAt: number;
  requestId?: string;
  what?: Partial<AuditEventV2["what"]>;
  /** The broker account in clear, with its keyed hash. */
  account?: { readonly id: string; readonly hash: string } | null;
  inputHash?: string | null;
  outputHash?: string | null;
  meta?: Readonly<Record<string, string>>;
};

/** One complete audit event. */
export function auditEvent(facts: EventFacts): NewAuditEvent {
  const { account = null, inputHash = null, outputHash = null } = facts;
  return {
    v: 2,
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
    account_hash: account?.hash ?? null,
    request_id: facts.requestId ?? "",
    meta: { ...facts.meta },
    hidden: { account: account?.id ?? null, input: inputHash, output: outputHash },
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
): NewAuditEvent {
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

/** Something about the log itself, or that a PC says of it. */
export function logEvent(
  type: Extract<AuditEventType, `log.${string}` | `book.${string}`>,
  nowMs: number,
  { sidecarId = null, meta }: { sidecarId?: string | null; meta: Record<string, string> },
): NewAuditEvent {
  const kind = sidecarId === null ? "gateway" : "sidecar";
  const who = { kind, subject: null, client_id: null, sidecar_id: sidecarId } as const;
  return auditEvent({ type, startedAt: nowMs, endedAt: nowMs, who, meta });
}

export function agent(principal: Principal, sidecarId: string | null): AuditEventV2["who"] {
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
