import type { DatabaseSync } from "node:sqlite";
import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { type Approver, findApprover } from "../tables/approvers.ts";
import { findMandate } from "../tables/mandates.ts";
import type { PcFacts } from "./pc-facts.ts";
import { ownApproverFaults } from "./probation.ts";
import { notEnrolled, revoked, unconfirmed } from "./take-mandate.ts";
import { verifyBy } from "./verify-by-approver.ts";

type Signed =
  | { ok: true; key: Approver; counter: number | null }
  | { ok: false; refusal: OrderRefusal };

export async function signedBy(
  db: DatabaseSync,
  hash: string,
  assertion: ApprovalProof["assertion"],
  own: Pick<PcFacts, "relyingParty" | "simulator">,
): Promise<Signed> {
  const key = findApprover(db, assertion.id, own.simulator);
  if (key === null) return { ok: false, refusal: notEnrolled() };
  const says = "The approval's signature does not hold.";
  const verdict = await verifyBy(db, { hash, assertion }, key, own.relyingParty, says);
  return verdict.ok ? { ok: true, key, counter: verdict.counter } : verdict;
}

/** A mandate was verified when this PC took it; what counts now is how it stands at this PC. */
export function mandateStands(
  db: DatabaseSync,
  mandate: Mandate,
  own: Pick<PcFacts, "simulator">,
): Signed {
  const known = findMandate(db, mandateHash(mandate));
  const no = (fault: OrderRefusal): Signed => ({ ok: false, refusal: fault });
  if (known?.state === "revoked") return no(revoked());
  if (known?.state !== "confirmed") return no(unconfirmed());
  // Its signer must still be an approver, and good for such orders by the rules of now.
  const key = findApprover(db, known.credentialId, own.simulator);
  if (key === null) return no(notEnrolled());
  const [limited] = ownApproverFaults(db, key, mandate.mode);
  return limited === undefined ? { ok: true, key, counter: null } : no(limited);
}
