import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { EDGE_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import { EDGE_ORDER_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import * as z from "zod";

/**
 * The answer of an operation in a busy account: 500 positions, as many orders and fills, a log of
 * thousands of records, a year of bars. Made from the operation's own schema, every field filled, so
 * that an operation or a field that is new is measured as well.
 */
export function fullAnswer(operation: string, input: JsonObject): JsonValue {
  const all = { ...OPERATIONS, ...EDGE_OPERATIONS, ...EDGE_ORDER_OPERATIONS };
  const found = Object.entries(all).find(([name]) => name === operation);
  if (found === undefined) throw new Error(`there is no operation ${operation}`);
  const schema: unknown = z.toJSONSchema(found[1].output, { unrepresentable: "any", io: "input" });
  const answer = filled(schema, { operation, input, path: [], row: 0 });
  return objectOf(answer).page === undefined ? answer : withPage(objectOf(answer), input);
}

interface Place {
  operation: string;
  input: JsonObject;
  path: readonly string[];
  row: number;
}

const ROWS = 500;
/** Lists that an account or a year makes long; all others are taken with twelve entries. */
const LONG: Readonly<Record<string, number>> = {
  "market.bars bars": 1_000,
  "performance.get days": 366,
  "watchlists.get instruments": 250,
  "watchlists.list watchlists": 100,
  "alerts.list alerts": 100,
  "contracts.resolve candidates": 20,
  "options.chain months": 24,
  "scanner.run rows": 25,
  "market.snapshot quotes": 1,
  "trade.preview legs": 1,
  "trade.preview_bracket legs": 3,
  "trade.preview_group legs": 3,
  "trade.reconcile orders": 3,
  "options.greeks greeks": 1,
};
const SHORT = 12;
/** So many warnings, refusals and limits stand in an order's way at once. */
const SAID = 2;
/** Of a list inside an entry of another list. */
const NESTED = 3;

function lengthOf({ operation, input, path }: Place, max: number | undefined): number {
  const name = path.at(-1) ?? "";
  if (name === "notes") return 1;
  const long = LONG[`${operation} ${name}`];
  if (long !== undefined) return long;
  const { limit, top } = input;
  if (name === "positions" && typeof top === "number") return top;
  const first = path.length === 1 && typeof limit === "number";
  const rows =
    first && PAGED.has(name)
      ? Math.min(limit, ROWS - Number(input.offset ?? 0))
      : operation.startsWith("trade.preview")
        ? SAID
        : path.includes("[]")
          ? NESTED
          : SHORT;
  return Math.min(rows, max ?? rows);
}

/** What the operations call the rows that they page. */
const PAGED = new Set([
  ...["positions", "orders", "executions", "transactions", "rows", "contracts", "candidates"],
  ...["codes", "notifications", "records", "entries", "leafHashes"],
]);

function filled(schema: unknown, place: Place): JsonValue {
  const { anyOf, oneOf, enum: words, const: only, type, ...rest } = objectOf(schema);
  const ways = anyOf ?? oneOf;
  if (Array.isArray(ways)) {
    const first = ways.find((way) => objectOf(way).type !== "null");
    return filled(first ?? null, place);
  }
  if (only !== undefined) return only;
  if (Array.isArray(words)) return longest(words);
  switch (type) {
    case "object":
      return objectFilled(rest, place);
    case "array": {
      const { items, maxItems, prefixItems } = rest;
      if (Array.isArray(prefixItems)) return prefixItems.map((item) => filled(item, place));
      const most = typeof maxItems === "number" ? maxItems : undefined;
      if (objectOf(items).not !== undefined) return [];
      const from = place.path.length === 1 ? Number(place.input.offset ?? 0) : 0;
      return Array.from({ length: lengthOf(place, most) }, (_, row) =>
        filled(items ?? null, { ...place, row: row + from, path: [...place.path, "[]"] }),
      );
    }
    case "integer":
    case "number":
      return 756_733_000 + place.row < Number(rest.maximum ?? Number.POSITIVE_INFINITY)
        ? 756_733_000 + place.row
        : Number(rest.maximum);
    case "boolean":
      return false;
    case "string":
      return textFor(rest, place);
    default:
      return null;
  }
}

function objectFilled(schema: JsonObject, place: Place): JsonObject {
  const entries = Object.entries(objectOf(schema.properties)).map(([name, member]) => [
    name,
    filled(member, { ...place, path: [...place.path, name] }),
  ]);
  const made: JsonObject = Object.fromEntries(entries);
  return made;
}

const SAMPLES = [
  "12345.6789",
  "USD",
  "2026-11-30T15:59:59.123Z",
  "2026-11-30",
  "2026-11",
  "DU4815162",
  "01JD0000000000000000000000",
  "1234567890",
  "AAPL",
  "20261218",
  "ab".repeat(32),
];

function textFor({ pattern, format, maxLength }: JsonObject, { path, row }: Place): string {
  const name = path.at(-1) ?? "";
  if (typeof pattern === "string") {
    const at = new Date(Date.UTC(2026, 0, 1) + row * 60_000).toISOString();
    const found = [at, ...SAMPLES].find((sample) => new RegExp(pattern, "u").test(sample));
    if (found === undefined) throw new Error(`no sample for ${path.join(".")}: ${pattern}`);
    return found;
  }
  if (format === "date-time") return "2026-11-30T15:59:59.123Z";
  const length =
    name === "untrusted_text"
      ? path.includes("name") || path.includes("title")
        ? 40
        : 250
      : name === "entries" || path.includes("entries")
        ? 1_100
        : /hash/i.test(path.join("."))
          ? 64
          : /_at$|^at$/.test(name)
            ? 24
            : /id$|ref$/.test(name)
              ? 26
              : /name|description/.test(name)
                ? 36
                : /note|checkpoint|tail|left|policy|next_step|words/.test(path.join("."))
                  ? 80
                  : 10;
  return "x".repeat(Math.min(length, typeof maxLength === "number" ? maxLength : length));
}

const longest = (words: readonly JsonValue[]): JsonValue =>
  [...words].sort((a, b) => String(b).length - String(a).length)[0] ?? null;

function withPage(answer: JsonObject, { offset = 0, limit = 50 }: JsonObject): JsonObject {
  const next = Number(offset) + Number(limit);
  const page = { offset, returned: limit, total: ROWS, next_offset: next < ROWS ? next : null };
  return { ...answer, page };
}

function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? JSON.parse(JSON.stringify(value))
    : {};
}
