import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromBase64Url, fromHex, sameBytes, textOf, toBase64Url, utf8 } from "../bytes.ts";
import { isJsonObject, parseJson } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";
import { readCoseKey } from "./cose.ts";

/** A WebAuthn assertion, base64url each, as the browser gave it. */
export interface Assertion {
  readonly id: string;
  readonly client_data_json: string;
  readonly authenticator_data: string;
  readonly signature: string;
}

/** The passkey that may approve, and where. */
export interface Approver {
  /** Base64url. */
  readonly credential_id: string;
  /** COSE, base64url. */
  readonly cose_key: string;
  readonly rp_id: string;
  readonly origins: readonly string[];
}

const FLAG_PRESENT = 0x01;
const FLAG_VERIFIED = 0x04;
/** SHA-256 of the relying party, flags, counter. */
const AUTHENTICATOR_DATA_MIN_BYTES = 37;

/**
 * Checks that the approver's passkey signed what has this hash (lower-case hex): form, type,
 * challenge, origin, relying party, presence, verification, signature, in this order. The counter is
 * the PC's to judge, which knows the last one. Throws a fault `ASSERTION_…` or `APPROVER_DIFFERS`.
 */
export async function checkAssertion(
  hash: string,
  assertion: Assertion,
  approver: Approver,
): Promise<void> {
  const { client, clientBytes, authenticator, signature } = read(assertion);
  if (assertion.id !== approver.credential_id) {
    throw new EvidenceFault(
      "APPROVER_DIFFERS",
      "Another passkey signed than the one that is shown.",
    );
  }
  if (client.type !== "webauthn.get") {
    throw new EvidenceFault("ASSERTION_TYPE", "The signature was not given for an approval.");
  }
  if (client.challenge !== toBase64Url(fromHex(hash) ?? new Uint8Array())) {
    throw new EvidenceFault("ASSERTION_CHALLENGE", "The passkey signed something else than this.");
  }
  const framed = client.crossOrigin === true || client.topOrigin !== undefined;
  if (framed || typeof client.origin !== "string" || !approver.origins.includes(client.origin)) {
    throw new EvidenceFault("ASSERTION_ORIGIN", "The passkey was used on another page.");
  }
  if (!sameBytes(authenticator.subarray(0, 32), sha256(utf8(approver.rp_id)))) {
    throw new EvidenceFault("ASSERTION_RELYING_PARTY", "The passkey signed for another site.");
  }
  const flags = authenticator[32] ?? 0;
  if ((flags & FLAG_PRESENT) === 0) {
    throw new EvidenceFault("ASSERTION_USER_ABSENT", "Nobody touched the passkey.");
  }
  if ((flags & FLAG_VERIFIED) === 0) {
    throw new EvidenceFault("ASSERTION_USER_UNVERIFIED", "The passkey did not check who used it.");
  }
  const key = readCoseKey(fromBase64Url(approver.cose_key) ?? new Uint8Array());
  if (key === null) {
    throw new EvidenceFault(
      "ASSERTION_KEY_UNSUPPORTED",
      "The passkey is of a kind not known here.",
    );
  }
  if (!(await key.verifies(concat(authenticator, sha256(clientBytes)), signature))) {
    throw new EvidenceFault("ASSERTION_SIGNATURE", "The passkey's signature does not hold.");
  }
}

function read({ client_data_json, authenticator_data, signature: signatureText }: Assertion) {
  const clientBytes = fromBase64Url(client_data_json);
  const authenticator = fromBase64Url(authenticator_data);
  const signature = fromBase64Url(signatureText);
  const client = parseJson(textOf(clientBytes ?? new Uint8Array()) ?? "");
  if (
    clientBytes === null ||
    authenticator === null ||
    signature === null ||
    !isJsonObject(client) ||
    authenticator.length < AUTHENTICATOR_DATA_MIN_BYTES
  ) {
    throw new EvidenceFault("ASSERTION_MALFORMED", "The passkey's answer cannot be read.");
  }
  return { client, clientBytes, authenticator, signature };
}
