import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { approvedHash } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  type EnrolmentCode,
  type EnrolmentMessage,
  enrolmentChallenge,
  enrolmentMac,
  type PageSettings,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import type { ApprovalMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import { sha256OfToken } from "@ibkr-edge-gateway/protocol/approval-page/page-token.ts";
import {
  type AcceptedWarning,
  economicHash,
  newNonce,
} from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { encode } from "jose/base64url";
import { coseKeyOf } from "./attested-key.ts";
import type { Answered } from "./kept-in-browser.ts";
import type { Passkeys } from "./passkeys.ts";
import type { Waiting } from "./read-pending.ts";
import type { PagePlace } from "./settings.ts";
import { wordsOf } from "./words.ts";

/** What both ceremonies need: the browser's passkeys and its randomness. */
export interface CeremonyParts {
  passkeys: Passkeys;
  random(bytes: number): Uint8Array;
  settings: PageSettings;
  place: PagePlace;
}

/**
 * One tap over one envelope: the nonce is made here, the challenge from what is shown, and the message
 * holds nothing that the PC would have to believe. Rejects as the browser does.
 */
export async function approveEnvelope(
  { passkeys, random, place }: CeremonyParts,
  { envelope, sha256: ticket_sha256 }: Waiting,
  said: {
    credentialId: string | null;
    acceptedWarnings: readonly AcceptedWarning[];
    number: number | null;
    nowMs: number;
  },
): Promise<{ message: ApprovalMessage; answered: Answered }> {
  const nonce = newNonce(random);
  const accepted_warnings = [...said.acceptedWarnings];
  const signed = approvedHash(envelope, { nonce, accepted_warnings });
  const assertion = await passkeys.get({
    challenge: challengeOf(signed),
    rpId: place.rpId,
    credentialId: said.credentialId,
  });
  return {
    message: {
      v: 1,
      kind: "approval",
      ticket_sha256,
      nonce,
      accepted_warnings,
      assertion,
      ...(said.number === null ? {} : { number: said.number }),
    },
    answered: {
      ticket_sha256,
      signed_sha256: signed,
      economic_hash: economicHashOf(envelope),
      says: wordsOf(envelope).headline.slice(0, 600),
      at: new Date(said.nowMs).toISOString(),
    },
  };
}

/** Two orders that would do the same thing share it; null for what is no order. */
export const economicHashOf = (envelope: Envelope): string | null =>
  envelope.act === "order" ? economicHash(envelope.body.ticket.order) : null;

export interface Enrolled {
  message: EnrolmentMessage;
  token: string;
  credentialId: string;
  /** Six words of the new key, to be compared with the terminal's; null where the key is unreadable. */
  words: string[] | null;
}

/**
 * Makes a passkey for this page and this PC, with a MAC under the secret from the PC's screen.
 * `token` is the PC's own where it serves the page; else one is made. Rejects as the browser does.
 */
export async function enrol(
  { passkeys, random, settings, place }: CeremonyParts,
  code: EnrolmentCode,
  token: string | null,
): Promise<Enrolled> {
  const { rpId: rp_id, origin } = place;
  const { sidecar_id, pc_key, pc_name } = settings;
  const made = await passkeys.create({
    challenge: enrolmentChallenge({ rp_id, origin, sidecar_id, pc_key, nonce: code.nonce }),
    rpId: rp_id,
    userId: random(32),
    userName: `IBKR approvals, ${pc_name}`,
  });
  const page_token = token ?? encode(random(32));
  const unsigned = {
    v: 1 as const,
    kind: "enrolment" as const,
    rp_id,
    origin,
    registration: made.registration,
    page_token_sha256: sha256OfToken(page_token),
  };
  const key = coseKeyOf(made.attestationObject);
  return {
    message: { ...unsigned, mac: enrolmentMac(code.secret, unsigned) },
    token: page_token,
    credentialId: made.registration.id,
    words: key === null ? null : fingerprintWords(encode(key)),
  };
}
