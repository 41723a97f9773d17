import { fromBase64Url, toHex } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { ED25519_KEY_BYTES } from "../note/ed25519.ts";

/**
 * The keys behind orders that a reader trusts, in lines of text: `pc <base64url Ed25519 key>` for a
 * PC's statements, `approver <base64url credential id> <SHA-256 of the COSE key, hex>` for a passkey.
 * `#` begins a comment. Like the trust policy it comes to the reader by another way than a proof.
 */
export interface TrustedKeys {
  /** Statement keys, lower-case hex. */
  readonly pcs: ReadonlySet<string>;
  /** SHA-256 of the COSE key by credential id. */
  readonly approvers: ReadonlyMap<string, string>;
}

/** Throws `POLICY_MALFORMED`, which names the line. */
export function parseTrustedKeys(text: string): TrustedKeys {
  const pcs = new Set<string>();
  const approvers = new Map<string, string>();
  for (const [at, line] of text.split("\n").entries()) {
    const [word = "", first = "", second, ...more] = line.trim().split(/[ \t]+/);
    if (word === "" || word.startsWith("#")) continue;
    const key = fromBase64Url(first);
    if (word === "pc" && key?.length === ED25519_KEY_BYTES && second === undefined) {
      pcs.add(toHex(key));
    } else if (
      word === "approver" &&
      key !== null &&
      /^[0-9a-f]{64}$/.test(second ?? "") &&
      more.length === 0
    ) {
      approvers.set(first, second ?? "");
    } else {
      throw new EvidenceFault(
        "POLICY_MALFORMED",
        `Line ${at + 1} of the trusted keys is no "pc <key>" and no "approver <id> <SHA-256>".`,
      );
    }
  }
  return { pcs, approvers };
}
