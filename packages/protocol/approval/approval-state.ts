import * as z from "zod";

/**
 * An approval is one use of one ticket. `reserved` means that a submit holds it and its outcome is
 * not proved yet; it stays there however long that takes, so that no second submit can have it.
 */
export const APPROVAL_STATES = [
  "pending",
  "approved",
  "reserved",
  "consumed",
  "denied",
  "expired",
  "revoked",
] as const;
export const ApprovalState = z.enum(APPROVAL_STATES);
export type ApprovalState = z.infer<typeof ApprovalState>;

export type ApprovalEvent =
  | "approve"
  | "deny"
  | "expire"
  | "revoke"
  | "reserve"
  /** The outcome of what it was used for is proved, whatever that outcome is. */
  | "settle"
  /** Proved that the sidecar never received the job: the only way back from reserved. */
  | "never_delivered";

const NEXT: Record<ApprovalState, Partial<Record<ApprovalEvent, ApprovalState>>> = {
  pending: { approve: "approved", deny: "denied", expire: "expired", revoke: "revoked" },
  approved: { reserve: "reserved", deny: "denied", expire: "expired", revoke: "revoked" },
  reserved: { settle: "consumed", never_delivered: "approved" },
  consumed: {},
  denied: {},
  expired: {},
  revoked: {},
};

/** The state after an event; null when the event is not for this state. */
export function approvalAfter(state: ApprovalState, event: ApprovalEvent): ApprovalState | null {
  return NEXT[state][event] ?? null;
}

/** How long an owner may take, in seconds; asked for between the bounds, clamped to them. */
export const APPROVAL_TTL_SECONDS = { least: 60, usual: 300, most: 3_600 } as const;

/**
 * How long an approval waits for its owner, in whole seconds, clamped to {@link
 * APPROVAL_TTL_SECONDS}; the usual time where nothing, or no number, was asked for.
 */
export function approvalTtlSeconds(asked: number | null): number {
  const { least, usual, most } = APPROVAL_TTL_SECONDS;
  if (asked === null || !Number.isFinite(asked)) return usual;
  return Math.min(most, Math.max(least, Math.trunc(asked)));
}
