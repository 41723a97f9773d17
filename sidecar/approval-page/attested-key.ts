/**
 * The public key out of an attestation object, as the exact bytes that the PC stores: what the six
 * words are made of. Null for anything that is not laid out as WebAuthn says.
 */
export function coseKeyOf(attestationObject: Uint8Array): Uint8Array | null {
  const data = memberBytes(attestationObject, "authData");
  if (data === null || data.length < 55) return null;
  const attested = ((data[32] ?? 0) & 0x40) !== 0;
  if (!attested) return null;
  const idBytes = ((data[53] ?? 0) << 8) | (data[54] ?? 0);
  const from = 55 + idBytes;
  const to = skip(data, from, 0);
  return to === null ? null : data.slice(from, to);
}

/** The byte string under a name in a CBOR map of text names. */
function memberBytes(cbor: Uint8Array, wanted: string): Uint8Array | null {
  const map = head(cbor, 0);
  if (map?.major !== 5) return null;
  let at = map.next;
  for (let left = map.value; left > 0; left -= 1) {
    const name = head(cbor, at);
    if (name?.major !== 3) return null;
    const text = new TextDecoder().decode(cbor.subarray(name.next, name.next + name.value));
    const valueAt = name.next + name.value;
    const value = head(cbor, valueAt);
    if (text === wanted) {
      return value?.major === 2 && value.next + value.value <= cbor.length
        ? cbor.slice(value.next, value.next + value.value)
        : null;
    }
    const next = skip(cbor, valueAt, 0);
    if (next === null) return null;
    at = next;
  }
  return null;
}

const DEPTH_MAX = 8;

/** Where the item that begins at `at` ends. */
function skip(cbor: Uint8Array, at: number, depth: number): number | null {
  const found = head(cbor, at);
  if (found === null || depth > DEPTH_MAX) return null;
  const { major, value, next } = found;
  if (major === 0 || major === 1 || major === 7) return next;
  if (major === 2 || major === 3) return next + value <= cbor.length ? next + value : null;
  if (major !== 4 && major !== 5) return null;
  let end: number | null = next;
  for (let left = major === 5 ? 2 * value : value; left > 0 && end !== null; left -= 1) {
    end = skip(cbor, end, depth + 1);
  }
  return end;
}

function head(cbor: Uint8Array, at: number): { major: number; value: number; next: number } | null {
  const first = cbor[at];
  if (first === undefined) return null;
  const short = first & 0x1f;
  const width = short < 24 ? 0 : short === 24 ? 1 : short === 25 ? 2 : short === 26 ? 4 : -1;
  if (width < 0 || at + 1 + width > cbor.length) return null;
  let value = width === 0 ? short : 0;
  for (let i = 1; i <= width; i += 1) value = value * 256 + (cbor[at + i] ?? 0);
  return { major: first >> 5, value, next: at + 1 + width };
}
