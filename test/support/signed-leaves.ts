import * as fc from "fast-check";
import * as z from "zod";

/**
 * Values made from a schema, and every place in such a value where one thing alone can be another: for
 * tests that hold something of every signed field, so that a new field cannot be forgotten.
 */

type Schema = z.core.$ZodType;
type Step = string | number;

/** One place of a value. `path` is the field's name in the schema: `order.legs[].side`. */
export interface Place {
  path: string;
  at: Step[];
  /** Other values of this place alone. */
  others: fc.Arbitrary<unknown>;
}

/** Any value that the schema takes. */
export function anyOf<S extends z.ZodType>(schema: S): fc.Arbitrary<z.output<S>> {
  return rawOf(schema).map((value) => schema.parse(value));
}

/** Made once a schema: a pattern is read at length. */
const made = new WeakMap<Schema, fc.Arbitrary<unknown>>();

function rawOf(schema: Schema): fc.Arbitrary<unknown> {
  const known = made.get(schema) ?? arbitraryOf(schema);
  made.set(schema, known);
  return known;
}

function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodObject) return objectOf(schema.shape);
  if (schema instanceof z.ZodNullable) return fc.option(rawOf(schema.unwrap()), { freq: 3 });
  if (schema instanceof z.ZodExactOptional) return rawOf(schema.unwrap());
  if (schema instanceof z.ZodArray) {
    const { minimum = 0, maximum = 3 } = boundsOf(schema);
    const most = Math.max(minimum, Math.min(maximum, 3));
    return fc.array(rawOf(schema.element), { minLength: minimum, maxLength: most });
  }
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(rawOf));
  return scalarOf(schema);
}

function objectOf(shape: Record<string, Schema>): fc.Arbitrary<unknown> {
  const optional = Object.keys(shape).filter((key) => shape[key] instanceof z.ZodExactOptional);
  const members = Object.fromEntries(
    Object.entries(shape).map(([key, field]) => [key, rawOf(field)]),
  );
  return fc.record(members, {
    requiredKeys: Object.keys(shape).filter((key) => !optional.includes(key)),
    noNullPrototype: true,
  });
}

function scalarOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) {
    const { minimum = 0, maximum = 1_000_000 } = boundsOf(schema);
    return fc.integer({ min: Math.max(minimum, 1), max: Math.min(maximum, 1_000_000) });
  }
  if (schema instanceof z.ZodISODateTime) {
    return fc
      .date({
        min: new Date(1_600_000_000_000),
        max: new Date(1_700_000_000_000),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString());
  }
  if (schema instanceof z.ZodString) {
    const { minimum = 0, maximum = 30, patterns } = boundsOf(schema);
    const [pattern] = patterns ?? [];
    return pattern === undefined
      ? fc.string({ minLength: minimum, maxLength: Math.min(maximum, 30) })
      : fc.stringMatching(pattern).filter((text) => z.safeParse(schema, text).success);
  }
  throw new Error(`no values are known of ${schema._zod.def.type}`);
}

interface Bounds {
  minimum?: number;
  maximum?: number;
  patterns?: RegExp[];
}

/** What a schema's checks say of lengths, sizes and form. */
function boundsOf(schema: Schema): Bounds {
  const own = schema._zod.def;
  const checks = "checks" in own && Array.isArray(own.checks) ? own.checks : [];
  const bounds: Bounds = {};
  for (const check of [own, ...checks.map((one) => one._zod.def)]) {
    if ("minimum" in check && typeof check.minimum === "number") bounds.minimum = check.minimum;
    if ("maximum" in check && typeof check.maximum === "number") bounds.maximum = check.maximum;
    if ("value" in check && typeof check.value === "number") {
      const name = "check" in check ? check.check : null;
      if (name === "greater_than") bounds.minimum = check.value;
      if (name === "less_than") bounds.maximum = check.value;
    }
    if ("pattern" in check && check.pattern instanceof RegExp) {
      bounds.patterns = [...(bounds.patterns ?? []), check.pattern];
    }
  }
  return bounds;
}

/** The names of all fields that a schema has, whatever a value of it holds. */
export function fieldsOf(schema: Schema, path = ""): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, field]) => fieldsOf(field, join(path, key)));
  }
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodExactOptional) {
    return [...new Set([path, ...fieldsOf(schema.unwrap(), path)])];
  }
  if (schema instanceof z.ZodArray) {
    const { element } = schema;
    const scalar = !(element instanceof z.ZodObject);
    return [path, ...(scalar ? [] : fieldsOf(element, `${path}[]`))];
  }
  if (schema instanceof z.ZodLiteral) return [];
  return [path];
}

/** Every place of this value. */
export function placesOf(schema: Schema, value: unknown, path = "", at: Step[] = []): Place[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, field]) =>
      placesOf(field, memberOf(value, key), join(path, key), [...at, key]),
    );
  }
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodExactOptional) {
    const inner = schema.unwrap();
    const none = fc.constant(schema instanceof z.ZodNullable ? null : undefined);
    const here = { path, at, others: value == null ? rawOf(schema) : none };
    return value == null ? [here] : [here, ...placesOf(inner, value, path, at)];
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const { element } = schema;
    const here = { path, at, others: fewerOrMore(schema, value) };
    if (!(element instanceof z.ZodObject)) return [here];
    return [
      here,
      ...value.flatMap((one, index) => placesOf(element, one, `${path}[]`, [...at, index])),
    ];
  }
  if (schema instanceof z.ZodLiteral) return [];
  return [{ path, at, others: rawOf(schema) }];
}

function fewerOrMore(schema: z.ZodArray, value: readonly unknown[]): fc.Arbitrary<unknown> {
  const { minimum = 0, maximum = 100 } = boundsOf(schema);
  const ways: fc.Arbitrary<unknown>[] = [];
  if (value.length > minimum) ways.push(fc.constant(value.slice(0, -1)));
  if (value.length < maximum) ways.push(rawOf(schema.element).map((one) => [...value, one]));
  if (!(schema.element instanceof z.ZodObject) && value.length > 0) {
    ways.push(rawOf(schema.element).map((one) => [one, ...value.slice(1)]));
  }
  return fc.oneof(...ways);
}

/** The value with one place set to another; what does not fit the schema then is null. */
export function withPlace<S extends z.ZodType>(
  schema: S,
  value: z.output<S>,
  { at }: Place,
  to: unknown,
): z.output<S> | null {
  const copy: unknown = structuredClone(value);
  let holder = copy;
  for (const step of at.slice(0, -1)) holder = memberOf(holder, step);
  const last = at.at(-1);
  if (last === undefined || typeof holder !== "object" || holder === null) return null;
  if (to === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, to);
  const parsed = schema.safeParse(copy);
  return parsed.success ? parsed.data : null;
}

const memberOf = (value: unknown, key: Step): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);
