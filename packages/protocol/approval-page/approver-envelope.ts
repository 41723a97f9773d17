import * as z from "zod";
import { Mandate } from "../approval/mandate.ts";
import { LiftStatement, PolicyStatement } from "../approval/statement.ts";
import { AcceptedWarning, ClientOrderId, Hash } from "../orders/intent.ts";
import { TradingMode } from "../orders/order-terms.ts";
import { BrokerMessage, Ticket } from "../orders/ticket.ts";
import {
  bodyHolds,
  DOMAINS,
  Ed25519Signature,
  signedSha256,
  type VerifyEd25519,
} from "./signed-body.ts";

/**
 * What waits for its owner, as the PC itself has it, one signed envelope for each act. A page shows
 * what is in the body, and makes the challenge from the body and from what its owner chose; the PC
 * makes the same from its own record. Strict: a page that is older than the PC shows nothing of what
 * it does not know, and says so.
 */
const Time = z.iso.datetime({ precision: 3 });

const common = {
  v: z.literal(1),
  gateway_account_id: z.string().min(1).max(128),
  sidecar_id: z.string().min(1).max(128),
  issued_at: Time,
  /** Until when the answer is taken. */
  not_after: Time,
  /** One sequence for all that this PC signs. */
  pc_seq: z.int().nonnegative(),
};

/** The page shows a field for the number that the PC shows. */
const number_needed = z.boolean();

export const OrderBody = z.strictObject({
  ...common,
  ticket: Ticket,
  generation: z.int().nonnegative(),
  preview_id: z.string().min(1).max(64),
  /** The PC's echo of what the gateway named. */
  policy_version: z.int().positive(),
  policy_hash: Hash,
  /** Of the ticket's warnings those that may be accepted beforehand; the owner chooses among them. */
  accepted_warnings: z.array(AcceptedWarning).max(20),
  mode: TradingMode,
  /** 2 wants symbol and quantity typed, and a pause. */
  tier: z.union([z.literal(1), z.literal(2)]),
  number_needed,
});
export type OrderBody = z.infer<typeof OrderBody>;

export const QuestionBody = z.strictObject({
  ...common,
  intent_hash: Hash,
  coid: ClientOrderId,
  reply_id: z.string().min(1).max(128),
  messages: z.array(BrokerMessage).min(1).max(20),
  /** The order that the broker asks about. */
  ticket: Ticket,
  mode: TradingMode,
  number_needed,
});
export type QuestionBody = z.infer<typeof QuestionBody>;

export const MandateBody = z.strictObject({
  ...common,
  /** Its nonce is a draft's: what is signed has the page's in its place. */
  mandate: Mandate,
  mode: TradingMode,
  number_needed,
});
export type MandateBody = z.infer<typeof MandateBody>;

export const LiftBody = z.strictObject({
  ...common,
  lift: LiftStatement.omit({ nonce: true, not_after: true }),
  number_needed,
});
export type LiftBody = z.infer<typeof LiftBody>;

export const PolicyBody = z.strictObject({
  ...common,
  change: PolicyStatement.omit({ nonce: true, not_after: true }),
  /**
   * What becomes looser, as the gateway says it: the hashes are what is signed, and the page says
   * whose words these are.
   */
  loosened: z.array(z.string().max(200)).max(60),
  number_needed,
});
export type PolicyBody = z.infer<typeof PolicyBody>;

/** The tap that proves that a key which was just enrolled works. */
export const ProbeBody = z.strictObject({
  ...common,
  credential_id: z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/),
});
export type ProbeBody = z.infer<typeof ProbeBody>;

const envelope = <Act extends keyof typeof DOMAINS, Body extends z.ZodType>(act: Act, body: Body) =>
  z.strictObject({ act: z.literal(act), body, signature: Ed25519Signature });

export const Envelope = z.discriminatedUnion("act", [
  envelope("order", OrderBody),
  envelope("question", QuestionBody),
  envelope("mandate", MandateBody),
  envelope("lift_kill_switch", LiftBody),
  envelope("loosen_policy", PolicyBody),
  envelope("probe", ProbeBody),
]);
export type Envelope = z.infer<typeof Envelope>;
export type Act = Envelope["act"];
/** An envelope before it is signed. */
export type Unsigned = { [A in Act]: Omit<Extract<Envelope, { act: A }>, "signature"> }[Act];

/** How messages and receipts name an envelope: `ticket_sha256`. */
export const envelopeSha256 = ({ act, body }: Unsigned): string => signedSha256(DOMAINS[act], body);

/** Whether the PC with this ticket key, base64url, signed the envelope. Never throws. */
export const envelopeHolds = (
  envelope: Envelope,
  pcKey: string,
  verify?: VerifyEd25519,
): Promise<boolean> => bodyHolds(DOMAINS[envelope.act], envelope, pcKey, verify);
