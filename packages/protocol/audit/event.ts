import * as z from "zod";

/**
 * One audit event: who asked, for what, on which account, what was decided and what came of it.
 * It holds hashes where the thing itself is private: broker account ids, inputs and outputs never
 * stand in it in clear, and neither does any token, cookie, header or path.
 */
export const AuditEvent = z.strictObject({
  v: z.literal(1),
  /** ULID; unique. */
  event_id: z.string(),
  type: z.enum([
    "tool.call",
    "tool.refused",
    "auth.denied",
    "owner.signed_in",
    "owner.sign_in_refused",
    "owner.signed_out",
    "owner.session_revoked",
    "owner.confirmed",
    "owner.passkey_added",
    "owner.passkey_refused",
    "owner.passkey_removed",
    "owner.setting_changed",
    "owner.recovery_begun",
    "owner.recovery_stopped",
    "owner.foreign_link",
    "client.admitted",
    "client.changed",
    "client.revoked",
    "sidecar.paired",
    "sidecar.chosen",
    "sidecar.pairing_refused",
    "sidecar.connected",
    "sidecar.disconnected",
    "sidecar.key_rotated",
    "sidecar.pairing_undone",
    "sidecar.revoked",
    "broker.session",
    "broker.order",
    "broker.execution",
    "approval.requested",
    "approval.decided",
    "order.submitted",
    "order.refused",
    "order.state",
    "order.alert",
    "mandate.signed",
    "mandate.confirmed",
    "mandate.revoked",
    "kill.engaged",
    "kill.lifted",
    "policy.changed",
  ]),
  /** RFC 3339, UTC, milliseconds: when the call arrived, and when the event was closed. */
  started_at: z.string(),
  ended_at: z.string(),
  who: z.strictObject({
    kind: z.enum(["agent", "owner", "sidecar", "gateway"]),
    /** The OAuth subject, an opaque id. */
    subject: z.string().nullable(),
    client_id: z.string().nullable(),
    sidecar_id: z.string().nullable(),
  }),
  what: z.strictObject({
    tool: z.string().nullable(),
    operation: z.string().nullable(),
    /** Scopes the grant held, sorted. */
    scopes: z.array(z.string()),
    decision: z.enum(["allow", "deny", "refuse"]),
    result: z.enum(["ok", "error", "none"]),
    error_code: z.string().nullable(),
  }),
  /** Keyed hash of the broker account id the call named; null when it named none. */
  account_hash: z.string().nullable(),
  input_hash: z.string().nullable(),
  output_hash: z.string().nullable(),
  request_id: z.string(),
  /** Small facts that belong to the type (capabilities granted, reason of a disconnect). No secrets. */
  meta: z.record(z.string(), z.string()),
});

export type AuditEvent = z.infer<typeof AuditEvent>;
export type AuditEventType = AuditEvent["type"];
