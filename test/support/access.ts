import type { Gateway } from "./gateway.ts";
import { Browser, connect, type OAuthConnection, signIn } from "./oauth-client.ts";

/** An owner at a browser, signed in. */
export async function ownerOf(gateway: Gateway): Promise<Browser> {
  const browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
  return browser;
}

export function accountOf(browser: Browser): string {
  const id = browser.cookie("ibkr-owner")?.split(".")[0];
  if (id === undefined) throw new Error("nobody is signed in");
  return id;
}

/** A client with a grant of these scopes. */
export async function clientOf(gateway: Gateway, scope: string): Promise<OAuthConnection> {
  return connect(await ownerOf(gateway), { scope });
}

/** What a message to `/mcp` is answered with; `initialize` unless told otherwise. */
export function callMcp(
  gateway: Gateway,
  headers: Record<string, string>,
  body: string | null = INITIALIZE,
): Promise<Response> {
  return fetch(`${gateway.url}/mcp`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
    },
    body,
  });
}

export const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "contract-test", version: "1" },
  },
});

/** Changes what KV holds under every key with this prefix. */
export async function rewriteKv(
  gateway: Gateway,
  prefix: string,
  change: (value: Record<string, unknown>) => Record<string, unknown>,
): Promise<number> {
  const kv = await gateway.kv();
  const { keys } = await kv.list({ prefix });
  for (const { name } of keys) {
    const value = await kv.get(name, "text");
    if (value !== null) await kv.put(name, JSON.stringify(change(JSON.parse(value))));
  }
  return keys.length;
}
