import { isAscii, utf8Length } from "./frame-codec.ts";

/** Cuts text into pieces of at most `maxBytes` UTF-8 bytes, never inside a code point. */
export function cutText(text: string, maxBytes: number): string[] {
  const pieces: string[] = [];
  if (isAscii(text)) {
    for (let from = 0; from < text.length; from += maxBytes) {
      pieces.push(text.slice(from, from + maxBytes));
    }
    return pieces.length === 0 ? [""] : pieces;
  }
  let start = 0;
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const point = text.codePointAt(at) ?? 0;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    const units = size === 4 ? 2 : 1;
    if (bytes + size > maxBytes) {
      pieces.push(text.slice(start, at));
      start = at;
      bytes = 0;
    }
    bytes += size;
    at += units;
  }
  pieces.push(text.slice(start));
  return pieces;
}

/** Chunks received so far. A value: adding returns another one. */
export interface ChunkBuffer {
  readonly parts: readonly string[];
  readonly bytes: number;
  /** The chunk that said it was the last has come. */
  readonly complete: boolean;
}

export const NO_CHUNKS: ChunkBuffer = { parts: [], bytes: 0, complete: false };

/** The buffer with one more chunk, or why it does not fit: out of order, after the end, too large. */
export function addChunk(
  buffer: ChunkBuffer,
  chunk: { chunk_seq: number; data: string; more: boolean },
  limits: { maxChunkBytes: number; maxBytes: number },
): ChunkBuffer | "out_of_order" | "after_end" | "too_large" {
  if (buffer.complete) return "after_end";
  if (chunk.chunk_seq !== buffer.parts.length) return "out_of_order";
  const size = utf8Length(chunk.data);
  if (size > limits.maxChunkBytes || buffer.bytes + size > limits.maxBytes) return "too_large";
  return {
    parts: [...buffer.parts, chunk.data],
    bytes: buffer.bytes + size,
    complete: !chunk.more,
  };
}
