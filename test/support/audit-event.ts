import type { NewAuditEvent } from "../../durable-objects/account/audit/events.ts";

/** A complete, valid event; `n` makes it unlike the others. */
export function auditEvent(n: number, more: Partial<NewAuditEvent> = {}): NewAuditEvent {
  return {
    v: 2,
    event_id: `01JD0000000000000000${String(n).padStart(6, "0")}`,
    type: "tool.call",
    started_at: "2026-11-20T10:00:00.000Z",
    ended_at: "2026-11-20T10:00:00.004Z",
    who: { kind: "agent", subject: "owner", client_id: "client", sidecar_id: "sidecar" },
    what: {
      tool: "ibkr_positions_list",
      operation: "positions.list",
      scopes: ["ibkr:positions:read"],
      decision: "allow",
      result: "ok",
      error_code: null,
    },
    account_hash: null,
    request_id: `request-${n}`,
    meta: {},
    hidden: { account: null, input: "0".repeat(64), output: "1".repeat(64) },
    ...more,
  };
}
