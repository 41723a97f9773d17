import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";

/** Where the broker's gateway listens. Always this machine. */
export interface GatewayAddress {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:5000`, no path. */
  readonly origin: string;
}

const refuse = (why: string): never => {
  throw new GatewayError(failure("INPUT_INVALID", why));
};

/**
 * Reads the owner's `--client-portal` address. Only this machine is accepted: the gateway holds the
 * broker session and answers whoever can reach it, so it must never be reached over a network.
 *
 * `localhost` becomes `127.0.0.1`, because Node may resolve it to `::1` and the gateway's allow
 * list knows IPv4 only.
 */
export function parseGatewayAddress(text: string): GatewayAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refuse("The Client Portal address is not a URL, e.g. https://127.0.0.1:5000");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refuse("The Client Portal address must start with https:// or http://");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return refuse("The Client Portal address must hold a host and a port and nothing else");
  }
  const path = url.pathname.replace(/\/+$/, "");
  if (path !== "" && path !== "/v1/api") {
    return refuse("The Client Portal address must hold a host and a port and nothing else");
  }
  const named = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const host = named === "localhost" ? "127.0.0.1" : named;
  if (!isLoopback(host)) {
    return refuse("The Client Portal address must be on this machine (127.0.0.1)");
  }
  const tls = url.protocol === "https:";
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  const shown = host.includes(":") ? `[${host}]` : host;
  return { tls, host, port, origin: `${tls ? "https" : "http"}://${shown}:${port}` };
}

function isLoopback(host: string): boolean {
  // WHATWG URL parsing has already turned 127.1, 0x7f.1 and the like into dotted form.
  return host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
