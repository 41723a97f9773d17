import { REMOTE_JSON_MAX_BYTES, REMOTE_JSON_TIMEOUT_MS } from "./limits.ts";

/**
 * JSON from an identity provider: https, no redirects, a bound in size and in time. What comes back
 * is outside text until it is parsed against a schema.
 */
export async function fetchRemoteJson(
  url: string,
  init: { method?: "GET" | "POST"; headers?: Record<string, string>; body?: URLSearchParams } = {},
): Promise<unknown> {
  if (new URL(url).protocol !== "https:") throw new RemoteJsonError("not_https");
  const response = await fetch(url, {
    ...init,
    headers: { Accept: "application/json", ...init.headers },
    redirect: "manual",
    signal: AbortSignal.timeout(REMOTE_JSON_TIMEOUT_MS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new RemoteJsonError(`status_${response.status}`);
  }
  const text = await readBounded(response);
  try {
    return JSON.parse(text);
  } catch {
    throw new RemoteJsonError("not_json");
  }
}

/** `message` is a stable slug for the log; it never holds what the other side sent. */
class RemoteJsonError extends Error {
  override readonly name = "RemoteJsonError";
}

async function readBounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let received = 0;
  while (reader !== undefined) {
    const read = await reader.read();
    if (read.done) break;
    received += read.value.byteLength;
    if (received > REMOTE_JSON_MAX_BYTES) {
      await reader.cancel();
      throw new RemoteJsonError("too_large");
    }
    text += decoder.decode(read.value, { stream: true });
  }
  return text + decoder.decode();
}
