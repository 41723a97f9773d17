import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";

const LIMITS = { maxBytes: 16, deadlineMs: 1_000 };

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers,
    body,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
}

function streamOf(chunks: Uint8Array[], end = true): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      if (end) controller.close();
    },
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("reading a body", () => {
  it("reads what fits, to the last byte of the bound", async () => {
    expect(await readBody(post("0123456789abcdef"), LIMITS)).toEqual({
      ok: true,
      text: "0123456789abcdef",
    });
    expect(await readBody(post(null), LIMITS)).toEqual({ ok: true, text: "" });
  });

  it("refuses one byte more, declared or not", async () => {
    const declared = post("0123456789abcdefg", { "content-length": "17" });
    expect(await readBody(declared, LIMITS)).toEqual({ ok: false, reason: "too_large" });
    const streamed = post(streamOf([bytes("0123456789"), bytes("abcdefg")]));
    expect(await readBody(streamed, LIMITS)).toEqual({ ok: false, reason: "too_large" });
  });

  it("does not believe a declared length that is too small", async () => {
    const lying = post(streamOf([bytes("0123456789"), bytes("abcdefg")]), {
      "content-length": "3",
    });
    expect(await readBody(lying, LIMITS)).toEqual({ ok: false, reason: "too_large" });
  });

  it("joins characters that were cut between chunks, and refuses what is not UTF-8", async () => {
    const [first, ...rest] = bytes("€");
    const cut = post(streamOf([Uint8Array.of(first ?? 0), Uint8Array.from(rest)]));
    expect(await readBody(cut, LIMITS)).toEqual({ ok: true, text: "€" });
    const broken = post(streamOf([Uint8Array.of(0xff, 0xfe)]));
    expect(await readBody(broken, LIMITS)).toEqual({ ok: false, reason: "not_utf8" });
    const unfinished = post(streamOf([Uint8Array.of(0xe2, 0x82)]));
    expect(await readBody(unfinished, LIMITS)).toEqual({ ok: false, reason: "not_utf8" });
  });

  it("gives up on a body that never ends", async () => {
    const endless = post(streamOf([bytes("{")], false));
    expect(await readBody(endless, { maxBytes: 16, deadlineMs: 20 })).toEqual({
      ok: false,
      reason: "too_slow",
    });
  });
});
