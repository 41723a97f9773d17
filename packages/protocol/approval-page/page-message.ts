import * as z from "zod";
import { Assertion } from "../approval/webauthn-assertion.ts";
import { AcceptedWarning, Hash, Nonce } from "../orders/intent.ts";
import { EnrolmentMessage } from "./enrolment.ts";

/**
 * What a page sends to the PC, through the edge or over loopback. The edge can read all of it and
 * change none of it: an approval holds by the passkey over the PC's own record, an enrolment by a MAC
 * under a secret that only the PC's screen showed.
 */

/** A yes. */
export const ApprovalMessage = z.strictObject({
  v: z.literal(1),
  kind: z.literal("approval"),
  /** Which envelope, by the hash of what the PC signed. */
  ticket_sha256: Hash,
  /** The page's own; taken once. */
  nonce: Nonce,
  /** What the owner accepts of an order's warnings; empty for everything else. */
  accepted_warnings: z.array(AcceptedWarning).max(20),
  assertion: Assertion,
  /** The number that the PC shows, where the envelope asks for it. */
  number: z.int().min(1_000).max(9_999).exactOptional(),
});
export type ApprovalMessage = z.infer<typeof ApprovalMessage>;

/** A no, which takes no passkey: saying no needs nobody. */
export const DenialMessage = z.strictObject({
  v: z.literal(1),
  kind: z.literal("denial"),
  ticket_sha256: Hash,
});
export type DenialMessage = z.infer<typeof DenialMessage>;

export const PageMessage = z.discriminatedUnion("kind", [
  ApprovalMessage,
  DenialMessage,
  EnrolmentMessage,
]);
export type PageMessage = z.infer<typeof PageMessage>;
