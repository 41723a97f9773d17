import * as z from "zod";
import { AcceptedWarning, Hash, Nonce } from "../orders/intent.ts";
import { Mandate } from "./mandate.ts";
import { Assertion } from "./webauthn-assertion.ts";

/**
 * What goes down the relay beside a submit. The ticket is not in it: the sidecar has its own, from
 * its own preview, and computes the hash over that. A field the edge changed is a challenge that no
 * longer matches.
 */
const terms = {
  preview_id: z.string().min(1).max(64),
  policy_version: z.int().positive(),
  policy_hash: Hash,
  accepted_warnings: z.array(AcceptedWarning).max(20),
  nonce: Nonce,
  not_after: z.iso.datetime({ precision: 3 }),
};

/** Four digits; a PC of an older version shows two. */
export const ShownNumber = z.int().min(10).max(9_999);

export const PasskeyProof = z.strictObject({
  kind: z.literal("passkey"),
  ...terms,
  tier: z.union([z.literal(1), z.literal(2)]),
  assertion: Assertion,
  /** The number that the PC showed and the owner typed; null when none was. */
  echo: ShownNumber.nullable(),
});
export type PasskeyProof = z.infer<typeof PasskeyProof>;

/** Tier 0: the owner signed the bounds once; the sidecar keeps the mandate and its signature. */
export const MandateProof = z.strictObject({
  kind: z.literal("mandate"),
  ...terms,
  mandate: Mandate,
  assertion: Assertion,
});
export type MandateProof = z.infer<typeof MandateProof>;

export const ApprovalProof = z.discriminatedUnion("kind", [PasskeyProof, MandateProof]);
export type ApprovalProof = z.infer<typeof ApprovalProof>;
