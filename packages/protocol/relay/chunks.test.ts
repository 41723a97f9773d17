import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld } from "../../../test/support/relay/world.ts";
import { canonicalJson, sha256Hex } from "../digest.ts";
import type { JsonValue } from "../json.ts";
import { CHUNK_MAX_BYTES, FRAME_MAX_BYTES, RESULT_MAX_BYTES } from "../limits.ts";
import { cutText } from "./chunks.ts";
import { utf8Length } from "./frame-codec.ts";

function asked() {
  const world = createWorld();
  const peer = pairedPeer(world).dial();
  peer.connect();
  const job = world.submit("test.read", {}, { deadlineMs: 60_000 });
  world.settle();
  const chunk = (chunk_seq: number, data: string, more: boolean) =>
    peer.send("job.result_chunk", { job_id: job, chunk_seq, data, more });
  const close = (text: string, chunks: number, change: object = {}) =>
    peer.send("job.result", {
      job_id: job,
      result_sha256: sha256Hex(text),
      chunks,
      result_bytes: utf8Length(text),
      ...change,
    });
  return { world, peer, job, chunk, close, outcome: () => world.outcome(job) };
}

describe("chunked results", () => {
  it("a result larger than a frame arrives whole, in chunks that each fit", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const big: JsonValue = { rows: Array.from({ length: 60_000 }, (_, n) => `row ${n} ŝ 🂡 "x"`) };
    const read = world.submit("test.read", {}, { deadlineMs: 60_000 });
    world.settle();
    world.work(sidecar, big);
    const chunks = sidecar.sent.filter((text) => text.includes("job.result_chunk"));
    expect(chunks.length).toBeGreaterThan(3);
    for (const text of chunks) {
      expect(utf8Length(text)).toBeLessThan(FRAME_MAX_BYTES);
      expect(utf8Length(JSON.parse(text).payload.data)).toBeLessThanOrEqual(CHUNK_MAX_BYTES);
    }
    world.settle();
    expect(world.outcome(read)).toEqual({
      ok: true,
      result: big,
      resultSha256: sha256Hex(canonicalJson(big)),
    });
  });

  it("chunks out of order end the job as failed", () => {
    const { chunk, outcome } = asked();
    chunk(1, '"b"', false);
    expect(outcome()).toMatchObject({ ok: false, code: "INTERNAL" });
  });

  it("a chunk after the last one ends the job as failed", () => {
    const { chunk, outcome } = asked();
    chunk(0, '"a"', false);
    chunk(1, "b", false);
    expect(outcome()).toMatchObject({ ok: false, code: "INTERNAL" });
  });

  it("a missing last chunk is noticed", () => {
    const { chunk, close, outcome } = asked();
    chunk(0, '"a', true);
    close('"ab"', 1);
    expect(outcome()).toMatchObject({ ok: false, code: "INTERNAL" });
  });

  it.each([
    ["wrong total length", { result_bytes: 3 }],
    ["wrong number of chunks", { chunks: 3 }],
    ["wrong digest", { result_sha256: "0".repeat(64) }],
    ["a result beside the chunks", { result: "ab" }],
  ])("%s is noticed", (_, change) => {
    const { chunk, close, outcome } = asked();
    chunk(0, '"a', true);
    chunk(1, 'b"', false);
    close('"ab"', 2, change);
    expect(outcome()).toMatchObject({ ok: false, code: "INTERNAL" });
  });

  it("a result without chunks has its digest checked too", () => {
    const { peer, job, outcome } = asked();
    peer.send("job.result", { job_id: job, result: 1, result_sha256: sha256Hex("2") });
    expect(outcome()).toMatchObject({ ok: false, code: "INTERNAL" });
  });

  it("a result of nothing at all is not a result", () => {
    const { peer, job, outcome } = asked();
    peer.send("job.result", { job_id: job, result_sha256: sha256Hex("") });
    expect(outcome()).toMatchObject({ ok: false, code: "INTERNAL" });
  });

  it("null is a result", () => {
    const { peer, job, outcome } = asked();
    peer.send("job.result", { job_id: job, result: null, result_sha256: sha256Hex("null") });
    expect(outcome()).toMatchObject({ ok: true, result: null });
  });

  it("more than 8 MiB is refused while it arrives, not after", () => {
    const { chunk, outcome } = asked();
    const piece = "x".repeat(CHUNK_MAX_BYTES);
    const pieces = RESULT_MAX_BYTES / CHUNK_MAX_BYTES;
    for (let n = 0; n < pieces; n += 1) chunk(n, piece, true);
    expect(outcome()).toBeNull();
    chunk(pieces, "x", true);
    expect(outcome()).toMatchObject({ ok: false, code: "PAYLOAD_TOO_LARGE" });
  });

  it("a sidecar refuses to send more than 8 MiB, and says so", () => {
    const world = createWorld();
    const sidecar = world.connected();
    const read = world.submit("test.read", {}, { deadlineMs: 60_000 });
    world.settle();
    world.work(sidecar, "x".repeat(RESULT_MAX_BYTES));
    world.settle();
    expect(world.outcome(read)).toMatchObject({ ok: false, code: "PAYLOAD_TOO_LARGE" });
  });

  it("without the capability a large result is refused instead of cut", () => {
    const world = createWorld();
    const sidecar = world.connected(["broker.read"]);
    const read = world.submit("test.read", {}, { deadlineMs: 60_000 });
    world.settle();
    world.work(sidecar, "x".repeat(2_000_000));
    world.settle();
    expect(world.outcome(read)).toMatchObject({ ok: false, code: "PAYLOAD_TOO_LARGE" });
  });

  it("text is cut on code points, loses nothing and keeps every piece within its bound", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.integer({ min: 4, max: 40 }),
        (text, max) => {
          const pieces = cutText(text, max);
          expect(pieces.join("")).toBe(text);
          for (const piece of pieces) {
            expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(max);
            expect(piece.isWellFormed()).toBe(true);
          }
        },
      ),
      { seed: 20_261_120, numRuns: 500 },
    );
  });

  it("the length in bytes is the one that UTF-8 has", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      }),
      { seed: 20_261_120, numRuns: 500 },
    );
  });
});
