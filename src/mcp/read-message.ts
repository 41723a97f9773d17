import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** The parts of a JSON-RPC message that decide how it is treated, read without trusting any. */
export interface Reading {
  method: string | null;
  /** True when an answer is expected. */
  isRequest: boolean;
  params: JsonObject;
  /** The protocol version that a modern message names in its own body; null for the 2025 era. */
  modernVersion: string | null;
  /** What the method is about: a tool's or prompt's name, a resource's address. */
  target: string | null;
}

const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/** Which parameter names a method's target; the header `Mcp-Name` mirrors the same one. */
const TARGET_PARAMETER: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

export function readMessage(message: JsonObject): Reading {
  const method = typeof message.method === "string" ? message.method : null;
  const params = objectOf(message.params);
  const version = objectOf(params._meta)[VERSION_KEY];
  const parameter =
    method !== null && Object.hasOwn(TARGET_PARAMETER, method) ? TARGET_PARAMETER[method] : null;
  const target = parameter == null ? null : params[parameter];
  return {
    method,
    isRequest: message.id !== undefined,
    params,
    modernVersion: typeof version === "string" ? version : null,
    target: typeof target === "string" ? target : null,
  };
}

/**
 * Whether the headers of a modern message say what its body says. Where they do not, the message
 * is left to the SDK, which answers 400 (-32020); nothing may be decided on either half.
 */
export function headersAgree(headers: Headers, reading: Reading): boolean {
  if (reading.modernVersion === null) return true;
  return (
    headers.get("mcp-protocol-version")?.trim() === reading.modernVersion &&
    headers.get("mcp-method")?.trim() === reading.method &&
    (reading.target === null || decodeName(headers.get("mcp-name")) === reading.target)
  );
}

const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** `Mcp-Name` carries what a header cannot as `=?base64?…?=`. */
function decodeName(header: string | null): string | null {
  const value = header?.trim() ?? null;
  const encoded = value === null ? undefined : SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A tool name as the audit log may hold it: what a caller made up is not written down. */
export function auditableName(name: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) ? name : "(not a tool name)";
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}
