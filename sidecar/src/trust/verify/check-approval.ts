import type { DatabaseSync } from "node:sqlite";
import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { judgeNumber } from "./approval-number.ts";
import { signedBy } from "./approval-signature.ts";
import { noSuchPreview, ownIntent, usabilityFaults } from "./approval-still-usable.ts";
import type { PcFacts } from "./pc-facts.ts";
import { ownApproverFaults } from "./probation.ts";

/**
 * Judges an approval as `acceptApproval` would, as far as the owner can put it right at the
 * page: signature, standing, number. Nothing is spent, so that a slip of the finger costs no second
 * tap; a wrong number is counted, for this order and over all of them.
 */
export async function checkApproval(
  db: DatabaseSync,
  proof: PasskeyProof,
  own: Pick<
    PcFacts,
    | "gatewayAccountId"
    | "sidecarId"
    | "generation"
    | "preview"
    | "leastTier"
    | "relyingParty"
    | "simulator"
    | "nowMs"
  > & {
    /** What this PC found the order to be at its preview; null when it was not known. */
    effectAtPreview: Effect["kind"] | null;
  },
): Promise<{ holds: boolean; refusals: OrderRefusal[]; triesLeft: number | null }> {
  const { preview } = own;
  if (preview === null) {
    return { holds: false, refusals: [noSuchPreview()], triesLeft: null };
  }
  const signed = await signedBy(
    db,
    intentHash(ownIntent(proof, own, preview)),
    proof.assertion,
    own,
  );
  const faults = [
    ...usabilityFaults(db, proof, own, preview.generation),
    ...(signed.ok ? [] : [signed.refusal]),
  ];
  if (faults.length > 0 || !signed.ok) return { holds: false, refusals: faults, triesLeft: null };
  const number = judgeNumber(db, proof, { ...own, preview }, signed.key, {
    effect: own.effectAtPreview,
    market: preview.ticket.market,
    waits: preview.ticket.waits != null,
    nowMs: own.nowMs,
  });
  if (!number.ok) {
    return { holds: false, refusals: [number.refusal], triesLeft: number.triesLeft };
  }
  const limited = number.unnumbered
    ? []
    : ownApproverFaults(db, signed.key, preview.ticket.order.mode);
  return { holds: limited.length === 0, refusals: limited, triesLeft: number.triesLeft };
}
