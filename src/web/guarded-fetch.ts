import { OUTBOUND_FAILURE_KEPT_MS, OUTBOUND_FAILURES_MAX } from "./limits.ts";

/**
 * Everything the Worker fetches from outside goes through here: descriptions of clients, keys and
 * documents of identity providers. Their addresses come from strangers, so they may lead only to
 * public https hosts by name, never onwards by a redirect, never back to ourselves; and what failed
 * a moment ago is not asked again. On the platform `global_fetch_strictly_public` stands behind it.
 */
export function guardedFetch(
  inner: typeof fetch,
  options: { ownOrigin: string; now: () => number },
): typeof fetch {
  const failedUntil = new Map<string, number>();

  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.protocol !== "https:" || !isPublicName(url.hostname)) throw refused("not_public");
    if (url.origin === options.ownOrigin) throw refused("ourselves");
    const until = failedUntil.get(url.href) ?? 0;
    if (request.method === "GET" && until > options.now()) throw refused("failed_just_now");
    try {
      const response = await inner(request, { redirect: "manual" });
      if (request.method === "GET" && response.status !== 200) remember(url.href);
      return response;
    } catch (error) {
      remember(url.href);
      throw error;
    }
  };

  function remember(url: string): void {
    failedUntil.set(url, options.now() + OUTBOUND_FAILURE_KEPT_MS);
    const [oldest] = failedUntil.keys();
    if (failedUntil.size > OUTBOUND_FAILURES_MAX && oldest !== undefined) {
      failedUntil.delete(oldest);
    }
  }
}

/** Names that never mean a machine on the public internet (RFC 6761, RFC 8375 and habit). */
const PRIVATE_ENDINGS = ["localhost", "local", "internal", "home.arpa", "lan", "test", "onion"];

/** A DNS name with a dot in it. Addresses in any notation are none: `URL` has made them plain. */
export function isPublicName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  if (name.startsWith("[") || /^[\d.]+$/.test(name) || !name.includes(".")) return false;
  return !PRIVATE_ENDINGS.some((ending) => name === ending || name.endsWith(`.${ending}`));
}

function refused(reason: string): TypeError {
  return new TypeError(`outbound request refused: ${reason}`);
}
