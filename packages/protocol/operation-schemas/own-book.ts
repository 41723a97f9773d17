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

export const OwnBookReport = z.strictObject({
  /** The PC's statement key, base64url. */
  pc_key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
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
});
export type OwnBookReport = z.infer<typeof OwnBookReport>;
