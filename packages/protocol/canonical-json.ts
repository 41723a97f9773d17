import canonicalize from "canonicalize";
import type { JsonValue } from "./json.ts";

/**
 * RFC 8785 canonical JSON. Throws on what JSON cannot carry (undefined, NaN, cycles).
 *
 * RFC 8785 writes values as `JSON.stringify` does and sorts members by UTF-16 code units, so plain
 * data with its members in that order is written by the engine itself. Everything out of the
 * ordinary is left to the library, which also says what is wrong with it.
 */
export function canonicalJson(value: JsonValue): string {
  const ordered = inOrder(value, 0);
  const text = ordered === NOT_PLAIN ? canonicalize(value) : JSON.stringify(ordered);
  if (text === undefined) throw new TypeError("value has no canonical JSON form");
  return text;
}

const NOT_PLAIN = Symbol("not plain");
const DEPTH_MAX = 64;

/** The value with all members in order: itself where they are, a copy where not. */
function inOrder(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? value : NOT_PLAIN;
    case "number":
      return Number.isFinite(value) ? value : NOT_PLAIN;
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (depth === DEPTH_MAX) return NOT_PLAIN;
      return Array.isArray(value) ? itemsInOrder(value, depth) : membersInOrder(value, depth);
    default:
      return NOT_PLAIN;
  }
}

function itemsInOrder(items: readonly unknown[], depth: number): unknown {
  if ("toJSON" in items) return NOT_PLAIN;
  let copy: unknown[] | undefined;
  for (const [at, item] of items.entries()) {
    const ordered = inOrder(item, depth + 1);
    if (ordered === NOT_PLAIN) return NOT_PLAIN;
    if (ordered === item) continue;
    copy ??= [...items];
    copy[at] = ordered;
  }
  return copy ?? items;
}

function membersInOrder(value: object, depth: number): unknown {
  const form: unknown = Object.getPrototypeOf(value);
  if ((form !== Object.prototype && form !== null) || "toJSON" in value) return NOT_PLAIN;
  const members: [string, unknown][] = [];
  let same = true;
  let before: string | undefined;
  for (const [name, item] of Object.entries(value)) {
    if (!name.isWellFormed()) return NOT_PLAIN;
    const ordered = inOrder(item, depth + 1);
    if (ordered === NOT_PLAIN) return NOT_PLAIN;
    if (ordered !== item || (before !== undefined && before > name)) same = false;
    before = name;
    members.push([name, ordered]);
  }
  if (same) return value;
  // An object lists names that are numbers before all others, in whatever order it got them.
  if (members.some(([name]) => DIGIT.test(name))) return NOT_PLAIN;
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const DIGIT = /^\d/;
