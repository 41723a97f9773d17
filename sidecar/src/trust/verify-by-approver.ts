import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/assertion.ts";
import type { Approver } from "./tables/approvers.ts";
import { type AssertionVerdict, type RelyingParty, verifyAssertion } from "./verify-assertion.ts";

/**
 * Verifies by where the key itself lives: the relying party and the origins that were kept when it
 * was enrolled, and nobody else's. `gateway` is that of the keys of the gateway's own pages.
 */
export const verifyBy = (
  hash: string,
  assertion: Assertion,
  key: Approver,
  gateway: RelyingParty,
): Promise<AssertionVerdict> => verifyAssertion(hash, assertion, key, key.relyingParty ?? gateway);
