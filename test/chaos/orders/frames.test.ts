import { describe, expect, it } from "vitest";
import { type FrameNoise, frameCutter } from "./frames.ts";

const HEAD = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

function text(words: string): Buffer {
  const body = Buffer.from(words);
  const head =
    body.length < 126
      ? Buffer.from([0x81, body.length])
      : Buffer.from([0x81, 126, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, body]);
}
const ping = Buffer.from([0x89, 0]);

/** What arrives of these bytes, sent in pieces of this size, under this noise in turn. */
function through(bytes: Buffer, noise: (FrameNoise | null)[], piece: number): string {
  const passed: Buffer[] = [];
  const take = frameCutter(
    (some) => passed.push(Buffer.from(some)),
    () => noise.shift() ?? null,
  );
  for (let at = 0; at < bytes.length; at += piece) take(bytes.subarray(at, at + piece));
  return Buffer.concat(passed).toString("latin1");
}

describe("the line that loses, repeats and swaps frames", () => {
  const [a, b, c] = [text("first"), text("x".repeat(300)), text("third")];
  const sent = Buffer.concat([Buffer.from(HEAD), a, b, ping, c]);
  const latin = (...parts: Buffer[]) => HEAD + Buffer.concat(parts).toString("latin1");

  it.each([1, 7, 4_096])("passes everything as it is without noise, in pieces of %i", (piece) => {
    expect(through(sent, [], piece)).toBe(sent.toString("latin1"));
  });

  it.each<[FrameNoise, Buffer[]]>([
    ["lose", [b, ping, c]],
    ["repeat", [a, a, b, ping, c]],
    ["swap", [b, a, ping, c]],
  ])("can %s a whole frame and no other", (what, arrives) => {
    expect(through(sent, [what], 5)).toBe(latin(...arrives));
  });

  it("touches no control frame", () => {
    expect(through(sent, [null, null, "lose"], 5)).toBe(latin(a, b, ping));
  });
});
