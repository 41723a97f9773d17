import * as z from "zod";
import { ClientOrderId, Hash } from "../orders/intent.ts";
import {
  bodyHolds,
  DOMAINS,
  Ed25519Signature,
  signedSha256,
  type VerifyEd25519,
} from "./signed-body.ts";

/**
 * What became of a yes, as the PC says and signs it: a statement like all others of the PC's, of the
 * kind `ibkr-approver-receipt/v1`, in their sequence. Silence is visible too: a yes without a receipt
 * may have been used.
 */
export const RECEIPT_KIND = "ibkr-approver-receipt/v1";

export const VERDICTS = ["accepted", "refused", "sent", "unknown", "filled"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Codes of the verdict `accepted`; null while the gateway has not said what it does about the answer. */
export const ACCEPTED_CODES = {
  /** It ends at the PC: a probe, the answer to a question of the broker's. */
  atPc: "at_pc",
  /** The gateway took it up; nothing was sent to the broker yet. */
  gatewayTook: "gateway_took",
} as const;
/** Before a code of the verdict `refused` that is the gateway's. */
export const REFUSED_BY_GATEWAY = "gateway:";

export const ReceiptBody = z.strictObject({
  v: z.literal(1),
  kind: z.literal(RECEIPT_KIND),
  /** Which envelope was answered. */
  ticket_sha256: Hash,
  /** Of what the passkey signed: the intent's hash where it is an order. */
  intent_hash: Hash,
  /** The order's reference; null for what is no order. */
  coid: ClientOrderId.nullable(),
  verdict: z.enum(VERDICTS),
  /** Why it was refused, or how it ended; null where the verdict says all. */
  code: z.string().max(64).nullable(),
  at: z.iso.datetime({ precision: 3 }),
  pc_seq: z.int().nonnegative(),
});
export type ReceiptBody = z.infer<typeof ReceiptBody>;

export const Receipt = z.strictObject({ body: ReceiptBody, signature: Ed25519Signature });
export type Receipt = z.infer<typeof Receipt>;

/** Lower-case hex SHA-256 of what is signed: how a log names it. */
export const receiptSha256 = (body: ReceiptBody): string => signedSha256(DOMAINS.receipt, body);

/** Whether the PC with this ticket key, base64url, signed the receipt. Never throws. */
export const receiptHolds = (
  receipt: Receipt,
  pcKey: string,
  verify?: VerifyEd25519,
): Promise<boolean> => bodyHolds(DOMAINS.receipt, receipt, pcKey, verify);
