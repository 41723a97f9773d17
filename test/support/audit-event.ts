import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";

/** A complete, valid event; `n` makes it unlike the others. */
export function auditEvent(n: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    v: 1,
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
    input_hash: "0".repeat(64),
    output_hash: "1".repeat(64),
    request_id: `request-${n}`,
    meta: {},
    ...more,
  };
}
