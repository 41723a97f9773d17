import { membersAt, skipSpace } from "./json-spans.ts";

/** The id of a request as it was written, and what two writings of one id have in common. */
export interface MessageId {
  readonly raw: string;
  readonly key: string;
}

/** What a pump has to know of a message. */
export interface Message {
  readonly method: string | null;
  readonly id: MessageId | null;
  readonly isAnswer: boolean;
}

const INTEGER = /^-?\d+$/;

/**
 * Reads a line, which is one character a byte (latin1): JSON's own signs are ASCII, so everything
 * else may stay the bytes that it is. Null where no object begins; a batch is not of this protocol.
 */
export function readMessage(text: string): Message | null {
  const at = skipSpace(text, 0);
  if (text[at] !== "{") return null;
  const members = membersAt(text, at);
  const raw = (name: string): string | null => {
    const span = members.get(name);
    return span === undefined ? null : text.slice(span.start, span.end);
  };
  const method = parsed(raw("method"));
  const isMethod = typeof method === "string";
  return {
    method: isMethod ? method : null,
    id: idOf(raw("id")),
    isAnswer: !isMethod && (members.has("result") || members.has("error")),
  };
}

/** The id in a message that is too long to be held; null where it stands behind what was seen. */
export function readHead(text: string): Message | null {
  const message = readMessage(text);
  if (message === null || message.method !== null || message.isAnswer) return message;
  // The long value itself is cut off, so an answer's result is not among the members.
  return { ...message, isAnswer: /"(?:result|error)"\s*:/.test(text) };
}

function idOf(raw: string | null): MessageId | null {
  const value = parsed(raw);
  if (raw === null) return null;
  if (typeof value === "string") return { raw, key: `text:${value}` };
  if (typeof value !== "number") return null;
  // Beyond what a double holds, two ids would become one.
  const exact = INTEGER.test(raw) && !Number.isSafeInteger(value);
  return { raw, key: `number:${exact ? raw : value}` };
}

export function parsed(raw: string | null): unknown {
  if (raw === null) return undefined;
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
