import { isKind, type KnownCall } from "./known-shapes.ts";
import type { Place, Places } from "./places.ts";

export type DifferenceKind = "new_field" | "new_word" | "changed_type" | "missing";

export interface Difference {
  kind: DifferenceKind;
  at: string;
  /** What was seen there; empty for what is missing. */
  seen: string[];
  /** What was expected there; empty for what is new. */
  expected: string[];
}

/** What an answer has otherwise than every answer known so far. */
export function compare(places: Places, known: KnownCall): Difference[] {
  return [...inAnswer(places, known), ...missing(places, known)].toSorted(
    (a, b) => compareText(a.at, b.at) || compareText(a.kind, b.kind),
  );
}

function* inAnswer(places: Places, known: KnownCall): Iterable<Difference> {
  for (const [at, place] of places) {
    const expected = known.get(at);
    if (expected === undefined) {
      // Whatever stands in a new field is new with it.
      const parent = at.slice(0, at.lastIndexOf("/"));
      if (known.has(parent)) yield difference("new_field", at, place, []);
      continue;
    }
    const strange = [...place.kinds].filter((kind) => kind !== "null" && !isKind(expected, kind));
    // Where only null was ever seen, any value is the first one.
    if (strange.length > 0 && [...expected.kinds].some((kind) => kind !== "null")) {
      yield difference("changed_type", at, place, [...expected.kinds].toSorted());
    }
    if (place.newWords.size > 0) {
      yield { kind: "new_word", at, seen: [...place.newWords].toSorted(), expected: [] };
    }
  }
}

function* missing(places: Places, known: KnownCall): Iterable<Difference> {
  for (const [at, { read, always, kinds }] of known) {
    if (!read || !always || places.has(at) || at.endsWith("/*") || at.endsWith("/{}")) continue;
    const parent = places.get(at.slice(0, at.lastIndexOf("/")));
    if (parent?.kinds.has("record")) {
      yield { kind: "missing", at, seen: [], expected: [...kinds].toSorted() };
    }
  }
}

const difference = (
  kind: DifferenceKind,
  at: string,
  place: Place,
  expected: string[],
): Difference => ({ kind, at, seen: [...place.forms].toSorted(), expected });

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
