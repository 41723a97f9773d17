import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { decode } from "jose/base64url";

const WORDS = 6;
const BITS_PER_WORD = 11;

/**
 * Six words that two people can compare aloud: the first 66 bits of SHA-256 over a raw Ed25519
 * public key (base64url), eleven bits a word, from the BIP-39 English list.
 */
export function fingerprintWords(publicKey: string): string[] {
  const digest = sha256(concatBytes(utf8ToBytes("ibkr-relay/v1/fingerprint\n"), decode(publicKey)));
  let bits = 0n;
  for (const byte of digest.subarray(0, 9)) bits = (bits << 8n) | BigInt(byte);
  const words: string[] = [];
  for (let i = 0; i < WORDS; i += 1) {
    const shift = BigInt(72 - BITS_PER_WORD * (i + 1));
    words.push(wordlist[Number((bits >> shift) & 2047n)] ?? "");
  }
  return words;
}
