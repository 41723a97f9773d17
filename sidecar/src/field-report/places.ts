import { formOf, type Kind, kindOf, textForm } from "./form.ts";
import { judgeWord } from "./words.ts";

/** Names that may stand in a report: those of one call, by place, and those of any call. */
export interface KnownNames {
  has(place: string): boolean;
  isName(key: string): boolean;
}

/** What an answer has at one place; `/*` stands for the items of a list, `/{}` for keys that are data. */
export interface Place {
  kinds: Set<Kind>;
  /** What may be written: forms, and words that are known. */
  forms: Set<string>;
  /** Forms of words that nobody knows. */
  newWords: Set<string>;
  /** How often the place occurred, and how often it could have. */
  seen: number;
  parents: number;
  /** Its own key where that is not known; null where it is. Stays on this PC. */
  unknownKey: string | null;
}

export type Places = Map<string, Place>;

/** Reads off an answer (see `parseAsWritten`) what stands where, keeping nothing of any value. */
export function placesOf(json: unknown, known: KnownNames): Places {
  const places: Places = new Map();
  visit(places, known, { at: "", key: "", unknownKey: null }, json);
  for (const [at, place] of places) {
    const parent = places.get(at.slice(0, at.lastIndexOf("/")));
    // A list is not counted by its items, nor a map by its keys: those are as many as they are.
    place.parents = parent?.seen ?? 1;
  }
  return places;
}

interface Spot {
  at: string;
  key: string;
  unknownKey: string | null;
}

function visit(
  places: Places,
  known: KnownNames,
  { at, key, unknownKey }: Spot,
  value: unknown,
): void {
  const kind = kindOf(value);
  const place = places.get(at) ?? {
    kinds: new Set(),
    forms: new Set(),
    newWords: new Set(),
    seen: 0,
    parents: 0,
    unknownKey,
  };
  places.set(at, place);
  place.seen += 1;
  place.kinds.add(kind);
  const word = judgeWord(key, value);
  place.forms.add(word === "known" ? `word ${String(value)}` : formOf(value));
  if (word === "new") place.newWords.add(formOf(value));
  if (Array.isArray(value)) {
    for (const item of value) visit(places, known, { at: `${at}/*`, key, unknownKey: null }, item);
  } else if (kind === "record" && typeof value === "object" && value !== null) {
    for (const [name, child] of Object.entries(value)) {
      visit(places, known, spotOf(known, at, name), child);
    }
  }
}

function spotOf(known: KnownNames, at: string, name: string): Spot {
  if (known.has(`${at}/${name}`)) return { at: `${at}/${name}`, key: name, unknownKey: null };
  if (known.has(`${at}/{}`)) return { at: `${at}/{}`, key: "", unknownKey: null };
  if (known.isName(name)) return { at: `${at}/${name}`, key: name, unknownKey: null };
  return { at: `${at}/<${textForm(name).replace(/\//g, "|")}>`, key: "", unknownKey: name };
}
