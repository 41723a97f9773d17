import * as fc from "fast-check";
import { expect } from "vitest";
import type * as z from "zod";
import { anyOf, fieldsOf, type Place, placesOf, withPlace } from "./signed-leaves.ts";

/** Why no words follow a field; with `when`, only then. */
export interface Silent<T> {
  why: string;
  when?: (before: T, after: T) => boolean;
}

/**
 * Takes any values of a schema and sets one place after the other to something else: the words change,
 * or the field is listed with its reason. A field that is neither listed nor met fails as well.
 */
export function expectWordsOfEveryField<S extends z.ZodType>(
  schema: S,
  words: (value: z.output<S>) => string,
  silent: Readonly<Record<string, Silent<z.output<S>>>>,
  options: { values?: fc.Arbitrary<z.output<S>>; runs?: number } = {},
): void {
  const fields = fieldsOf(schema);
  expect(Object.keys(silent).filter((field) => !isFieldOrAbove(fields, field))).toEqual([]);
  const met = new Set<string>();
  fc.assert(
    fc.property(options.values ?? anyOf(schema), fc.gen(), (value, pick) => {
      const said = words(value);
      for (const place of placesOf(schema, value)) {
        const quiet = silentFor(silent, place);
        if (quiet !== null && quiet.when === undefined) continue;
        const to = pick(() => place.others);
        const other = withPlace(schema, value, place, to);
        if (other === null || JSON.stringify(other) === JSON.stringify(value)) continue;
        if (quiet?.when?.(value, other) === true) continue;
        met.add(place.path);
        if (words(other) === said) {
          expect.fail(
            `${place.path} set to ${JSON.stringify(to)} changes no word of:\n${said}\n${JSON.stringify(value)}`,
          );
        }
      }
    }),
    // A smaller ticket would say no more than the place that is named, and takes minutes to find.
    { numRuns: options.runs ?? 60, endOnFailure: true },
  );
  const unheard = fields.filter(
    (field) => !met.has(field) && silentFor(silent, { path: field }) === null,
  );
  expect(unheard).toEqual([]);
}

/** A field's own reason, or the reason of what it is part of. */
function silentFor<T>(
  silent: Readonly<Record<string, Silent<T>>>,
  { path }: Pick<Place, "path">,
): Silent<T> | null {
  for (const [field, reason] of Object.entries(silent)) {
    if (path === field) return reason;
    if (reason.when === undefined && isAbove(field, path)) return reason;
  }
  return null;
}

const isAbove = (field: string, path: string): boolean =>
  path.startsWith(`${field}.`) || path.startsWith(`${field}[]`);

const isFieldOrAbove = (fields: readonly string[], field: string): boolean =>
  fields.some((one) => one === field || isAbove(field, one));
