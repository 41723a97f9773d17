import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { canonicalJson } from "./canonical-json.ts";
import type { JsonValue } from "./json.ts";

export { canonicalJson };

const UTF8 = new TextEncoder();

/** Lower-case hex SHA-256 of UTF-8 text. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(UTF8.encode(text)));
}

/** Lower-case hex SHA-256 over the canonical JSON of a value, under a domain prefix. */
export function digestOf(domain: string, value: JsonValue): string {
  return sha256Hex(`${domain}\n${canonicalJson(value)}`);
}
