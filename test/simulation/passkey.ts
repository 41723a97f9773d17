import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { isoCBOR } from "@simplewebauthn/server/helpers";

/** Ed25519 from a seed that stands here: the same key, and the same signatures, in every run. */
export function fixedKey(seed: string): { privateKey: KeyObject; jwk: Record<string, string> } {
  const raw = createHash("sha256").update(seed).digest();
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), raw]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return { privateKey, jwk: { kty: "OKP", crv: "Ed25519", x, d: raw.toString("base64url") } };
}

/** The owner's passkey: real structures, a real signature. */
export class OwnerPasskey {
  readonly credentialId = Buffer.from("owner-passkey-01").toString("base64url");
  readonly publicKey: Uint8Array;
  readonly #key = fixedKey("owner");
  readonly #origin: string;
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
    const { x = "" } = this.#key.jwk;
    this.publicKey = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, new Uint8Array(Buffer.from(x, "base64url"))],
      ]),
    );
  }

  use(challenge: string): PasskeyAssertion {
    this.#counter += 1;
    const origin = this.#origin;
    const client = Buffer.from(
      JSON.stringify({ type: "webauthn.get", challenge, origin, crossOrigin: false }),
    );
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.#counter);
    const authenticator = Buffer.concat([
      createHash("sha256").update(new URL(origin).hostname).digest(),
      Buffer.from([5]),
      count,
    ]);
    const signed = Buffer.concat([authenticator, createHash("sha256").update(client).digest()]);
    return {
      id: this.credentialId,
      rawId: this.credentialId,
      type: "public-key",
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: authenticator.toString("base64url"),
        signature: sign(null, signed, this.#key.privateKey).toString("base64url"),
      },
    };
  }
}
