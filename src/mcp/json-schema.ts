import * as z from "zod";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { objectOf } from "./messages.ts";

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

/** What a caller may send: everything named and described, unknown keys refused. */
export function inputSchema(schema: z.ZodObject): ObjectSchema {
  const json = toJson(schema);
  const properties = objectOf(json.properties);
  // Schemas are read from their output side, where a defaulted field is always there.
  const required = stringsOf(json.required).filter(
    (name) => !("default" in objectOf(properties[name])),
  );
  return {
    type: "object",
    properties: mapValues(properties, withoutNoise),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

/**
 * What a tool answers: the kinds of its top-level fields. Some clients check `structuredContent`
 * against it even when `isError` is set, so no field is required: a failure has none of them.
 */
export function outputSchema(schema: z.ZodObject): ObjectSchema {
  const properties = objectOf(toJson(schema).properties);
  return { type: "object", properties: mapValues(properties, kindOf) };
}

/** What a successful answer is checked against, in full. */
export function fullOutputSchema(schema: z.ZodObject): JsonObject {
  return toJson(schema);
}

function toJson(schema: z.ZodObject): JsonObject {
  const json: unknown = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return objectOf(JSON.parse(JSON.stringify(json)));
}

/** Keeps the meaning of an input's schema and drops what says nothing to a caller. */
function withoutNoise(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(
    ([key, item]) =>
      key !== "pattern" && !((key === "minimum" || key === "maximum") && isSafeBound(item)),
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNoise(item)]));
}

/** zod writes the bounds of a double's integers into every integer. */
function isSafeBound(value: JsonValue): boolean {
  return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER;
}

function kindOf(value: JsonValue): JsonObject {
  const { type, anyOf } = objectOf(value);
  if (type !== undefined) return { type };
  if (!Array.isArray(anyOf)) return {};
  const types = anyOf.map((alternative) => objectOf(alternative).type ?? null);
  return types.includes(null) ? {} : { type: types };
}

function stringsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function mapValues(object: JsonObject, map: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
