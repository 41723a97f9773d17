import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/**
 * JSON that means one thing only. `JSON.parse` keeps the last of two equal keys where another
 * parser (a firewall, an audit reader) may keep the first; what was checked would then differ from
 * what is done. So a repeated key is refused, as are `__proto__` and nesting beyond a bound.
 */
export type StrictJson =
  | { ok: true; value: JsonValue }
  | { ok: false; reason: "syntax" | "duplicate_key" | "forbidden_key" | "too_deep" };

export function parseStrictJson(text: string, maxDepth: number): StrictJson {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "syntax" };
  }
  const reason = findViolation(text, maxDepth);
  return reason === null ? { ok: true, value } : { ok: false, reason };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Walks text that `JSON.parse` has accepted, so it need not check syntax itself. */
function findViolation(
  text: string,
  maxDepth: number,
): "duplicate_key" | "forbidden_key" | "too_deep" | null {
  /** One entry per open container: the keys seen so far, or null for an array. */
  const open: (Set<string> | null)[] = [];
  let keyIsNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case OPEN_OBJECT:
      case OPEN_ARRAY: {
        if (open.length === maxDepth) return "too_deep";
        keyIsNext = text.charCodeAt(at) === OPEN_OBJECT;
        open.push(keyIsNext ? new Set() : null);
        break;
      }
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        open.pop();
        keyIsNext = false;
        break;
      case COMMA:
        keyIsNext = open.at(-1) instanceof Set;
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        const keys = open.at(-1);
        if (keyIsNext && keys instanceof Set) {
          const key = keyOf(text.slice(at, end + 1));
          if (key === "__proto__") return "forbidden_key";
          if (keys.has(key)) return "duplicate_key";
          keys.add(key);
          keyIsNext = false;
        }
        at = end;
        break;
      }
    }
  }
  return null;
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Escapes are undone: `"\u0061"` and `"a"` are the same key. */
function keyOf(literal: string): string {
  return literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1);
}
