import {
  challengeOf,
  type Statement,
  statementHash,
} from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { newNonce } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { provesOwner, type SignedIn } from "../../access/owner-access.ts";
import { listPasskeys } from "../../access/tables/passkeys.ts";
import type { SignedTerms, StatementCeremony } from "../../rpc/order-views.ts";
import { iso, type OrderParts } from "../order-context.ts";

/** What a passkey signs besides an order, and whether it did. A statement is good for ten minutes. */
const TERMS_MS = 10 * 60_000;

/** Whether a passkey of this account signed the statement, now. */
export async function signed(
  parts: OrderParts,
  owner: SignedIn,
  statement: Statement,
  terms: SignedTerms,
  assertion: PasskeyAssertion,
): Promise<boolean> {
  const until = Date.parse(terms.notAfter);
  if (!(parts.now() < until && until <= parts.now() + TERMS_MS)) return false;
  const proved = await provesOwner(owner, assertion, challengeOf(statementHash(statement)));
  // While the passkey was judged the session may have ended.
  owner.session();
  return proved;
}

export function newTerms(parts: OrderParts): SignedTerms {
  return {
    nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
    notAfter: iso(parts.now() + TERMS_MS),
  };
}

export function ceremonyOf(
  sql: SqlStorage,
  statement: Statement,
  terms: SignedTerms,
): StatementCeremony {
  return {
    challenge: challengeOf(statementHash(statement)),
    credentials: listPasskeys(sql).map(({ credentialId, transports }) => ({
      id: credentialId,
      transports,
    })),
    ...terms,
  };
}
