import * as z from "zod";
import { OrderRef } from "./order-parts.ts";

/**
 * The PC's own book of what it sent to the broker, and what is left over when it is held against the
 * broker's, in both directions. Told with every reading of the book; a PC of an older version has none.
 */
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Id = z.string().max(80);

/** A statement as the PC signed it; its body is what packages/evidence says. */
export const PcStatement = z.strictObject({
  body: z.looseObject({
    v: z.literal(1),
    kind: z.enum(["sent", "result"]),
    coid: OrderRef,
    pc_seq: z.int().positive(),
  }),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type PcStatement = z.infer<typeof PcStatement>;

const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
const Base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);
/** A PC's statement key, Ed25519, base64url. */
export const PcKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/**
 * The PC's word that a passkey became an approver at its own page: which key, where it lives, since
 * when. The gateway was not there, and has it from here alone.
 */
export const ApproverStatement = z.strictObject({
  body: z.strictObject({
    v: z.literal(1),
    kind: z.literal("approver"),
    credential_id: Base64Url.max(2_000),
    cose_key: Base64Url.max(4_000),
    rp_id: z.string().max(253),
    origins: z.array(z.string().max(300)).min(1).max(20),
    label_sha256: Hash.nullable(),
    enrolled_at: z.iso.datetime(),
    enrolled_via: z.string().max(40),
  }),
  signature: Signature,
});
export type ApproverStatement = z.infer<typeof ApproverStatement>;

/** What the PC has stated of one order so far. */
export const StatedOrder = z.strictObject({
  pc_key: PcKey,
  statements: z.array(PcStatement).max(2),
});
export type StatedOrder = z.infer<typeof StatedOrder>;

export const OwnBookReport = z.strictObject({
  /** The PC's statement key, base64url. */
  pc_key: PcKey,
  /** When the book began; null while nothing was sent. */
  since: z.iso.datetime().nullable(),
  last_seq: z.int().nonnegative(),
  /** The hash over all statements; null in an empty book. */
  chain: Hash.nullable(),
  /** The first statement that does not belong where it stands. */
  broken_at: z.int().nullable(),
  /** The newest ones about the account's orders, oldest first. */
  statements: z.array(PcStatement).max(100),
  /** References that were sent in the broker's window. */
  sent: z.array(OrderRef).max(1_000),
  unmatched: z
    .array(
      z.strictObject({
        what: z.enum(["order", "execution", "sent"]),
        id: Id,
        order_ref: Id,
        why: z.enum(["unknown_here", "not_stated", "not_at_broker"]),
      }),
    )
    .max(200),
  /** Sent, ended, and not shown by the broker any more. */
  gone: z.array(OrderRef).max(200),
  /** Executions in the window that bear a reference of the gateway. */
  executions: z.array(z.strictObject({ execution_id: Id, order_ref: Id })).max(1_000),
  /** Of the passkeys that became approvers at the PC, those that it has since removed included. */
  approvers: z.array(ApproverStatement).max(50).optional(),
});
export type OwnBookReport = z.infer<typeof OwnBookReport>;
