import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import type { OrderRefusalCode } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";
import {
  COSEALG,
  decodeClientDataJSON,
  decodeCredentialPublicKey,
  isoBase64URL,
  isoUint8Array,
  parseAuthenticatorData,
  toHash,
} from "@simplewebauthn/server/helpers";

/**
 * Whether one passkey signed one statement. Every reason to say no has its own code; the signature
 * itself is the library's to judge. Nothing here trusts the edge: the hash, the keys, the origin
 * and the relying party all come from this machine.
 */
export interface EnrolledKey {
  credentialId: string;
  /** COSE, as enrolled. */
  publicKey: Uint8Array;
  /** What is at or below it was seen or is too old; 0 for authenticators that do not count. */
  counter: number;
}

export interface RelyingParty {
  id: string;
  origins: readonly string[];
}

export type AssertionVerdict =
  | { ok: true; counter: number }
  | { ok: false; code: OrderRefusalCode; field: string; rule: string };

/** ES256, EdDSA, and RS256 for the authenticators of Windows. */
const ALGORITHMS: readonly number[] = [COSEALG.ES256, COSEALG.EdDSA, COSEALG.RS256];

export async function verifyAssertion(
  statementHash: string,
  assertion: Assertion,
  key: EnrolledKey,
  relyingParty: RelyingParty,
): Promise<AssertionVerdict> {
  if (assertion.id !== key.credentialId) {
    return no("APPROVAL_KEY_NOT_ENROLLED", "id", "enrolled_key");
  }
  const read = readAssertion(assertion);
  if (read === null) return no("APPROVAL_MALFORMED", "assertion", "webauthn_form");
  const { client, authenticator } = read;

  if (client.type !== "webauthn.get") {
    return no("APPROVAL_TYPE_REFUSED", "type", "webauthn_get");
  }
  if (client.challenge !== challengeOf(statementHash)) {
    return no("APPROVAL_CHALLENGE_MISMATCH", "challenge", "own_statement_hash");
  }
  // The library lets a cross-origin assertion pass where the browser does not say which frame.
  if (client.crossOrigin === true || client.topOrigin !== undefined) {
    return no("APPROVAL_ORIGIN_REFUSED", "cross_origin", "same_origin");
  }
  if (!relyingParty.origins.includes(client.origin)) {
    return no("APPROVAL_ORIGIN_REFUSED", "origin", "known_origin");
  }
  const expected = await toHash(isoUint8Array.fromUTF8String(relyingParty.id));
  if (!isoUint8Array.areEqual(authenticator.rpIdHash, expected)) {
    return no("APPROVAL_RP_REFUSED", "rp_id_hash", "own_relying_party");
  }
  if (!authenticator.flags.up) return no("APPROVAL_USER_NOT_PRESENT", "flags", "user_present");
  if (!authenticator.flags.uv) return no("APPROVAL_USER_NOT_VERIFIED", "flags", "user_verified");

  const algorithm = algorithmOf(key.publicKey);
  if (algorithm === null || !ALGORITHMS.includes(algorithm)) {
    return no("APPROVAL_ALGORITHM_REFUSED", "public_key", "known_algorithm");
  }

  try {
    const result = await verifyAuthenticationResponse({
      response: {
        id: assertion.id,
        rawId: assertion.id,
        type: "public-key",
        clientExtensionResults: {},
        response: {
          clientDataJSON: assertion.client_data_json,
          authenticatorData: assertion.authenticator_data,
          signature: assertion.signature,
        },
      },
      expectedChallenge: challengeOf(statementHash),
      expectedOrigin: [...relyingParty.origins],
      expectedRPID: relyingParty.id,
      credential: {
        id: key.credentialId,
        publicKey: new Uint8Array(key.publicKey),
        // Which counters were seen is the caller's to judge, when the approval is spent.
        counter: 0,
      },
      requireUserVerification: true,
    });
    return result.verified
      ? { ok: true, counter: result.authenticationInfo.newCounter }
      : no("APPROVAL_SIGNATURE_INVALID", "signature", "by_enrolled_key");
  } catch {
    // A signature or key that cannot even be decoded.
    return no("APPROVAL_SIGNATURE_INVALID", "signature", "by_enrolled_key");
  }
}

/** COSE algorithm of a public key; null when it is not one. */
export function algorithmOf(publicKey: Uint8Array): number | null {
  try {
    const found: unknown = decodeCredentialPublicKey(new Uint8Array(publicKey)).get(3);
    return typeof found === "number" ? found : null;
  } catch {
    return null;
  }
}

export const isKnownAlgorithm = (algorithm: number): boolean => ALGORITHMS.includes(algorithm);

function readAssertion(assertion: Assertion) {
  try {
    const client: unknown = decodeClientDataJSON(assertion.client_data_json);
    if (!isClientData(client)) return null;
    const bytes = isoBase64URL.toBuffer(assertion.authenticator_data);
    return { client, authenticator: parseAuthenticatorData(bytes) };
  } catch {
    return null;
  }
}

interface ClientData {
  type: string;
  challenge: string;
  origin: string;
  crossOrigin?: unknown;
  topOrigin?: unknown;
}

function isClientData(value: unknown): value is ClientData {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    "challenge" in value &&
    typeof value.challenge === "string" &&
    "origin" in value &&
    typeof value.origin === "string"
  );
}

const no = (code: OrderRefusalCode, field: string, rule: string): AssertionVerdict => ({
  ok: false,
  code,
  field,
  rule,
});
