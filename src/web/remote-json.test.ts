import { afterEach, describe, expect, it, vi } from "vitest";
import { REMOTE_JSON_MAX_BYTES } from "./limits.ts";
import { fetchRemoteJson } from "./remote-json.ts";

afterEach(() => vi.unstubAllGlobals());

const URL_ = "https://id.example/document";

/** The network, as the platform's fetch shows it. */
function network(answer: (request: Request) => Response | Promise<Response>): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    asked.push(request);
    return answer(request);
  });
  return asked;
}

describe("a document of an identity provider", () => {
  it("comes over https, without a redirect", async () => {
    const asked = network(() => Response.json({ ok: true }));
    expect(await fetchRemoteJson(URL_)).toEqual({ ok: true });
    expect(asked[0]?.redirect).toBe("manual");
    await expect(fetchRemoteJson("http://id.example/document")).rejects.toThrow("not_https");
    expect(asked).toHaveLength(1);
    for (const status of [301, 302, 307, 204, 404, 500]) {
      network(() => new Response(null, { status }));
      await expect(fetchRemoteJson(URL_)).rejects.toThrow(`status_${status}`);
    }
  });

  it("is read up to its bound, whether or not its length was declared", async () => {
    const fits = JSON.stringify("x".repeat(REMOTE_JSON_MAX_BYTES - 2));
    network(() => new Response(fits));
    expect(await fetchRemoteJson(URL_)).toHaveLength(REMOTE_JSON_MAX_BYTES - 2);
    let sent = 0;
    network(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              sent += 1024;
              controller.enqueue(new Uint8Array(1024).fill(0x20));
            },
          }),
        ),
    );
    await expect(fetchRemoteJson(URL_)).rejects.toThrow("too_large");
    expect(sent).toBeLessThan(REMOTE_JSON_MAX_BYTES * 2);
  });

  it("is waited for a bounded time", async () => {
    vi.useFakeTimers();
    try {
      const asked = network((request) => {
        return new Promise((_, reject) => {
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
        });
      });
      const timeout = vi.spyOn(AbortSignal, "timeout");
      void fetchRemoteJson(URL_).catch(() => undefined);
      expect(asked).toHaveLength(1);
      expect(timeout).toHaveBeenCalledWith(5_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is JSON, and what is not is not repeated", async () => {
    network(() => new Response("<html>SECRET</html>"));
    await expect(fetchRemoteJson(URL_)).rejects.toThrow(/^not_json$/);
  });
});
