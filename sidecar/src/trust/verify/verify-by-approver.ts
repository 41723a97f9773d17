import type { DatabaseSync } from "node:sqlite";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Approver } from "../tables/approvers.ts";
import { hostedPageFault } from "./hosted-page-fault.ts";
import { type RelyingParty, verifyAssertion } from "./verify-assertion.ts";

export type Verified = { ok: true; counter: number } | { ok: false; refusal: OrderRefusal };

/**
 * Verifies by where the key itself lives: the relying party and the origins that were kept when it
 * was enrolled, and nobody else's. A key of the page that its owner hosts signs nothing while another
 * page than this PC's stands there, by whatever way the signature comes.
 * @param gateway the relying party of the keys of the gateway's own pages
 * @param says the sentence for a signature that does not hold
 */
export async function verifyBy(
  db: DatabaseSync,
  signed: { hash: string; assertion: Assertion },
  key: Approver,
  gateway: RelyingParty,
  says: string,
): Promise<Verified> {
  const exchanged = key.kind === "qr" ? hostedPageFault(db, key.relyingParty?.origins ?? []) : null;
  if (exchanged !== null) return { ok: false, refusal: exchanged };
  const { hash, assertion } = signed;
  const verdict = await verifyAssertion(hash, assertion, key, key.relyingParty ?? gateway);
  if (verdict.ok) return verdict;
  return { ok: false, refusal: refusal(verdict.code, verdict.field, verdict.rule, says) };
}
