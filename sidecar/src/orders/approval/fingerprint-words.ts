import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";

/** Six words over a passkey's public key (COSE), to compare with those the console shows. */
export function approverWords(publicKey: Uint8Array): string {
  return fingerprintWords(Buffer.from(publicKey).toString("base64url")).join(" ");
}

/** The same words as typed or pasted: spaces, hyphens and case make no difference. */
export function sameWords(typed: string, words: string): boolean {
  const level = (text: string): string =>
    text
      .trim()
      .toLowerCase()
      .split(/[\s-]+/)
      .join(" ");
  return level(typed) === level(words);
}
