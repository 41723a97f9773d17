/** The text of a request's body, or why it was not read. */
export type BodyText =
  | { ok: true; text: string }
  | { ok: false; reason: "too_large" | "not_utf8" | "broken" | "too_slow" };

/**
 * Reads a body up to a bound and a deadline. A declared length above the bound is refused without
 * reading; an undeclared one is cut off at the first byte beyond it.
 */
export async function readBody(
  request: Request,
  limits: { maxBytes: number; deadlineMs: number },
): Promise<BodyText> {
  if (Number(request.headers.get("content-length") ?? 0) > limits.maxBytes) {
    await request.body?.cancel().catch(() => undefined);
    return { ok: false, reason: "too_large" };
  }
  if (request.body === null) return { ok: true, text: "" };
  const reader = request.body.getReader();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    reader.cancel().catch(() => undefined);
  }, limits.deadlineMs);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
    let received = 0;
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (expired) return { ok: false, reason: "too_slow" };
      if (done) break;
      received += value.byteLength;
      if (received > limits.maxBytes) {
        await reader.cancel().catch(() => undefined);
        return { ok: false, reason: "too_large" };
      }
      const part = decode(decoder, value);
      if (part === null) return { ok: false, reason: "not_utf8" };
      text += part;
    }
    const rest = decode(decoder);
    return rest === null ? { ok: false, reason: "not_utf8" } : { ok: true, text: text + rest };
  } catch {
    return { ok: false, reason: expired ? "too_slow" : "broken" };
  } finally {
    clearTimeout(timer);
  }
}

/** Null for bytes that are not UTF-8. Without bytes: the end of the stream. */
function decode(decoder: TextDecoder, bytes?: Uint8Array): string | null {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    return null;
  }
}
