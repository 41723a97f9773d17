/** A line longer than this is passed on in parts and not looked into; the SDKs refuse it anyway. */
export const FRAME_MAX_BYTES = 32 * 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * What came, in order and byte for byte: whole lines with their ends, and parts of what is too long
 * for a line or has no end. All pieces put together are all bytes that came.
 */
export interface Piece {
  readonly kind: "frame" | "part";
  readonly bytes: Buffer;
  /** The first part of a long line: what an id is looked for in. */
  readonly opens: boolean;
}

export interface FrameSplitter {
  push(chunk: Buffer): Piece[];
  /** What stands after the last line's end. */
  end(): Piece[];
}

/** Cuts a stream of bytes into lines; it holds at most `frameMaxBytes` and one chunk. */
export function frameSplitter(frameMaxBytes: number = FRAME_MAX_BYTES): FrameSplitter {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let inLongLine = false;

  function take(more: Buffer): Buffer {
    const bytes = held.length === 0 ? more : Buffer.concat([...held, more]);
    held = [];
    heldBytes = 0;
    return bytes;
  }

  function part(bytes: Buffer): Piece {
    const opens = !inLongLine;
    inLongLine = true;
    return { kind: "part", bytes, opens };
  }

  function endOfLine(line: Buffer): Piece {
    if (!inLongLine && heldBytes + line.length <= frameMaxBytes) {
      return { kind: "frame", bytes: take(line), opens: true };
    }
    const piece = part(take(line));
    inLongLine = false;
    return piece;
  }

  return {
    push(chunk) {
      const pieces: Piece[] = [];
      let at = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, at)) {
        pieces.push(endOfLine(chunk.subarray(at, end + 1)));
        at = end + 1;
      }
      const rest = chunk.subarray(at);
      if (rest.length === 0) return pieces;
      if (inLongLine || heldBytes + rest.length > frameMaxBytes) {
        pieces.push(part(take(rest)));
      } else {
        held.push(rest);
        heldBytes += rest.length;
      }
      return pieces;
    },

    end() {
      if (heldBytes === 0) return [];
      return [part(take(Buffer.alloc(0)))];
    },
  };
}
