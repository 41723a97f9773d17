/** What can happen to a frame on a line that nobody guards. */
export type FrameNoise = "lose" | "repeat" | "swap";

const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * One direction of a connection: the HTTP head passes as it is, then WebSocket frames (RFC 6455 §5.2)
 * are cut out whole, and each message may be lost, repeated, or sent after the one that follows it.
 * Control frames pass untouched. Masked frames carry their own mask, so they may be repeated too.
 */
export function frameCutter(
  pass: (bytes: Buffer) => void,
  noise: () => FrameNoise | null,
): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  let open = false;
  let held: Buffer | null = null;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    if (!open) {
      const end = rest.indexOf(HEAD_END);
      if (end < 0) return;
      pass(rest.subarray(0, end + HEAD_END.length));
      rest = rest.subarray(end + HEAD_END.length);
      open = true;
    }
    for (let length = frameLength(rest); length !== null; length = frameLength(rest)) {
      const frame = rest.subarray(0, length);
      rest = rest.subarray(length);
      const isControl = ((frame[0] ?? 0) & 0x08) !== 0;
      const what = isControl || held !== null ? null : noise();
      if (what === "lose") continue;
      if (what === "swap") {
        held = frame;
        continue;
      }
      pass(frame);
      if (what === "repeat") pass(frame);
      if (held !== null && !isControl) {
        pass(held);
        held = null;
      }
    }
  };
}

/** Bytes of the first frame; null when it is not all there yet. */
export function frameLength(bytes: Buffer): number | null {
  if (bytes.length < 2) return null;
  const second = bytes[1] ?? 0;
  const short = second & 0x7f;
  const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + wide) return null;
  const size =
    wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const length = 2 + wide + ((second & 0x80) === 0 ? 0 : 4) + size;
  return bytes.length < length ? null : length;
}
