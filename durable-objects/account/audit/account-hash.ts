import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** An account has a handful of broker accounts; whatever a caller makes up is not kept for long. */
const REMEMBERED_MAX = 64;
const STORED_AS = "account-hash-key";

/** The log's own key for the hashes of its accounts, 32 random bytes; made when first asked for. */
export function accountHashKey(kv: Pick<DurableObjectStorage["kv"], "get" | "put">): Uint8Array {
  const stored = kv.get<Uint8Array>(STORED_AS);
  if (stored !== undefined) return stored;
  const key = crypto.getRandomValues(new Uint8Array(32));
  kv.put(STORED_AS, key);
  return key;
}

/**
 * How a broker account stands in the audit log: never in clear, and equal accounts alike within one
 * log. Lower-case hex of HMAC-SHA-256 under the log's own key.
 */
export function accountHasher(key: () => Uint8Array): (account: string) => string {
  const known = new Map<string, string>();
  return (account) => {
    const found = known.get(account);
    if (found !== undefined) return found;
    const made = bytesToHex(hmac(sha256, key(), utf8ToBytes(account)));
    if (known.size >= REMEMBERED_MAX) known.clear();
    known.set(account, made);
    return made;
  };
}
