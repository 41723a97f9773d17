import { inCapitals } from "@ibkr-edge-gateway/protocol/capitals.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { objectOf } from "./read-message.ts";
import { asWritten, exactText, type RewrittenNumbers } from "./wire/exact-numbers.ts";

/**
 * What a model means although it wrote it otherwise, where only one thing can be meant: a number
 * for a decimal string, null for nothing, `buy` for BUY; on reads also a list or a yes and no as
 * text. Whatever is left as it was is judged by the schema, which refuses it.
 */
export interface Tolerated {
  args: JsonValue;
  /** By the path of the argument: numbers of which nobody can say what was written, in words. */
  inexact: ReadonlyMap<string, string>;
}

interface Call {
  /** Reads only: what is sent to the broker is never put together from parts of a text. */
  readonly listsAsText: boolean;
  readonly rewritten: RewrittenNumbers;
}

/** `schema` is the JSON Schema of what the tool takes, in full. */
export function tolerate(schema: JsonObject, args: JsonValue, call: Call): Tolerated {
  const inexact = new Map<string, string>();
  if (!isObject(args)) return { args, inexact };
  const taken = fields(schema, args, { ...call, inexact, path: [] });
  return { args: taken, inexact };
}

interface Place extends Call {
  readonly inexact: Map<string, string>;
  readonly path: readonly string[];
}

const within = (place: Place, step: string): Place => ({ ...place, path: [...place.path, step] });

/** Left out, a try would be an order: what does not say yes or no is refused. */
const NEVER_ABSENT: ReadonlySet<string> = new Set(["rehearse"]);

function fields(schema: JsonObject, args: JsonObject, place: Place): JsonObject {
  const properties = objectOf(schema.properties);
  const taken: JsonObject = {};
  for (const [name, value] of Object.entries(args)) {
    const known = Object.hasOwn(properties, name);
    const absent = value === null && !NEVER_ABSENT.has(name);
    if (known && absent && !takesNull(objectOf(properties[name]))) continue;
    taken[name] = known ? tolerated(objectOf(properties[name]), value, within(place, name)) : value;
  }
  return taken;
}

function tolerated(schema: JsonObject, value: JsonValue, place: Place): JsonValue {
  const { type } = schema;
  if (Array.isArray(schema.enum)) return wordOf(schema.enum, value);
  if (type === "array") return listOf(schema, value, place);
  if (type === "object" && isObject(value)) return fields(schema, value, place);
  if (type === "boolean" && place.listsAsText && typeof value === "string") {
    return /^true$/i.test(value) ? true : /^false$/i.test(value) ? false : value;
  }
  if (type === "integer") return integerOf(value, place);
  if (type === "string" && typeof schema.pattern === "string") {
    return textOf(patternOf(schema.pattern), value, place);
  }
  return value;
}

function integerOf(value: JsonValue, place: Place): JsonValue {
  if (typeof value === "string") return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof value === "number" && place.rewritten.has(value)) refuse(value, place);
  return value;
}

/** A number as the digits that were written, and a code in capitals where it has to be. */
function textOf(pattern: RegExp, value: JsonValue, place: Place): JsonValue {
  if (typeof value === "number") {
    // Among the other texts only numbers of things are written in digits: no sign, no point.
    const decimal = pattern.test("0.5") && !pattern.test("A");
    const number = Number.isSafeInteger(value) && value >= 0 && pattern.test(String(value));
    if (!decimal && !number) return value;
    const text = exactText(value, place.rewritten);
    if (text === null) refuse(value, place);
    return text ?? value;
  }
  if (typeof value !== "string" || pattern.test(value)) return value;
  // Where a ticker fits, mixed letters may be a share of their own; a currency is none.
  const capitals = pattern.test("NVDD") ? inCapitals(value) : value.toUpperCase();
  return pattern.test(capitals) ? capitals : value;
}

function refuse(value: number, place: Place): void {
  const text = asWritten(value, place.rewritten);
  place.inexact.set(
    place.path.join("."),
    `a JSON number is exact only up to 15 digits and without an exponent. Send it as text${
      text === null ? ', such as "187.25"' : `: "${text}"`
    }.`,
  );
}

function listOf(schema: JsonObject, value: JsonValue, place: Place): JsonValue {
  const items = objectOf(schema.items);
  const list = place.listsAsText ? spelledOut(items, value) : value;
  if (!Array.isArray(list)) return value;
  return list.map((item, index) => tolerated(items, item, within(place, String(index))));
}

/** `"[1, 2]"`, `"1,2"` and 1 mean a list each, where no entry could hold a comma itself. */
function spelledOut(items: JsonObject, value: JsonValue): JsonValue {
  if (typeof value === "number") return [value];
  if (typeof value !== "string" || value === "") return value;
  if (!value.startsWith("[")) {
    const plain = items.type === "integer" || Array.isArray(items.enum);
    return plain ? value.split(",").map((part) => part.trim()) : value;
  }
  try {
    const parsed: JsonValue = JSON.parse(value);
    return parsed;
  } catch {
    return value;
  }
}

/** Other words for the same, as people and other brokers write them; compared without marks. */
const SYNONYMS: Readonly<Record<string, string>> = {
  limit: "LMT",
  market: "MKT",
  stop: "STP",
  stoplimit: "STOP_LIMIT",
  stplmt: "STOP_LIMIT",
  stoplmt: "STOP_LIMIT",
  trailing: "TRAIL",
  trailingstop: "TRAIL",
  trailinglimit: "TRAILLMT",
  trailingstoplimit: "TRAILLMT",
  goodtillcanceled: "GTC",
  goodtillcancelled: "GTC",
  goodtilcanceled: "GTC",
  goodtilcancelled: "GTC",
  immediateorcancel: "IOC",
  stock: "STK",
  etf: "STK",
  option: "OPT",
  future: "FUT",
  futures: "FUT",
  call: "C",
  put: "P",
};

function wordOf(words: readonly JsonValue[], value: JsonValue): JsonValue {
  if (typeof value !== "string" || words.includes(value)) return value;
  const plain = bare(value);
  const alike = words.filter((word) => typeof word === "string" && bare(word) === plain);
  const [same] = alike;
  if (same !== undefined) return alike.length === 1 ? same : value;
  const meant = Object.hasOwn(SYNONYMS, plain) ? SYNONYMS[plain] : undefined;
  return meant !== undefined && words.includes(meant) ? meant : value;
}

/** Without case and the marks between words; anything else is left to be refused. */
const bare = (word: string): string => word.toLowerCase().replace(/[ _-]/g, "");

function takesNull(schema: JsonObject): boolean {
  const ways = Array.isArray(schema.anyOf) ? schema.anyOf : [schema];
  return ways.some((way) => objectOf(way).type === "null");
}

const PATTERNS = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  let pattern = PATTERNS.get(source);
  if (pattern === undefined) {
    pattern = new RegExp(source);
    PATTERNS.set(source, pattern);
  }
  return pattern;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
