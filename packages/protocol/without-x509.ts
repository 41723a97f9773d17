/**
 * Stands in for the X.509 libraries of `@simplewebauthn/server` in the Worker's bundle (wrangler's
 * `alias`). Attestation statements with certificates are refused, because anything that would read
 * one throws here. What is left of ASN.1 is the one form that every ES256 signature comes in: a
 * SEQUENCE of two INTEGERs.
 */
const TAG_SEQUENCE = 0x30;
const TAG_INTEGER = 0x02;

/** Only a mark for the parser below. */
export class ECDSASigValue {}

export const AsnParser = {
  parse(bytes: Uint8Array, schema: unknown): { r: Uint8Array; s: Uint8Array } {
    if (schema !== ECDSASigValue) throw new Error("certificates are not supported");
    const body = element(bytes, TAG_SEQUENCE);
    const r = element(body.content, TAG_INTEGER);
    const s = element(r.rest, TAG_INTEGER);
    if (body.rest.length > 0 || s.rest.length > 0) throw new Error("trailing bytes");
    return { r: r.content, s: s.content };
  },
};

/** One DER element with a short definite length, which is all an ECDSA signature needs up to P-384. */
function element(bytes: Uint8Array, tag: number): { content: Uint8Array; rest: Uint8Array } {
  const [found, first = 0x80] = bytes;
  // P-521 signatures have one length byte more.
  const long = first === 0x81;
  const length = long ? (bytes[2] ?? 0) : first;
  const start = long ? 3 : 2;
  if (found !== tag || (!long && first > 0x7f) || bytes.length < start + length || length === 0) {
    throw new Error("not a DER signature");
  }
  return {
    content: bytes.subarray(start, start + length),
    rest: bytes.subarray(start + length),
  };
}

const absent = undefined;

export {
  absent as AuthorityKeyIdentifierExtension,
  absent as BasicConstraints,
  absent as CRLDistributionPointsExtension,
  absent as Certificate,
  absent as ECParameters,
  absent as ExtendedKeyUsage,
  absent as id_ce_basicConstraints,
  absent as id_ce_extKeyUsage,
  absent as id_ce_keyDescription,
  absent as id_ce_subjectAltName,
  absent as id_ecdsaWithSHA256,
  absent as id_ecdsaWithSHA384,
  absent as id_ecdsaWithSHA512,
  absent as id_ecPublicKey,
  absent as id_ml_dsa_44,
  absent as id_ml_dsa_65,
  absent as id_ml_dsa_87,
  absent as id_rsaEncryption,
  absent as id_secp256r1,
  absent as id_secp384r1,
  absent as id_sha1WithRSAEncryption,
  absent as id_sha256WithRSAEncryption,
  absent as id_sha384WithRSAEncryption,
  absent as id_sha512WithRSAEncryption,
  absent as KeyDescription,
  absent as OctetString,
  absent as RSAPublicKey,
  absent as SubjectAlternativeName,
  absent as SubjectKeyIdentifierExtension,
  absent as X509Certificate,
  absent as X509ChainBuilder,
  absent as X509Crl,
};
