import { UsageError } from "./usage-error.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Encrypted anywhere; in clear only to this very machine. `schemes` are the encrypted one, then the clear one. */
export function isAllowedAddress(address: string, schemes: readonly [string, string]): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") return false;
  return url.protocol === schemes[0] || (url.protocol === schemes[1] && LOOPBACK.has(url.hostname));
}

/** The gateway's origin from what was typed. */
export function parseGatewayUrl(typed: string): string {
  if (!isAllowedAddress(typed, ["https:", "http:"])) {
    throw new UsageError(
      "the gateway's address must be https://… (http only on localhost), for example https://gateway.example.com",
    );
  }
  return new URL(typed).origin;
}
