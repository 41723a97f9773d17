import type { Kind } from "./form.ts";
import file from "./known-shapes.json" with { type: "json" };
import type { KnownNames } from "./places.ts";

/**
 * What answers of the broker look like as far as we know it: from recorded answers and the simulator's,
 * place by place, and which places our readers read. The file is made from them by its own test
 * (test/contract/field-report.test.ts), which fails while it is old.
 */
export interface KnownPlace {
  kinds: ReadonlySet<string>;
  /** Stood in every answer that had the record around it. */
  always: boolean;
  /** Our readers use it. */
  read: boolean;
}

export type KnownCall = ReadonlyMap<string, KnownPlace>;

const CALLS: ReadonlyMap<string, KnownCall> = new Map(
  Object.entries(file.calls).map(([template, places]) => [template, readCall(places)]),
);
const NAMES: ReadonlySet<string> = new Set(file.names);

/** `number|string always read` */
function readCall(places: Readonly<Record<string, string>>): KnownCall {
  return new Map(
    Object.entries(places).map(([at, text]) => {
      const [kinds = "", ...marks] = text.split(" ");
      return [
        at,
        {
          kinds: new Set(kinds.split("|")),
          always: marks.includes("always"),
          read: marks.includes("read"),
        },
      ];
    }),
  );
}

export function knownCall(template: string): KnownCall {
  return CALLS.get(template) ?? new Map();
}

/** Which names may stand in a report: those of the table, and those that the owner let through. */
export function namesOf(template: string, letThrough: ReadonlySet<string>): KnownNames {
  const call = knownCall(template);
  return {
    has: (place) => call.has(place),
    isName: (key) => NAMES.has(key) || letThrough.has(key),
  };
}

export const isKind = (known: KnownPlace, kind: Kind): boolean => known.kinds.has(kind);
