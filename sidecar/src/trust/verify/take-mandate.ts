import type { DatabaseSync } from "node:sqlite";
import { type Mandate, mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { findApprover, TERMINAL_EDGE } from "../tables/approvers.ts";
import {
  confirmMandate,
  findMandate,
  giveNumber,
  type KeptMandate,
  storeMandate,
  wrongNumbersSince,
} from "../tables/mandates.ts";
import { isNonceUsed } from "../tables/nonces.ts";
import { noteCounter } from "./counters.ts";
import { ownApproverFaults } from "./probation.ts";
import type { RelyingParty } from "./verify-assertion.ts";
import { verifyBy } from "./verify-by-approver.ts";

/**
 * The first meeting with a mandate: the signature is verified against the passkeys enrolled here,
 * once, and the mandate is kept with a number that waits to be brought back. Its signature's
 * counter says nothing later, which is why it is verified now and not at each order.
 */
export interface MandateView {
  gatewayAccountId: string;
  relyingParty: RelyingParty;
  /** The broker behind this PC is the proved simulator. */
  simulator: boolean;
  mandatesAllowed: boolean;
  newNumber: () => number;
  nowMs: number;
  /** It came as the answer of the page on which this PC asked for it. */
  answeredOnPage?: boolean;
}

export type Taken =
  | { ok: true; kept: KeptMandate; first: boolean }
  | { ok: false; refusals: OrderRefusal[] };

/** After so many wrong numbers within so long no mandate is taken up: somebody is guessing. */
const WRONG_NUMBERS = 3;
const WRONG_WITHIN_MS = 7 * 24 * 60 * 60_000;

export async function takeMandate(
  db: DatabaseSync,
  signed: { mandate: Mandate; assertion: Assertion },
  own: MandateView,
): Promise<Taken> {
  const { mandate, assertion } = signed;
  const hash = mandateHash(mandate);
  const faults = boundsFaults(mandate, own);
  if (faults.length > 0) return { ok: false, refusals: faults };
  const known = findMandate(db, hash);
  if (known !== null) return asKnown(db, known, own);
  // Its yes was refused on its owner's page, and this PC signed that.
  if (isNonceUsed(db, mandate.nonce)) return no(spent());
  if (wrongNumbersSince(db, own.nowMs - WRONG_WITHIN_MS) >= WRONG_NUMBERS) return no(guessed());

  const key = findApprover(db, assertion.id, own.simulator);
  if (key === null) return { ok: false, refusals: [notEnrolled()] };
  // By another way it could be taken up after the page said that it was refused, or that its time is over.
  if (key.kind !== TERMINAL_EDGE && own.answeredOnPage !== true) return no(notOnPage());
  const limited = ownApproverFaults(db, key, mandate.mode);
  if (limited.length > 0) return no(...limited);
  const says = "The mandate's signature does not hold.";
  const verdict = await verifyBy(db, { hash, assertion }, key, own.relyingParty, says);
  if (!verdict.ok) return no(verdict.refusal);
  // The same signature may have come twice at once: whoever is second finds it kept.
  const meanwhile = findMandate(db, hash);
  if (meanwhile !== null) return asKnown(db, meanwhile, own);
  if (noteCounter(db, key.credentialId, verdict.counter, own.nowMs) === "seen") {
    return no(
      refusal(
        "APPROVAL_COUNTER_REGRESSED",
        "counter",
        "counter_unseen",
        "The passkey's counter was seen before; sign the mandate again.",
      ),
    );
  }
  const number = own.newNumber();
  storeMandate(db, { hash, mandate, credentialId: key.credentialId, number }, own.nowMs);
  // What its owner signed on a page that the gateway does not serve needs no number.
  if (key.kind !== TERMINAL_EDGE) confirmMandate(db, hash, number, own.nowMs);
  const kept = findMandate(db, hash);
  return kept === null ? no(revoked()) : { ok: true, kept, first: true };
}

/** What this PC has against it whoever signed it. */
function boundsFaults(mandate: Mandate, own: MandateView): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  if (mandate.gateway_account_id !== own.gatewayAccountId) {
    faults.push(
      refusal(
        "MANDATE_NOT_COVERING",
        "gateway_account_id",
        "own_gateway_account",
        "The mandate is another owner's.",
      ),
    );
  }
  if (!(own.nowMs < Date.parse(mandate.not_after))) {
    faults.push(refusal("MANDATE_NOT_COVERING", "not_after", "in_force", "The mandate has ended."));
  }
  if (!own.mandatesAllowed) faults.push(notAllowed());
  return faults;
}

function asKnown(db: DatabaseSync, known: KeptMandate, own: MandateView): Taken {
  if (known.state === "revoked") return no(revoked());
  // What stands against its signer now counts, not what stood when it was signed.
  const limited = signerFaults(db, known, own.simulator);
  if (limited.length > 0) return no(...limited);
  if (known.number === null) giveNumber(db, known.hash, own.newNumber());
  return { ok: true, kept: findMandate(db, known.hash) ?? known, first: known.number === null };
}

/** What stands against the one who signed a kept mandate, by the approvers that there are now. */
export function signerFaults(
  db: DatabaseSync,
  { credentialId, mandate }: Pick<KeptMandate, "credentialId" | "mandate">,
  simulator: boolean,
): OrderRefusal[] {
  const key = findApprover(db, credentialId, simulator);
  return key === null ? [notEnrolled()] : ownApproverFaults(db, key, mandate.mode);
}

const no = (...refusals: OrderRefusal[]): Taken => ({ ok: false, refusals });

export const revoked = (): OrderRefusal =>
  refusal("MANDATE_NOT_COVERING", "mandate", "not_revoked", "The mandate was revoked at this PC.");

export const unconfirmed = (): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "mandate",
    "confirmed_at_pc",
    "The mandate waits for the number that the PC shows for it.",
  );

const spent = (): OrderRefusal =>
  refusal(
    "APPROVAL_CONSUMED",
    "nonce",
    "one_use",
    "This answer was refused before; sign the mandate again.",
  );

const notOnPage = (): OrderRefusal =>
  refusal(
    "APPROVAL_CONSUMED",
    "ticket_sha256",
    "answered_on_page",
    "This PC did not take this answer on the page on which it was asked. Ask its owner again.",
  );

const guessed = (): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "mandate",
    "few_tries",
    `Too many wrong numbers came for mandates. At the PC run \`${sidecarCommand("mandates unlock")}\`.`,
  );

export const notAllowed = (): OrderRefusal =>
  refusal(
    "APPROVAL_TIER_TOO_LOW",
    "kind",
    "mandates_allowed_here",
    "This PC does not accept orders under a mandate in this mode.",
  );

export const notEnrolled = (): OrderRefusal =>
  refusal(
    "APPROVAL_KEY_NOT_ENROLLED",
    "id",
    "enrolled_key",
    "The signature is not by a passkey enrolled at this PC.",
  );
