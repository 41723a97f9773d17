import { utf8 } from "../bytes.ts";
import { cosignatureMessage, decodeCosignature } from "../checkpoint/cosignature.ts";
import { EvidenceFault } from "../fault.ts";
import { ED25519_SIGNATURE_BYTES, ed25519Verifies } from "./ed25519.ts";
import type { Note, NoteSignature } from "./note.ts";
import { SIGNATURE_TYPES, type VerifierKey } from "./vkey.ts";

/** A signature that holds. */
export interface GoodSignature {
  readonly key: VerifierKey;
  /** When a witness signed, in seconds since 1970; null for a log's own signature. */
  readonly timeSeconds: number | null;
}

/**
 * Verifies a note by the keys that the reader trusts, after C2SP signed-note: lines of unknown keys
 * are passed over, and a line of a known key that does not hold refuses the whole note. Returns the
 * signatures that hold, perhaps none: {@link openNote} asks for one.
 *
 * Throws `SIGNATURE_INVALID`, `SIGNATURE_LENGTH`, `COSIGNATURE_TIME_INVALID`, or, with `nowSeconds`,
 * `COSIGNATURE_IN_FUTURE`.
 */
export async function goodSignatures(
  note: Note,
  keys: readonly VerifierKey[],
  nowSeconds: number | null = null,
): Promise<GoodSignature[]> {
  const good: GoodSignature[] = [];
  for (const line of note.signatures) {
    const key = keys.find(({ name, id }) => name === line.name && id === line.id);
    if (key !== undefined && isKnownType(key)) good.push(await checkLine(note.text, line, key));
  }
  const late = good.find(
    ({ timeSeconds }) => nowSeconds !== null && (timeSeconds ?? 0) > nowSeconds,
  );
  if (late !== undefined) {
    throw new EvidenceFault(
      "COSIGNATURE_IN_FUTURE",
      `The witness ${late.key.name} dates its signature later than now (${late.timeSeconds} > ${nowSeconds}).`,
    );
  }
  return good;
}

/** The same, and throws `NOTE_UNSIGNED` when no key of the reader's has signed. */
export async function openNote(
  note: Note,
  keys: readonly VerifierKey[],
  nowSeconds: number | null = null,
): Promise<GoodSignature[]> {
  const good = await goodSignatures(note, keys, nowSeconds);
  if (good.length === 0) {
    throw new EvidenceFault("NOTE_UNSIGNED", "Nobody whose key is known has signed the note.");
  }
  return good;
}

function isKnownType({ type }: VerifierKey): boolean {
  return type === SIGNATURE_TYPES.ed25519 || type === SIGNATURE_TYPES.cosignatureV1;
}

async function checkLine(
  text: string,
  { signature: bytes }: NoteSignature,
  key: VerifierKey,
): Promise<GoodSignature> {
  if (key.type === SIGNATURE_TYPES.cosignatureV1) {
    const { timeSeconds, signature } = decodeCosignature(bytes);
    await checkSignature(key, cosignatureMessage(timeSeconds, text), signature);
    return { key, timeSeconds };
  }
  if (bytes.length !== ED25519_SIGNATURE_BYTES) {
    throw new EvidenceFault(
      "SIGNATURE_LENGTH",
      `The signature of ${key.name} has ${bytes.length} bytes, not ${ED25519_SIGNATURE_BYTES}.`,
    );
  }
  await checkSignature(key, utf8(text), bytes);
  return { key, timeSeconds: null };
}

async function checkSignature(
  { name, id, publicKey }: VerifierKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<void> {
  if (!(await ed25519Verifies(publicKey, message, signature))) {
    throw new EvidenceFault("SIGNATURE_INVALID", `The signature of ${name} (${id}) does not hold.`);
  }
}
