import { describe, expect, it } from "vitest";
import { guardedFetch, isPublicName } from "./guarded-fetch.ts";

function guarded(answer: () => Response | Promise<Response>) {
  let now = 0;
  const asked: Request[] = [];
  const inner: typeof fetch = async (input, init) => {
    asked.push(new Request(input, init));
    return answer();
  };
  return {
    asked,
    pass: (ms: number) => {
      now += ms;
    },
    fetch: guardedFetch(inner, { ownOrigin: "https://gateway.example", now: () => now }),
  };
}

describe("outbound requests", () => {
  it("go to public names alone, in whatever notation an address comes", async () => {
    const { fetch, asked } = guarded(() => new Response("ok"));
    for (const url of [
      "http://client.example/x",
      "https://127.0.0.1/x",
      "https://2130706433/x",
      "https://0x7f.1/x",
      "https://0177.0.0.1/x",
      "https://[::1]/x",
      "https://[::ffff:10.0.0.1]/x",
      "https://localhost/x",
      "https://a.localhost/x",
      "https://printer.local/x",
      "https://metadata.google.internal/x",
      "https://router/x",
      "https://gateway.example/x",
    ]) {
      await expect(fetch(url), url).rejects.toThrow("outbound request refused");
    }
    expect(asked).toEqual([]);
    expect((await fetch("https://client.example/x")).status).toBe(200);
    expect(isPublicName("client.example.")).toBe(true);
  });

  it("follow no redirect", async () => {
    const { fetch, asked } = guarded(
      () => new Response(null, { status: 302, headers: { Location: "https://10.0.0.1/" } }),
    );
    expect((await fetch("https://client.example/x")).status).toBe(302);
    expect(asked.map((request) => request.redirect)).toEqual(["manual"]);
  });

  it("are not made again for half a minute after they failed, and then are", async () => {
    const { fetch, asked, pass } = guarded(() => new Response(null, { status: 500 }));
    await fetch("https://client.example/x");
    for (let i = 0; i < 5; i += 1) {
      await expect(fetch("https://client.example/x")).rejects.toThrow("failed_just_now");
    }
    expect(asked).toHaveLength(1);
    await fetch("https://client.example/other");
    pass(31_000);
    await fetch("https://client.example/x");
    expect(asked).toHaveLength(3);
  });

  it("remember a bounded number of failures", async () => {
    const { fetch, asked } = guarded(() => new Response(null, { status: 404 }));
    for (let i = 0; i < 400; i += 1) await fetch(`https://client.example/${i}`);
    await fetch("https://client.example/0");
    expect(asked).toHaveLength(401);
  });
});
