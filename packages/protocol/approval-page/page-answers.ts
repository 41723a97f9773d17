import * as z from "zod";
import type { Envelope } from "./approver-envelope.ts";
import { APPROVER_LIMITS } from "./approver-limits.ts";
import { Receipt } from "./approver-receipt.ts";

/**
 * What a page is answered at the three addresses, by the edge or by the PC itself over loopback. Only
 * what is signed in it is believed; the rest are words on the way.
 */
export const APPROVER_PATHS = {
  pending: "/approver/v1/pending",
  approvals: "/approver/v1/approvals",
  receipts: "/approver/v1/receipts",
} as const;

/** In the list of what waits: something that an older version of the PC asked, and has to be asked again. */
export const OlderPending = z.strictObject({ older: z.literal(true) });

/** `GET …/pending`: one that this page cannot read is left out by it, and said to be there. */
export const PendingAnswer = z.strictObject({
  v: z.literal(1),
  envelopes: z.array(z.unknown()).max(APPROVER_LIMITS.pendingMax),
});
export interface PendingAnswer {
  v: 1;
  envelopes: (Envelope | z.infer<typeof OlderPending>)[];
}

/** `GET …/receipts`, the newest first. */
export const ReceiptsAnswer = z.strictObject({
  v: z.literal(1),
  receipts: z.array(Receipt).max(APPROVER_LIMITS.receiptsMax),
});
export type ReceiptsAnswer = z.infer<typeof ReceiptsAnswer>;

/** `POST …/approvals`, status 200 whether it was taken or not. */
export const SubmittedAnswer = z.strictObject({
  v: z.literal(1),
  accepted: z.boolean(),
  /** Null for what was not judged: a no, an enrolment, an envelope that is gone. */
  receipt: Receipt.nullable(),
  refusals: z
    .array(z.strictObject({ code: z.string().max(64), message: z.string().max(500) }))
    .max(20),
});
export type SubmittedAnswer = z.infer<typeof SubmittedAnswer>;

/** Any other status. */
export const ErrorAnswer = z.object({
  error: z.string().max(64),
  message: z.string().max(500),
});
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;
