import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";
import type { JsonValue } from "./json.ts";

/** RFC 8785 canonical JSON. Throws on what JSON cannot carry (undefined, NaN, cycles). */
export function canonicalJson(value: JsonValue): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("value has no canonical JSON form");
  return text;
}

/** Lower-case hex SHA-256 of UTF-8 text. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** Lower-case hex SHA-256 over the canonical JSON of a value, under a domain prefix. */
export function digestOf(domain: string, value: JsonValue): string {
  return sha256Hex(`${domain}\n${canonicalJson(value)}`);
}
