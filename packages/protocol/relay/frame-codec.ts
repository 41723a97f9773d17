import { FRAME_MAX_BYTES, FRAME_MAX_DEPTH } from "../limits.ts";
import { Envelope, PROTOCOL_VERSION } from "./frame-envelope.ts";
import type { Catalogue, FrameHead, FrameOf } from "./messages.ts";
import { CLOSE, type CloseCode, type RelayErrorCode } from "./relay-errors.ts";

/** Why a frame was not understood, and what its sender is told. Nothing is dropped in silence. */
export interface FrameProblem {
  readonly code: RelayErrorCode;
  readonly message: string;
  /** The frame's id, when it could be read. */
  readonly id: string | null;
  /** Set when the connection cannot go on. */
  readonly close: CloseCode | null;
}

export type Decoded<F> =
  | { readonly ok: true; readonly frame: F }
  | { readonly ok: false; readonly problem: FrameProblem }
  /** An unknown type that its sender marked as optional. */
  | { readonly ok: "ignored" };

/** Text to a typed frame of the given catalogue. Never throws; bounded work for any input. */
export function decodeFrame<C extends Catalogue>(text: string, catalogue: C): Decoded<FrameOf<C>> {
  if (longerThan(text, FRAME_MAX_BYTES)) {
    return problem("PAYLOAD_TOO_LARGE", "frame is larger than 1 MiB", CLOSE.protocolError);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem("INVALID_ARGUMENT", "frame is not JSON", CLOSE.protocolError);
  }
  if (tooDeep(value)) {
    return problem("INVALID_ARGUMENT", "frame is nested too deeply", CLOSE.protocolError);
  }
  const parsed = Envelope.safeParse(value);
  if (!parsed.success) {
    return problem("INVALID_ARGUMENT", "frame is not an envelope", CLOSE.protocolError);
  }
  const envelope = parsed.data;
  const { id } = envelope;
  if (envelope.arcp !== PROTOCOL_VERSION) {
    return problem("UNIMPLEMENTED", "arcp must be 1.1", CLOSE.upgradeRequired, id);
  }
  const schema = Object.hasOwn(catalogue, envelope.type) ? catalogue[envelope.type] : undefined;
  if (schema === undefined) {
    if (envelope.optional === true) return { ok: "ignored" };
    return problem("UNIMPLEMENTED", "this frame type is not known here", null, id);
  }
  const payload = schema.safeParse(envelope.payload);
  if (!payload.success) {
    const where = payload.error.issues[0]?.path.map(String).join(".").slice(0, 80) || "payload";
    return problem("INVALID_ARGUMENT", `payload is malformed at ${where}`, null, id);
  }
  // The catalogue's own schema just proved the payload of this type.
  return { ok: true, frame: { ...envelope, payload: payload.data } as unknown as FrameOf<C> };
}

export interface Outgoing extends Omit<FrameHead, "timestamp"> {
  readonly type: string;
  readonly optional?: true | undefined;
  readonly now: number;
  readonly payload: unknown;
}

/** A frame as text. The caller has the payload's type from the message tables. */
export function encodeFrame({ now, type, payload, ...head }: Outgoing): string {
  return JSON.stringify({
    arcp: PROTOCOL_VERSION,
    ...head,
    type,
    timestamp: new Date(now).toISOString(),
    payload,
  });
}

/** One unit, one byte: what most texts here are made of, and found out much faster than counted. */
export const isAscii = (text: string): boolean => !/[\u0080-\uffff]/.test(text);

/** Bytes of a string in UTF-8, without encoding it; lone surrogates count as three. */
export function utf8Length(text: string): number {
  if (isAscii(text)) return text.length;
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next < 0xe000) i += 1;
    }
  }
  return bytes;
}

/** Whether text has more UTF-8 bytes than that; counts only where the number of units leaves doubt. */
export function longerThan(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && utf8Length(text) > bytes;
}

/** Without recursion: the input decides the depth, and must not decide about our stack. */
function tooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > FRAME_MAX_DEPTH) return true;
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node !== "object" || node === null) continue;
      for (const child of Object.values(node)) {
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return false;
}

function problem(
  code: RelayErrorCode,
  message: string,
  close: CloseCode | null,
  id: string | null = null,
): { ok: false; problem: FrameProblem } {
  return { ok: false, problem: { code, message, id, close } };
}
