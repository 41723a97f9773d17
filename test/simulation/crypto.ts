import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  KeyObject,
  sign,
  verify,
} from "node:crypto";

/**
 * WebCrypto without its threads: the same functions, done on the spot, so that nothing in a
 * simulated world waits for anything but the world's own clock. Ed25519, HMAC and digests only.
 */
export function installSynchronousCrypto(): void {
  const known = new Map<string, CryptoKey>();
  const importKey = async (
    _format: string,
    data: ArrayBuffer | Uint8Array | JsonWebKey,
    algorithm: AlgorithmIdentifier,
    extractable: boolean,
    usages: KeyUsage[],
  ): Promise<CryptoKey> => {
    const name = nameOf(algorithm);
    if (name === "HMAC" || name === "HKDF") {
      if (!isBytes(data)) throw new TypeError("only raw secrets are imported");
      return createSecretKey(bytesOf(data)).toCryptoKey(algorithm, true, usages);
    }
    if (name !== "Ed25519" && name !== "EdDSA") throw new TypeError(`no key of ${name} here`);
    const jwk: JsonWebKey = isBytes(data)
      ? { kty: "OKP", crv: "Ed25519", x: bytesOf(data).toString("base64url") }
      : { kty: "OKP", crv: "Ed25519", ...pick(data) };
    const mark = `${jwk.x}|${jwk.d === undefined ? "" : "d"}|${extractable}|${usages.join()}`;
    const before = known.get(mark);
    if (before !== undefined) return before;
    const key = { key: jwk, format: "jwk" } as const;
    const object = jwk.d === undefined ? createPublicKey(key) : createPrivateKey(key);
    const made = object.toCryptoKey("Ed25519", true, usages);
    known.set(mark, made);
    return made;
  };
  const overrides = {
    importKey,
    verify: async (
      algorithm: AlgorithmIdentifier,
      key: CryptoKey,
      signature: BufferSource,
      data: BufferSource,
    ): Promise<boolean> => {
      if (nameOf(algorithm) === "HMAC") {
        return createHmac("sha256", KeyObject.from(key))
          .update(view(data))
          .digest()
          .equals(view(signature));
      }
      return verify(null, view(data), KeyObject.from(key), view(signature));
    },
    sign: async (
      algorithm: AlgorithmIdentifier,
      key: CryptoKey,
      data: BufferSource,
    ): Promise<ArrayBuffer> => {
      const made =
        nameOf(algorithm) === "HMAC"
          ? createHmac("sha256", KeyObject.from(key)).update(view(data)).digest()
          : sign(null, view(data), KeyObject.from(key));
      return copyOf(made);
    },
    digest: async (algorithm: AlgorithmIdentifier, data: BufferSource): Promise<ArrayBuffer> =>
      copyOf(
        createHash(nameOf(algorithm).toLowerCase().replace("-", "")).update(view(data)).digest(),
      ),
  };
  for (const [name, value] of Object.entries(overrides)) {
    Object.defineProperty(SubtleCrypto.prototype, name, {
      value,
      configurable: true,
      writable: true,
    });
  }
}

type AlgorithmIdentifier = string | { name: string };
type BufferSource = ArrayBuffer | Uint8Array;
type CryptoKey = Parameters<typeof KeyObject.from>[0];
type KeyUsage = "sign" | "verify";

const nameOf = (algorithm: AlgorithmIdentifier): string =>
  typeof algorithm === "string" ? algorithm : algorithm.name;
const isBytes = (data: unknown): data is BufferSource =>
  data instanceof ArrayBuffer || ArrayBuffer.isView(data);
const view = (data: BufferSource): Buffer =>
  data instanceof ArrayBuffer
    ? Buffer.from(data)
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const bytesOf = view;
const copyOf = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
const pick = ({ x, d }: JsonWebKey): JsonWebKey => ({
  ...(x === undefined ? {} : { x }),
  ...(d === undefined ? {} : { d }),
});
