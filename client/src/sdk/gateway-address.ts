import { IbkrError } from "./errors.ts";

/**
 * The address of a gateway's MCP endpoint, of what a person types: `https://gateway.example`, with
 * or without `/mcp`. Plain http only on this computer: a token must not cross a network in the clear.
 */
export function mcpAddress(typed: string): string {
  const url = URL.canParse(typed) ? new URL(typed) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new IbkrError("INPUT_INVALID", `${typed} is not the address of a gateway.`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new IbkrError("INPUT_INVALID", `${typed} is not encrypted; use its https address.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new IbkrError("INPUT_INVALID", "A gateway's address holds no user and no password.");
  }
  return `${url.origin}/mcp`;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}
