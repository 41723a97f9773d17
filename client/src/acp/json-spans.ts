/**
 * Where things stand in a JSON text, so that something can be put into it while every other byte
 * stays. The text is taken to be JSON: of one that is cut off, what stands before the cut is found.
 */
export interface Span {
  /** Of the first character. */
  readonly start: number;
  /** After the last character. */
  readonly end: number;
}

const SPACE = new Set([" ", "\t", "\r", "\n"]);
const SCALAR = /[^\s,\]}]+/y;

export function skipSpace(text: string, at: number): number {
  let i = at;
  while (SPACE.has(text.charAt(i))) i += 1;
  return i;
}

/**
 * The members of the object that begins at `at`, by name. Of two with one name the later counts, as
 * it does for JSON.parse. Empty where no object begins.
 */
export function membersAt(text: string, at: number): Map<string, Span> {
  const members = new Map<string, Span>();
  if (text[at] !== "{") return members;
  let i = skipSpace(text, at + 1);
  while (text[i] === '"') {
    const nameEnd = endOfString(text, i);
    if (nameEnd === null) break;
    const name = nameIn(text.slice(i, nameEnd));
    i = skipSpace(text, nameEnd);
    if (name === null || text[i] !== ":") break;
    const start = skipSpace(text, i + 1);
    const end = endOfValue(text, start);
    if (end === null) break;
    members.set(name, { start, end });
    i = skipSpace(text, end);
    if (text[i] !== ",") break;
    i = skipSpace(text, i + 1);
  }
  return members;
}

function nameIn(quoted: string): string | null {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return null;
  }
}

function endOfValue(text: string, at: number): number | null {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first === "{" || first === "[") return endOfNest(text, at);
  SCALAR.lastIndex = at;
  if (!SCALAR.test(text)) return null;
  // A scalar that the text ends with may be cut off.
  return SCALAR.lastIndex === text.length ? null : SCALAR.lastIndex;
}

function endOfNest(text: string, at: number): number | null {
  let depth = 0;
  for (let i = at; i < text.length; i += 1) {
    const char = text[i];
    if (char === '"') {
      const end = endOfString(text, i);
      if (end === null) return null;
      i = end - 1;
    } else if (char === "{" || char === "[") {
      depth += 1;
    } else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return null;
}

function endOfString(text: string, at: number): number | null {
  for (let i = text.indexOf('"', at + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    let before = i - 1;
    while (text[before] === "\\") before -= 1;
    if ((i - before) % 2 === 1) return i + 1;
  }
  return null;
}
