import { PASSKEY_ALGORITHMS } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { decode, encode } from "jose/base64url";
import type { Passkeys } from "./passkeys.ts";

/** How long the browser waits for the human. */
const TIMEOUT_MS = 120_000;

/** The browser's own, with what WebAuthn asks for spelled out. */
export const browserPasskeys: Passkeys = {
  async create({ challenge, rpId, userId, userName }) {
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: rpId, name: "IBKR approvals" },
        user: { id: new Uint8Array(userId), name: userName, displayName: userName },
        pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ alg, type: "public-key" })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        attestation: "none",
        timeout: TIMEOUT_MS,
      },
    });
    if (!(made instanceof PublicKeyCredential)) throw new Error("no passkey was made");
    const { response } = made;
    if (!(response instanceof AuthenticatorAttestationResponse)) throw new Error("no attestation");
    const attestationObject = new Uint8Array(response.attestationObject);
    return {
      attestationObject,
      registration: {
        id: made.id,
        client_data_json: encode(new Uint8Array(response.clientDataJSON)),
        attestation_object: encode(attestationObject),
        transports: response.getTransports().slice(0, 8),
      },
    };
  },
  async get({ challenge, rpId, credentialId }) {
    const used = await navigator.credentials.get({
      publicKey: {
        challenge: bytes(challenge),
        rpId,
        userVerification: "required",
        timeout: TIMEOUT_MS,
        allowCredentials:
          credentialId === null ? [] : [{ id: bytes(credentialId), type: "public-key" }],
      },
    });
    if (!(used instanceof PublicKeyCredential)) throw new Error("no passkey was used");
    const { response } = used;
    if (!(response instanceof AuthenticatorAssertionResponse)) throw new Error("no assertion");
    return {
      id: used.id,
      client_data_json: encode(new Uint8Array(response.clientDataJSON)),
      authenticator_data: encode(new Uint8Array(response.authenticatorData)),
      signature: encode(new Uint8Array(response.signature)),
    };
  },
};

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(decode(text));
