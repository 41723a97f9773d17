/** MCP over plain HTTP, for tests that have to send what no SDK would. */

export const MODERN = "2026-07-28";
export const LEGACY = "2025-11-25";

export interface McpPost {
  url: string;
  token: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON-RPC message, also when it came as a server-sent event; undefined when there is none. */
  message: JsonRpcMessage | undefined;
}

export interface JsonRpcMessage {
  jsonrpc?: unknown;
  id?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose form is what they test
  result?: any;
  error?: { code: number; message: string; data?: unknown };
}

export const CLIENT_META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientInfo": { name: "contract-test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Sends bytes as they are; the endpoint's usual headers can be replaced or, with null, left out. */
export async function post(
  to: McpPost,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream,
  headers: Record<string, string | null> = {},
): Promise<Answer> {
  const all = new Headers({
    authorization: `Bearer ${to.token}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  });
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) all.delete(name);
    else all.set(name, value);
  }
  const response = await fetch(`${to.url}/mcp`, {
    method: "POST",
    headers: all,
    body,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, message: messageIn(text) };
}

/** A request of the 2026-07-28 era, with the headers that have to mirror its body. */
export function modern(
  to: McpPost,
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string | null> = {},
): Promise<Answer> {
  const target = params.name ?? params.uri;
  return post(
    to,
    JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: CLIENT_META } }),
    {
      "mcp-protocol-version": MODERN,
      "mcp-method": method,
      ...(typeof target === "string" ? { "mcp-name": target } : {}),
      ...headers,
    },
  );
}

/** A request of the 2025 era. */
export function legacy(
  to: McpPost,
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string | null> = {},
): Promise<Answer> {
  return post(to, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), {
    "mcp-protocol-version": LEGACY,
    ...headers,
  });
}

export const ERAS = [
  ["2026-07-28", modern],
  ["2025-11-25", legacy],
] as const;

function messageIn(text: string): JsonRpcMessage | undefined {
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
