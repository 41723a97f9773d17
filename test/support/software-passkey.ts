import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";

/**
 * A passkey in software that answers the console's own ceremonies: real keys and signatures over
 * real WebAuthn structures, every part of which a test can get wrong on purpose.
 */
export interface Overrides {
  type?: string;
  challenge?: string;
  origin?: string;
  crossOrigin?: boolean;
  rpId?: string;
  userPresent?: boolean;
  userVerified?: boolean;
  counter?: number;
  credentialId?: string;
  userHandle?: string;
  tamper?: (signature: Buffer) => Buffer;
}

export interface CeremonyOptions {
  kind: "get" | "create";
  options: { challenge: string; rpId?: string; rp?: { id: string }; user?: { id: string } };
}

type Algorithm = "ES256" | "EdDSA" | "RS256" | "ES384";

const COSE_ALGORITHM: Record<Algorithm, number> = { ES256: -7, EdDSA: -8, RS256: -257, ES384: -35 };

/** A passkey that was enrolled before, as a fixture keeps it. */
export interface KeptPasskey {
  credentialId: string;
  /** As the registration gave it, base64url. */
  userHandle: string;
  /** Of its last use. */
  counter: number;
  /** Private key of an ES256 passkey. */
  jwk: { kty: string; crv: string; x: string; y: string; d: string };
}

export class SoftwarePasskey {
  readonly credentialId: string;
  readonly #origin: string;
  readonly #algorithm: Algorithm;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  #userHandle = "";
  #counter = 0;

  constructor(origin: string, algorithm: Algorithm = "ES256", kept?: KeptPasskey) {
    this.#origin = origin;
    this.#algorithm = algorithm;
    const pair = kept === undefined ? newPair(algorithm) : keptPair(kept);
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
    this.credentialId = kept?.credentialId ?? randomBytes(16).toString("base64url");
    this.#userHandle = kept?.userHandle ?? "";
    this.#counter = kept?.counter ?? 0;
  }

  /** What the browser gives back when this passkey is made. */
  register({ options }: CeremonyOptions, over: Overrides = {}): string {
    this.#userHandle = options.user?.id ?? "";
    const id = Buffer.from(over.credentialId ?? this.credentialId, "base64url");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#authenticatorData(options.rp?.id ?? "", 0x40, over),
      Buffer.alloc(16),
      length,
      id,
      isoCBOR.encode(coseKey(this.#publicKey, this.#algorithm)),
    ]);
    const attestation = isoCBOR.encode(
      new Map<string, unknown>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", new Uint8Array(authData)],
      ]) as Parameters<typeof isoCBOR.encode>[0],
    );
    return JSON.stringify({
      ...this.#credential(over),
      response: {
        clientDataJSON: this.#clientData("webauthn.create", options.challenge, over),
        attestationObject: Buffer.from(attestation).toString("base64url"),
        transports: ["internal"],
      },
    });
  }

  /** What the browser gives back when this passkey is used. */
  use({ options }: CeremonyOptions, over: Overrides = {}): string {
    this.#counter += 1;
    const authData = this.#authenticatorData(options.rpId ?? "", 0, over);
    const clientData = this.#clientData("webauthn.get", options.challenge, over);
    const signed = Buffer.concat([
      authData,
      createHash("sha256").update(Buffer.from(clientData, "base64url")).digest(),
    ]);
    const digest = { ES256: "sha256", RS256: "sha256", ES384: "sha384", EdDSA: null };
    const signature = sign(digest[this.#algorithm], signed, this.#privateKey);
    return JSON.stringify({
      ...this.#credential(over),
      response: {
        clientDataJSON: clientData,
        authenticatorData: authData.toString("base64url"),
        signature: (over.tamper?.(signature) ?? signature).toString("base64url"),
        userHandle: over.userHandle ?? this.#userHandle,
      },
    });
  }

  #credential(over: Overrides) {
    const id = over.credentialId ?? this.credentialId;
    return { id, rawId: id, type: "public-key", clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string, over: Overrides): string {
    return Buffer.from(
      JSON.stringify({
        type: over.type ?? type,
        challenge: over.challenge ?? challenge,
        origin: over.origin ?? this.#origin,
        crossOrigin: over.crossOrigin ?? false,
      }),
    ).toString("base64url");
  }

  #authenticatorData(rpId: string, flags: number, over: Overrides): Buffer {
    const present = over.userPresent === false ? 0 : 1;
    const verified = over.userVerified === false ? 0 : 4;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(over.counter ?? this.#counter);
    return Buffer.concat([
      createHash("sha256")
        .update(over.rpId ?? rpId)
        .digest(),
      Buffer.from([flags | present | verified]),
      count,
    ]);
  }
}

function newPair(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case "ES256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ES384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "EdDSA":
      return generateKeyPairSync("ed25519");
    case "RS256":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
  }
}

function keptPair({ jwk }: KeptPasskey): { privateKey: KeyObject; publicKey: KeyObject } {
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function coseKey(key: KeyObject, algorithm: Algorithm): Map<number, number | Uint8Array> {
  const jwk = key.export({ format: "jwk" });
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? "", "base64url"));
  const entries: [number, number | Uint8Array][] =
    algorithm === "RS256"
      ? [
          [1, 3],
          [-1, bytes(jwk.n)],
          [-2, bytes(jwk.e)],
        ]
      : algorithm === "EdDSA"
        ? [
            [1, 1],
            [-1, 6],
            [-2, bytes(jwk.x)],
          ]
        : [
            [1, 2],
            [-1, algorithm === "ES384" ? 2 : 1],
            [-2, bytes(jwk.x)],
            [-3, bytes(jwk.y)],
          ];
  return new Map([...entries, [3, COSE_ALGORITHM[algorithm]]]);
}

/** The ceremony that a page's form asks for. */
export function ceremonyOn(html: string): CeremonyOptions {
  const found = /data-passkey="([^"]*)"/.exec(html)?.[1];
  if (found === undefined) throw new Error("the page asks for no passkey");
  return JSON.parse(found.replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
}
