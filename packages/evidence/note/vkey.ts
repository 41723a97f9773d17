import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromBase64, hasControl, toBase64, toHex, utf8 } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { ED25519_KEY_BYTES } from "./ed25519.ts";

/**
 * Verifier keys of C2SP signed-note: `name+id+base64(type ‖ public key)`, where id is the first four
 * bytes of SHA-256(name ‖ LF ‖ type ‖ public key) as hex.
 */
export interface VerifierKey {
  readonly name: string;
  /** Four bytes as lower-case hex. */
  readonly id: string;
  /** The signature type, one byte; see {@link SIGNATURE_TYPES}. */
  readonly type: number;
  readonly publicKey: Uint8Array;
}

export const SIGNATURE_TYPES = {
  /** Ed25519 over the note's text: what a log signs its checkpoints with. */
  ed25519: 0x01,
  /** Ed25519 cosignature with a time: what a witness signs with (tlog-cosignature). */
  cosignatureV1: 0x04,
} as const;

const ID_BYTES = 4;
const SPACE_OR_PLUS = /[\p{White_Space}+]/u;

/** Whether a text may name a key: not empty, no Unicode space, no `+`, no control character. */
export function isKeyName(name: string): boolean {
  return name !== "" && name.isWellFormed() && !SPACE_OR_PLUS.test(name) && !hasControl(name);
}

/** The key of a name, type and public key. Throws `KEY_NAME_INVALID`. */
export function verifierKey(name: string, type: number, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) {
    throw new EvidenceFault(
      "KEY_NAME_INVALID",
      "A key's name is empty or holds a space or a plus.",
    );
  }
  const id = sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, ID_BYTES);
  return { name, id: toHex(id), type, publicKey };
}

/** The text of a key, as it is published. */
export function formatVkey({ name, id, type, publicKey }: VerifierKey): string {
  return `${name}+${id}+${toBase64(concat(Uint8Array.of(type), publicKey))}`;
}

/**
 * Reads a key's text. A type that is not known here is read as well; nothing verifies under it.
 * Throws `VKEY_MALFORMED` or `KEY_NAME_INVALID`.
 */
export function parseVkey(text: string): VerifierKey {
  // The base64 may hold a plus: only the first two cut.
  const [, name = "", id = "", base64 = ""] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  const [type, ...key] = fromBase64(base64) ?? [];
  const publicKey = Uint8Array.from(key);
  if (type === undefined || publicKey.length === 0) throw malformed("It is not name+id+key.");
  if (isShortKeyType(type) && publicKey.length !== ED25519_KEY_BYTES) {
    throw malformed(
      `An Ed25519 key has ${ED25519_KEY_BYTES} bytes, and this one ${publicKey.length}.`,
    );
  }
  const found = verifierKey(name, type, publicKey);
  if (found.id !== id) throw malformed(`Its id is ${id}, and follows as ${found.id} from the key.`);
  return found;
}

function isShortKeyType(type: number): boolean {
  return type === SIGNATURE_TYPES.ed25519 || type === SIGNATURE_TYPES.cosignatureV1;
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("VKEY_MALFORMED", `A verifier key cannot be read. ${why}`);
}
