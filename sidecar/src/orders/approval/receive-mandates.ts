import type { Mandate } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import type {
  OperationInput,
  OperationOutput,
} from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type {
  mandateConfirm,
  mandateRevoke,
  mandateTake,
} from "@ibkr-edge-gateway/protocol/operation-schemas/mandates.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { confirmMandate, findMandate, revokeMandate } from "../../trust/tables/mandates.ts";
import {
  revoked,
  signerFaults,
  takeMandate,
  unconfirmed,
} from "../../trust/verify/take-mandate.ts";
import {
  announceMandate,
  announceMandateEnd,
  announceWrongNumber,
} from "../notify/order-notices.ts";
import type { SubmitContext } from "../submit/submit-context.ts";

type Parts = Pick<
  SubmitContext,
  "store" | "rules" | "clock" | "reach" | "echo" | "gatewayAccountId" | "relyingParty" | "simulator"
>;

/** Takes a mandate and shows it; brought again, it shows the same number again while it waits. */
export async function receiveMandate(
  parts: Parts,
  signed: OperationInput<typeof mandateTake>,
): Promise<OperationOutput<typeof mandateTake>> {
  const as_of = isoTime(parts.clock.now());
  const taken = await take(parts, signed);
  if (!taken.ok) return { state: "refused", refusals: taken.refusals, shown: [], as_of };
  const { kept } = taken;
  if (kept.state !== "waiting") return { state: kept.state, refusals: [], shown: [], as_of };
  const shown = await announceMandate(parts.reach, kept);
  return { state: "waiting", refusals: [], shown, as_of };
}

/**
 * An order's first look at its mandate. One that this PC does not know is taken here, so that its
 * number is asked for at its first use whether or not the gateway brought it before.
 */
export async function mandateAtFirstUse(
  parts: Parts,
  signed: { mandate: Mandate; assertion: Assertion },
): Promise<OrderRefusal[]> {
  const taken = await take(parts, signed);
  if (!taken.ok) return taken.refusals;
  if (taken.kept.state === "confirmed") return [];
  if (taken.first) await announceMandate(parts.reach, taken.kept);
  return [unconfirmed()];
}

export function receiveConfirmation(
  parts: Parts,
  { mandate_hash, number }: OperationInput<typeof mandateConfirm>,
): OperationOutput<typeof mandateConfirm> {
  const { db } = parts.store;
  const as_of = isoTime(parts.clock.now());
  const known = findMandate(db, mandate_hash);
  if (known === null) return { state: "unknown", refusals: [], as_of };
  if (known.state === "revoked") return { state: "revoked", refusals: [revoked()], as_of };
  if (known.state === "confirmed") return { state: "confirmed", refusals: [], as_of };
  // A number, right or wrong, is nothing to a mandate whose signer is good for it no more.
  const limited = signerFaults(db, known, parts.simulator);
  if (limited.length > 0) return { state: "waiting", refusals: limited, as_of };
  if (confirmMandate(db, mandate_hash, number, parts.clock.now())) {
    announceMandateEnd(parts.reach, known.mandate, "confirmed");
    return { state: "confirmed", refusals: [], as_of };
  }
  announceWrongNumber(parts.reach, ["The mandate it was for is void."]);
  return { state: "revoked", refusals: [revoked()], as_of };
}

export function receiveRevocation(
  parts: Parts,
  { mandate_hash }: OperationInput<typeof mandateRevoke>,
): OperationOutput<typeof mandateRevoke> {
  const { db } = parts.store;
  const as_of = isoTime(parts.clock.now());
  const known = findMandate(db, mandate_hash);
  if (known === null) return { state: "unknown", refusals: [], as_of };
  if (revokeMandate(db, mandate_hash, parts.clock.now())) {
    announceMandateEnd(parts.reach, known.mandate, "revoked");
  }
  return { state: "revoked", refusals: [], as_of };
}

function take(parts: Parts, signed: { mandate: Mandate; assertion: Assertion }) {
  const caps = parts.rules.caps();
  return takeMandate(parts.store.db, signed, {
    gatewayAccountId: parts.gatewayAccountId,
    relyingParty: parts.relyingParty,
    simulator: parts.simulator,
    mandatesAllowed: caps.ok && caps.caps[signed.mandate.mode].mandates,
    newNumber: parts.echo,
    nowMs: parts.clock.now(),
  });
}
