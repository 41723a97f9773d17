/** The shape of a JSON value: which kinds stand at which places. Lists and maps are one place. */
export type Shape = Map<string, Set<string>>;

/** Keys that are data, not names: accounts, currencies and symbols, dates. */
const DATA_KEY = /^(D?U\d{7}C?(\.Core)?|\d{8}|[A-Z]{3,5})$/;

export function addShape(shape: Shape, value: unknown, at = ""): Shape {
  const kinds = shape.get(at) ?? new Set<string>();
  shape.set(at, kinds.add(kindOf(value)));
  if (Array.isArray(value)) for (const one of value) addShape(shape, one, `${at}/*`);
  else if (typeof value === "object" && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      addShape(shape, one, `${at}/${DATA_KEY.test(key) ? "*" : key}`);
    }
  }
  return shape;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

/** Places of `wanted` that `given` lacks, or where it never has a kind that was wanted. */
export function missing(wanted: Shape, given: Shape): string[] {
  const found: string[] = [];
  for (const [at, kinds] of wanted) {
    const present = given.get(at);
    if (present === undefined) found.push(`${at} is not there`);
    else if ([...kinds].every((kind) => !present.has(kind))) {
      found.push(`${at} is ${[...present].join("|")}, recorded as ${[...kinds].join("|")}`);
    }
  }
  return found;
}
