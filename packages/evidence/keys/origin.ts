import { fromHex, toHex, wholeNumber } from "../bytes.ts";
import { isKeyName } from "../note/vkey.ts";

/**
 * A log's origin: its address without scheme and closing slash, made once and never changed, also
 * when the gateway moves. The log's id is random: an account id stands in every access token.
 */
export const LOG_ID_BYTES = 16;

/** A new log id: 16 random bytes as lower-case hex. `random` is injected. */
export function newLogId(random: (bytes: number) => Uint8Array): string {
  return toHex(random(LOG_ID_BYTES));
}

/** Whether a text is a log's id: its bytes in lower-case hex. */
export function isLogId(text: string): boolean {
  return fromHex(text)?.length === LOG_ID_BYTES;
}

/**
 * `gw.example/audit/<log id>`. `host` is a name with or without a port, as in an address. Throws a
 * RangeError for anything else.
 */
export function logOrigin(host: string, logId: string): string {
  const [name = "", port, ...more] = host.split(":");
  const portFits = port === undefined || (wholeNumber(port) ?? 65_536) <= 65_535;
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name) || !portFits || more.length > 0) {
    throw new RangeError("an origin begins with a host");
  }
  if (!isLogId(logId)) throw new RangeError("a log id is 32 hexadecimal digits");
  const origin = `${host}/audit/${logId}`;
  if (!isKeyName(origin)) throw new RangeError("an origin can be a key's name");
  return origin;
}
