import { utf8 } from "../bytes.ts";
import { cosignatureMessage, encodeCosignature } from "../checkpoint/cosignature.ts";
import type { Ed25519Key } from "./ed25519.ts";
import type { Note, NoteSignature } from "./note.ts";
import { SIGNATURE_TYPES, type VerifierKey, verifierKey } from "./vkey.ts";

/** Who can sign notes. The key says under which name and type. */
export interface NoteSigner {
  readonly key: VerifierKey;
  /** `text` ends in a line feed. */
  sign(text: string): Promise<NoteSignature>;
}

/** A log's key: Ed25519 over the text (type 0x01). */
export function logSigner(name: string, ed25519: Ed25519Key): NoteSigner {
  const key = verifierKey(name, SIGNATURE_TYPES.ed25519, ed25519.publicKey);
  return {
    key,
    sign: async (text) => ({
      name: key.name,
      id: key.id,
      signature: await ed25519.sign(utf8(text)),
    }),
  };
}

/** A witness's key (type 0x04). Time is injected: whole seconds since 1970, never zero. */
export function cosigner(name: string, ed25519: Ed25519Key, nowSeconds: () => number): NoteSigner {
  const key = verifierKey(name, SIGNATURE_TYPES.cosignatureV1, ed25519.publicKey);
  return {
    key,
    async sign(text) {
      const timeSeconds = nowSeconds();
      const signature = await ed25519.sign(cosignatureMessage(timeSeconds, text));
      return {
        name: key.name,
        id: key.id,
        signature: encodeCosignature({ timeSeconds, signature }),
      };
    },
  };
}

/** A note of a text with the signatures of all signers, in their order. */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<Note> {
  return { text, signatures: await Promise.all(signers.map((signer) => signer.sign(text))) };
}
