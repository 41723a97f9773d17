import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { DecimalText } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { Figure, OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import * as z from "zod";
import { objectOf } from "./read-message.ts";

/**
 * The schemas that `tools/list` publishes. Every client pays for them in tokens before it asks
 * anything, so they say what a caller needs and no more. What is checked, on the way in and on the
 * way out, is always the full zod schema, which is stricter; {@link fullOutputSchema} publishes it
 * to those who ask.
 */

/** A JSON Schema whose root is an object, as every tool's must be. */
export interface ObjectSchema extends JsonObject {
  type: "object";
}

/** Accepts `"5"` where 5 is meant, because models write both; anything else is left to the schema. */
export function numeric<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
    schema,
  );
}

/** What a tool takes, in full: what {@link tolerate} reads arguments by. */
export function fullInputSchema(schema: z.ZodObject): JsonObject {
  return toJson(schema);
}

/** The grammars of a decimal: a JSON number passes for one where it is exact. */
const DECIMAL_PATTERNS: ReadonlySet<JsonValue | undefined> = new Set(
  [OrderDecimal, Figure, DecimalText].map((schema) => objectOf(plain(schema)).pattern),
);

/** What a caller may send: everything named and described. */
export function inputSchema(schema: z.ZodObject): ObjectSchema {
  const json = toJson(schema);
  const properties = objectOf(json.properties);
  // Schemas are read from their output side, where a defaulted field is always there.
  const required = stringsOf(json.required).filter(
    (name) => !("default" in objectOf(properties[name])),
  );
  return {
    type: "object",
    ...(Object.keys(properties).length > 0
      ? { properties: mapValues(properties, withoutNoise) }
      : {}),
    ...(required.length > 0 ? { required } : {}),
    // Unknown names are refused with words either way; only where there is none is it worth saying.
    ...(Object.keys(properties).length > 0 ? {} : { additionalProperties: false }),
  };
}

/**
 * What a tool answers: an object, and no more is said. Some clients check `structuredContent` against
 * it even when `isError` is set, so no field may be required; and the names of fields alone cost every
 * client tokens for what the first answer shows.
 */
export const OUTPUT_SCHEMA: ObjectSchema = { type: "object" };

/** What a successful answer is checked against, in full. */
export function fullOutputSchema(schema: z.ZodObject): JsonObject {
  return toJson(schema);
}

function toJson(schema: z.ZodObject): JsonObject {
  return objectOf(plain(schema));
}

function plain(schema: z.ZodType): JsonValue {
  const json: unknown = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return JSON.parse(JSON.stringify(json));
}

/** Left to the check itself, whose refusal says what was wrong: few callers plan with these. */
const LEFT_OUT = new Set(["pattern", "minLength", "maxLength", "minItems", "maxItems"]);

/** Keeps of an input's schema what a caller plans with. */
function withoutNoise(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(
    ([key, item]) =>
      !LEFT_OUT.has(key) &&
      !(key.endsWith("imum") && goesWithoutSaying(item)) &&
      !(key === "default" && (item === false || (Array.isArray(item) && item.length === 0))),
  );
  // A list of words says that it holds strings.
  const entries = "enum" in value ? kept.filter(([key]) => key !== "type") : kept;
  const published = Object.fromEntries(entries.map(([key, item]) => [key, withoutNoise(item)]));
  if (!DECIMAL_PATTERNS.has(value.pattern) || value.type !== "string") return published;
  return { ...published, type: ["string", "number"] };
}

/** "Positive", and the bounds of 32 bits and of a double, which zod writes into integers. */
function goesWithoutSaying(bound: JsonValue): boolean {
  if (typeof bound !== "number") return false;
  return bound === 0 || bound === 1 || Math.abs(bound) >= 2 ** 31 - 1;
}

function stringsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function mapValues(object: JsonObject, map: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
