/**
 * A gateway account's id: 128 random bits. It is the OAuth subject and part of every token, whose
 * parts are separated by colons, and it stands in the relay's path: letters and digits only.
 */
const ACCOUNT_ID = /^acct_[0-9a-v]{26}$/;

/**
 * Whether a text has the form of a gateway account's id; whether there is such an account it cannot
 * say.
 */
export function isAccountId(value: string): boolean {
  return ACCOUNT_ID.test(value);
}

/** Makes an id from 16 random bytes (base32hex, lower case). */
export function gatewayAccountIdOf(random: Uint8Array): string {
  let value = 0n;
  for (const byte of random.subarray(0, 16)) value = (value << 8n) | BigInt(byte);
  return `acct_${value.toString(32).padStart(26, "0")}`;
}
