import type {
  MandateProof,
  PasskeyProof,
} from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { PcFacts } from "./pc-facts.ts";
import { notAllowed } from "./take-mandate.ts";

/** The strength that this PC's own numbers ask for. */
export function tierFaults(
  proof: Pick<PasskeyProof, "kind" | "tier"> | Pick<MandateProof, "kind">,
  own: Pick<PcFacts, "leastTier" | "mandatesAllowed">,
): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const tier: Tier = proof.kind === "mandate" ? 0 : proof.tier;
  const coveredByMandate = proof.kind === "mandate" && own.mandatesAllowed;
  if (proof.kind === "mandate" && !own.mandatesAllowed) faults.push(notAllowed());
  if (tier < own.leastTier && !coveredByMandate) {
    faults.push(
      refusal(
        "APPROVAL_TIER_TOO_LOW",
        "tier",
        "tier_from_numbers",
        `By the numbers of now this PC asks for an approval of tier ${own.leastTier}, and the owner gave one of tier ${tier}.`,
      ),
    );
  }
  return faults;
}
