import * as z from "zod";

const EventType = z.enum([
  "tool.call",
  "tool.refused",
  // What is about to be done at the PC, written before it begins; its outcome has an event of its own.
  "act.begun",
  "log.opened",
  "log.key_changed",
  "log.exported",
  "log.purged",
  // A PC cosigns the log from here on, by the key named; and what it found the log to be.
  "log.witness",
  "log.rolled_back",
  "log.forked",
  "log.another_log",
  "log.settled",
  // Entries that an older state of the object had lost came back from the copy.
  "log.healed",
  // The broker's book against the log and the PC's own book, each night and when the PC comes back.
  "book.unmatched",
  "book.not_reconcilable",
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
  "owner.erased",
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
  // A passkey became an approver at the PC's own terminal, and the PC states it.
  "approver.enrolled",
  "approval.requested",
  "approval.decided",
  "order.submitted",
  "order.refused",
  // What an order would have met, had it been sent; nothing was.
  "order.rehearsed",
  "order.state",
  "order.alert",
  // How an order ended, with the hashes of all that shows how it came about.
  "order.settled",
  "order.amended",
  "mandate.signed",
  "mandate.confirmed",
  "mandate.revoked",
  "kill.engaged",
  "kill.lifted",
  "policy.changed",
]);

const common = {
  type: EventType,
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
  request_id: z.string(),
  /** Small facts that belong to the type (capabilities granted, reason of a disconnect). No secrets. */
  meta: z.record(z.string(), z.string()),
};

/** ULID; unique. */
const EventId = z.string();
/** A salted commitment, lower-case hex; see packages/evidence/event/commitment.ts. */
const Commitment = z.string().nullable();
const committed = { account: Commitment, input: Commitment, output: Commitment };

/**
 * One audit event: who asked, for what, on which account, what was decided and what came of it.
 * Private things (broker account ids, inputs, outputs) never stand in it in clear, and neither does
 * any token, cookie, header or path. What stands for them is a commitment under a random salt, which
 * is kept beside the row and not in it: whoever reads the event cannot try out guesses.
 */
export const AuditEventV2 = z.strictObject({
  v: z.literal(2),
  event_id: EventId,
  ...common,
  ...committed,
});
export type AuditEventV2 = z.infer<typeof AuditEventV2>;

/** As written until November 2026: plain hashes, which anybody can confirm who guesses the value. */
export const AuditEventV1 = z.strictObject({
  v: z.literal(1),
  event_id: EventId,
  ...common,
  input_hash: z.string().nullable(),
  output_hash: z.string().nullable(),
});
export type AuditEventV1 = z.infer<typeof AuditEventV1>;

export const AuditEvent = z.discriminatedUnion("v", [AuditEventV1, AuditEventV2]);
export type AuditEvent = z.infer<typeof AuditEvent>;
export type AuditEventType = AuditEvent["type"];

/**
 * An event as it is shown to others than the owner. One of version 1 comes without its hashes, and
 * without its id: its leaf's hash covers both, and could be used to confirm a guess otherwise.
 */
export const ShownAuditEvent = z.strictObject({
  v: z.int().min(1).max(2),
  event_id: EventId.nullable(),
  ...common,
  ...committed,
});
export type ShownAuditEvent = z.infer<typeof ShownAuditEvent>;

/** Of a policy that everybody knows but for the account in it. */
const PLAIN_POLICY_HASHES = ["policy_hash", "hash", "from_hash"];

/** The event as others than the owner see it; one of version 2 is shown whole, as it was hashed. */
export function shownEvent(event: AuditEvent): ShownAuditEvent {
  if (event.v === 2) return event;
  const { input_hash: _input, output_hash: _output, ...rest } = event;
  const meta = Object.fromEntries(
    Object.entries(event.meta).filter(([name]) => !PLAIN_POLICY_HASHES.includes(name)),
  );
  return { ...rest, event_id: null, account: null, input: null, output: null, meta };
}
