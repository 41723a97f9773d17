import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameSplitter, type Piece } from "./frame-splitter.ts";

/** Bytes in which line ends are frequent, cut into chunks at random. */
const chunks = fc.array(
  fc
    .array(fc.oneof(fc.constant(0x0a), fc.constant(0x0d), fc.integer({ min: 0, max: 255 })), {
      maxLength: 12,
    })
    .map((bytes) => Buffer.from(bytes)),
  { maxLength: 30 },
);

function split(parts: readonly Buffer[], frameMaxBytes?: number): Piece[] {
  const splitter = frameSplitter(frameMaxBytes);
  return [...parts.flatMap((part) => splitter.push(part)), ...splitter.end()];
}

describe("a stream cut into lines", () => {
  it("is every byte that came, in order, whatever the chunks and the limit", () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 40 }), (parts, max) => {
        const pieces = split(parts, max);
        expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(Buffer.concat(parts));
      }),
    );
  });

  it("has each line within the limit as one frame, and no other frames", () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 40 }), (parts, max) => {
        const whole = Buffer.concat(parts).toString("latin1");
        const lines = whole.match(/[^\n]*\n/g) ?? [];
        const frames = split(parts, max).flatMap(({ kind, bytes }) =>
          kind === "frame" ? [bytes.toString("latin1")] : [],
        );
        expect(frames).toEqual(lines.filter((line) => line.length <= max));
      }),
    );
  });

  it("gives a long line in parts, of which the first opens it, and finds the next line again", () => {
    const pieces = split([Buffer.from("0123"), Buffer.from("4567"), Buffer.from("8\nab\n")], 6);
    expect(pieces.map(({ kind, opens, bytes }) => [kind, opens, bytes.toString()])).toEqual([
      ["part", true, "01234567"],
      ["part", false, "8\n"],
      ["frame", true, "ab\n"],
    ]);
  });
});
