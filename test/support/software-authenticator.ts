import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { isoCBOR } from "@simplewebauthn/server/helpers";

/**
 * A passkey in software: real keys and real signatures over real WebAuthn structures, with every
 * part of them open to be got wrong on purpose.
 */
export interface SoftwareAuthenticator {
  credentialId: string;
  /** COSE. */
  publicKey: Uint8Array;
  approve(statementHash: string, over?: Partial<Ceremony>): Assertion;
}

export interface Ceremony {
  type: string;
  challenge: string;
  origin: string;
  crossOrigin: boolean;
  topOrigin: string | undefined;
  rpId: string;
  userPresent: boolean;
  userVerified: boolean;
  counter: number;
  credentialId: string;
  tamper: (signature: Buffer) => Buffer;
}

export const RELYING_PARTY = { id: "gateway.example", origins: ["https://gateway.example"] };

export function softwareAuthenticator(
  algorithm: "ES256" | "EdDSA" = "ES256",
): SoftwareAuthenticator {
  const { publicKey, privateKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
  const credentialId = randomBytes(16).toString("base64url");
  let counter = 0;
  return {
    credentialId,
    publicKey: coseKey(publicKey, algorithm),
    approve(statementHash, over = {}) {
      counter += 1;
      const ceremony: Ceremony = {
        type: "webauthn.get",
        challenge: challengeOf(statementHash),
        origin: "https://gateway.example",
        crossOrigin: false,
        topOrigin: undefined,
        rpId: RELYING_PARTY.id,
        userPresent: true,
        userVerified: true,
        counter,
        credentialId,
        tamper: (signature) => signature,
        ...over,
      };
      return assertionOf(ceremony, privateKey, algorithm);
    },
  };
}

function assertionOf(ceremony: Ceremony, key: KeyObject, algorithm: "ES256" | "EdDSA"): Assertion {
  const { type, challenge, origin, crossOrigin, topOrigin } = ceremony;
  const client = Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin, topOrigin }));
  const flags = (ceremony.userPresent ? 1 : 0) | (ceremony.userVerified ? 4 : 0);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(ceremony.counter);
  const authenticator = Buffer.concat([
    createHash("sha256").update(ceremony.rpId).digest(),
    Buffer.from([flags]),
    count,
  ]);
  const signed = Buffer.concat([authenticator, createHash("sha256").update(client).digest()]);
  const signature = sign(algorithm === "ES256" ? "sha256" : null, signed, key);
  return {
    id: ceremony.credentialId,
    client_data_json: client.toString("base64url"),
    authenticator_data: authenticator.toString("base64url"),
    signature: ceremony.tamper(signature).toString("base64url"),
  };
}

function coseKey(key: KeyObject, algorithm: "ES256" | "EdDSA"): Uint8Array {
  const jwk = key.export({ format: "jwk" });
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? "", "base64url"));
  const entries: [number, number | Uint8Array][] =
    algorithm === "ES256"
      ? [
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, bytes(jwk.x)],
          [-3, bytes(jwk.y)],
        ]
      : [
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, bytes(jwk.x)],
        ];
  return isoCBOR.encode(new Map(entries));
}
