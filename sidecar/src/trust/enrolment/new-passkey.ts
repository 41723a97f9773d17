import {
  type EnrolmentMessage,
  type EnrolmentPlace,
  enrolmentChallenge,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import {
  decodeAttestationObject,
  decodeClientDataJSON,
  isoBase64URL,
  isoUint8Array,
  parseAuthenticatorData,
  toHash,
} from "@simplewebauthn/server/helpers";
import { algorithmOf, isKnownAlgorithm } from "../verify/verify-assertion.ts";

export type NewPasskey =
  | { ok: true; credentialId: string; publicKey: Uint8Array }
  | { ok: false; rule: string; why: string };

/**
 * A passkey that was just made, read out of what the browser gave: for this very place, with user and
 * presence verified. An attestation says nothing of who stood in between, so none is judged.
 */
export async function readNewPasskey(
  { rp_id, origin, registration }: EnrolmentMessage,
  place: EnrolmentPlace,
): Promise<NewPasskey> {
  if (rp_id !== place.rp_id || origin !== place.origin) {
    return no("place", "The passkey was made for another page than the one that was named.");
  }
  try {
    const client: unknown = decodeClientDataJSON(registration.client_data_json);
    const fault = clientFault(client, place);
    if (fault !== null) return fault;
    const attestation = decodeAttestationObject(
      isoBase64URL.toBuffer(registration.attestation_object),
    );
    const made = parseAuthenticatorData(attestation.get("authData"));
    const expected = await toHash(isoUint8Array.fromUTF8String(place.rp_id));
    if (!isoUint8Array.areEqual(made.rpIdHash, expected)) {
      return no("rp_id_hash", "The passkey was made for another site.");
    }
    if (!made.flags.up || !made.flags.uv) {
      return no("user_verified", "The passkey did not check who made it.");
    }
    const { credentialID, credentialPublicKey } = made;
    if (credentialID === undefined || credentialPublicKey === undefined) {
      return no("attested_key", "No passkey came with it.");
    }
    if (isoBase64URL.fromBuffer(credentialID) !== registration.id) {
      return no("id", "The passkey's id is another one.");
    }
    const algorithm = algorithmOf(credentialPublicKey);
    if (algorithm === null || !isKnownAlgorithm(algorithm)) {
      return no("known_algorithm", "The passkey is of a kind that this PC cannot judge.");
    }
    return { ok: true, credentialId: registration.id, publicKey: credentialPublicKey };
  } catch {
    return no("webauthn_form", "What came is no passkey.");
  }
}

function clientFault(client: unknown, place: EnrolmentPlace): NewPasskey | null {
  if (typeof client !== "object" || client === null)
    return no("webauthn_form", "What came is no passkey.");
  const said = new Map<string, unknown>(Object.entries(client));
  if (said.get("type") !== "webauthn.create") return no("webauthn_create", "No passkey was made.");
  if (said.get("challenge") !== enrolmentChallenge(place)) {
    return no("challenge", "The passkey was made for another ceremony, PC or key.");
  }
  const framed = said.get("crossOrigin") === true || said.get("topOrigin") !== undefined;
  return framed || said.get("origin") !== place.origin
    ? no("origin", "The passkey was made on another page.")
    : null;
}

const no = (rule: string, why: string): NewPasskey => ({ ok: false, rule, why });
