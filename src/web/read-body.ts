/** The text of a request's body, or why it was not read. */
export type BodyText =
  | { ok: true; text: string }
  | { ok: false; reason: "too_large" | "not_utf8" | "broken" | "too_slow" };

export interface BodyLimits {
  maxBytes: number;
  deadlineMs: number;
}

/**
 * Reads a body up to a bound and a deadline. A declared length above the bound is refused without
 * reading; a body of undeclared length is cut off at the first byte beyond it.
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<BodyText> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limits.maxBytes) {
    // It is refused in any case; a body that cannot be cancelled has broken off already.
    await request.body?.cancel().catch(() => undefined);
    return { ok: false, reason: "too_large" };
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<"too_slow">((resolve) => {
    timer = setTimeout(resolve, limits.deadlineMs, "too_slow" as const);
  });
  try {
    const bytes = await (declared === null
      ? readBounded(request, limits.maxBytes, deadline)
      : Promise.race([request.arrayBuffer(), deadline]));
    if (typeof bytes === "string") return { ok: false, reason: bytes };
    if (bytes.byteLength > limits.maxBytes) return { ok: false, reason: "too_large" };
    return decode(bytes);
  } catch {
    return { ok: false, reason: "broken" };
  } finally {
    clearTimeout(timer);
  }
}

async function readBounded(
  request: Request,
  maxBytes: number,
  deadline: Promise<"too_slow">,
): Promise<Uint8Array | "too_large" | "too_slow"> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const read = await Promise.race([reader.read(), deadline]);
    if (read !== "too_slow" && read.done) break;
    received += read === "too_slow" ? 0 : read.value.byteLength;
    if (read === "too_slow" || received > maxBytes) {
      // As above: the answer stands, whatever becomes of the rest.
      reader.cancel().catch(() => undefined);
      return read === "too_slow" ? read : "too_large";
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function decode(bytes: ArrayBuffer | Uint8Array): BodyText {
  try {
    return { ok: true, text: UTF8.decode(bytes) };
  } catch {
    return { ok: false, reason: "not_utf8" };
  }
}
