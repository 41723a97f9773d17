import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { decode } from "jose/base64url";

/** Lower-case hex SHA-256 of a page token's bytes, by which edge and PC know it. Throws on no base64url. */
export const sha256OfToken = (token: string): string => bytesToHex(sha256(decode(token)));
