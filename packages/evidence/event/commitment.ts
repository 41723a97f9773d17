import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, sameBytes, toHex, utf8 } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";

/**
 * A salted commitment: SHA-256("ibkr-commit/v1" ‖ LF ‖ field ‖ LF ‖ salt ‖ payload). The log holds
 * nothing else of a private value. Whoever has salt and payload can check it; whoever has the log
 * alone cannot even try out guesses, and once the salt is erased nobody can.
 */
export const SALT_BYTES = 16;
const DOMAIN = "ibkr-commit/v1";
const FIELD = /^[a-z][a-z0-9_]{0,31}$/;

/** What opens a commitment. It is kept beside the log, never in it, and can be erased by itself. */
export interface Opening {
  /** What of the event it opens: `input`, `output`, `account`, `order` … */
  readonly field: string;
  /** 16 random bytes, fresh for each value: a derived salt could not be erased by itself. */
  readonly salt: Uint8Array;
  /** RFC 8785 text of the value. */
  readonly payload: string;
}

/** The commitment, lower-case hex. Throws `OPENING_MALFORMED` for another field name or salt. */
export function commitment({ field, salt, payload }: Opening): string {
  if (!FIELD.test(field)) {
    throw new EvidenceFault(
      "OPENING_MALFORMED",
      "A field's name is lower-case letters, digits and _.",
    );
  }
  if (salt.length !== SALT_BYTES) {
    throw new EvidenceFault("OPENING_MALFORMED", `A salt has ${SALT_BYTES} bytes.`);
  }
  return toHex(sha256(concat(utf8(`${DOMAIN}\n${field}\n`), salt, utf8(payload))));
}

/**
 * Commits to a value under a new salt. `random` gives that many random bytes; it is injected, and
 * outside of tests it is `crypto.getRandomValues`.
 */
export function commit(
  field: string,
  payload: string,
  random: (bytes: number) => Uint8Array,
): { commitment: string; opening: Opening } {
  const opening = { field, salt: random(SALT_BYTES), payload };
  return { commitment: commitment(opening), opening };
}

/** Whether an opening is that of a commitment (lower-case hex). */
export function opens(committed: string, opening: Opening): boolean {
  const wanted = fromHex(committed);
  const found = fromHex(commitment(opening));
  return wanted !== null && found !== null && sameBytes(wanted, found);
}
