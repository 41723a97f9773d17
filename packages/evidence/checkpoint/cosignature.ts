import { concat, uint64, utf8 } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { ED25519_SIGNATURE_BYTES } from "../note/ed25519.ts";

/**
 * cosignature/v1 of C2SP tlog-cosignature: a witness says that at a time (whole seconds since 1970)
 * this was the largest consistent head of the log that it had seen.
 */
export interface Cosignature {
  readonly timeSeconds: number;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

export const COSIGNATURE_BYTES = 8 + ED25519_SIGNATURE_BYTES;

/** What a witness signs: a header of two lines, then the whole text of the note. */
export function cosignatureMessage(timeSeconds: number, text: string): Uint8Array {
  checkTime(timeSeconds);
  return utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
}

/** What stands on the signature line after the key id: time as eight bytes, then the signature. */
export function encodeCosignature({ timeSeconds, signature }: Cosignature): Uint8Array {
  checkTime(timeSeconds);
  return concat(uint64(timeSeconds), signature);
}

/** Throws `SIGNATURE_LENGTH` or `COSIGNATURE_TIME_INVALID`. */
export function decodeCosignature(bytes: Uint8Array): Cosignature {
  if (bytes.length !== COSIGNATURE_BYTES) {
    throw new EvidenceFault(
      "SIGNATURE_LENGTH",
      `A cosignature has ${COSIGNATURE_BYTES} bytes, and this one ${bytes.length}.`,
    );
  }
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  const timeSeconds = time > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(time);
  checkTime(timeSeconds);
  return { timeSeconds, signature: bytes.slice(8) };
}

function checkTime(timeSeconds: number): void {
  if (!(Number.isSafeInteger(timeSeconds) && timeSeconds > 0)) {
    throw new EvidenceFault(
      "COSIGNATURE_TIME_INVALID",
      "A cosignature's time is zero or too large.",
    );
  }
}
