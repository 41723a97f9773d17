import { MCP_BODY_READ_MS, REGISTRATION_BODY_MAX_BYTES } from "../web/limits.ts";
import { readBody } from "../web/read-body.ts";

/**
 * A registration as hosts send it: what they have nothing to say about comes as `""` or null, and
 * means the same as if it were not there (RFC 7591 §2 has every member but the redirects optional).
 * Whatever cannot be read is passed on as it came, for the library to refuse.
 */
export async function withoutEmptyMembers(request: Request): Promise<Request | Response> {
  const body = await readBody(request, {
    maxBytes: REGISTRATION_BODY_MAX_BYTES,
    deadlineMs: MCP_BODY_READ_MS,
  });
  if (!body.ok) {
    const status = body.reason === "too_large" ? 413 : body.reason === "too_slow" ? 408 : 400;
    return Response.json({ error: "invalid_client_metadata" }, { status });
  }
  const headers = new Headers(request.headers);
  headers.delete("Content-Length");
  return new Request(request.url, { method: "POST", headers, body: filled(body.text) });
}

function filled(text: string): string {
  try {
    const sent: unknown = JSON.parse(text);
    if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return text;
    const said = Object.entries(sent).filter(([, value]) => value !== null && value !== "");
    return JSON.stringify(Object.fromEntries(said));
  } catch {
    return text;
  }
}
