import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { MCP_BODY_MAX_BYTES, MCP_BODY_READ_MS, MCP_JSON_MAX_DEPTH } from "../../web/limits.ts";
import { readBody } from "../../web/read-body.ts";
import { type RewrittenNumbers, rewrittenNumbers } from "./exact-numbers.ts";
import { parseStrictJson } from "./strict-json.ts";

export type Opened =
  | { ok: true; message: JsonObject; rewritten: RewrittenNumbers }
  | { ok: false; response: Response };

/** Takes one JSON-RPC message out of a POST, or says what is wrong with it. */
export async function openMessage(request: Request): Promise<Opened> {
  if (!isJson(request.headers.get("content-type"))) {
    return refused(415, INVALID_REQUEST, "Content-Type must be application/json in UTF-8");
  }
  if (request.headers.has("content-encoding")) {
    return refused(415, INVALID_REQUEST, "Content-Encoding is not accepted");
  }
  const body = await readBody(request, {
    maxBytes: MCP_BODY_MAX_BYTES,
    deadlineMs: MCP_BODY_READ_MS,
  });
  if (!body.ok) {
    switch (body.reason) {
      case "too_large":
        return refused(413, INVALID_REQUEST, `The body exceeds ${MCP_BODY_MAX_BYTES} bytes`);
      case "too_slow":
        return refused(408, INVALID_REQUEST, "The body did not arrive in time");
      case "not_utf8":
        return refused(400, PARSE_ERROR, "The body is not UTF-8");
      case "broken":
        return refused(400, PARSE_ERROR, "The body could not be read");
    }
  }
  const parsed = parseStrictJson(body.text, MCP_JSON_MAX_DEPTH);
  if (!parsed.ok) {
    switch (parsed.reason) {
      case "syntax":
        return refused(400, PARSE_ERROR, "The body is not JSON");
      case "duplicate_key":
        return refused(400, INVALID_REQUEST, "The body repeats a key");
      case "forbidden_key":
        return refused(400, INVALID_REQUEST, "The body uses a key that is not allowed");
      case "too_deep":
        return refused(400, INVALID_REQUEST, `The body nests deeper than ${MCP_JSON_MAX_DEPTH}`);
    }
  }
  const { value } = parsed;
  if (Array.isArray(value)) {
    return refused(400, INVALID_REQUEST, "JSON-RPC batches are not accepted");
  }
  if (value === null || typeof value !== "object") {
    return refused(400, INVALID_REQUEST, "The body is not a JSON-RPC message");
  }
  return { ok: true, message: value, rewritten: rewrittenNumbers(body.text) };
}

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

/** A JSON-RPC error over HTTP; without an id it answers no particular request. */
export function jsonRpcError(
  status: number,
  code: number,
  message: string,
  id: string | number | null = null,
): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id }, { status });
}

function refused(status: number, code: number, message: string): Opened {
  return { ok: false, response: jsonRpcError(status, code, message) };
}

function isJson(contentType: string | null): boolean {
  const [type, ...parameters] = (contentType ?? "").toLowerCase().split(";");
  return (
    type?.trim() === "application/json" &&
    parameters.every((parameter) => /^\s*(charset="?utf-8"?)?\s*$/.test(parameter))
  );
}
