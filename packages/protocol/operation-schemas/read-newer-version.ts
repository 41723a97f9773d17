import type * as z from "zod";

/**
 * Reads what an end of the version after this one wrote. A member that this version does not know is
 * left out and named; everything it does know is read as strictly as ever. So what a newer PC adds
 * stops no read and no exit, and whoever must not act on half an answer sees that there was more.
 */
export interface Unknown {
  /** Where it stood: the names and indexes that lead to it, its own last. */
  readonly path: readonly PropertyKey[];
  readonly value: unknown;
}

export type Read<T> =
  | { ok: true; value: T; unknown: readonly Unknown[] }
  | { ok: false; error: z.ZodError };

/** Members inside members: each round takes away one level of them. */
const ROUNDS = 6;

/**
 * Reads an answer of a newer version: what the schema does not name is left out and listed in
 * `unknown`. Anything else that is not in form is refused with the schema's error.
 */
export function readNewer<S extends z.ZodType>(schema: S, told: unknown): Read<z.output<S>> {
  const first = schema.safeParse(told);
  if (first.success) return { ok: true, value: first.data, unknown: [] };
  const rest: unknown = structuredClone(told);
  const unknown: Unknown[] = [];
  let { error } = first;
  for (let round = 0; round < ROUNDS; round++) {
    for (const issue of error.issues) {
      if (issue.code !== "unrecognized_keys") return { ok: false, error };
      const holder = memberAt(rest, issue.path);
      if (holder === null) return { ok: false, error };
      for (const key of issue.keys) {
        unknown.push({ path: [...issue.path, key], value: holder[key] });
        delete holder[key];
      }
    }
    const again = schema.safeParse(rest);
    if (again.success) return { ok: true, value: again.data, unknown };
    error = again.error;
  }
  return { ok: false, error };
}

/**
 * Puts members back where they stood. What is signed as a whole is carried as a whole: its hash covers
 * them, whether or not this version knows what they mean.
 */
export function putBack(into: unknown, unknown: readonly Unknown[]): void {
  for (const { path, value } of unknown) {
    const holder = memberAt(into, path.slice(0, -1));
    const key = path.at(-1);
    if (holder === null || typeof key !== "string") throw new Error("a member has lost its place");
    holder[key] = value;
  }
}

/** With everything in it, known or not; throws what zod throws where it does not fit. */
export function parseCarrying<S extends z.ZodType>(schema: S, told: unknown): z.output<S> {
  const read = readNewer(schema, told);
  if (!read.ok) throw read.error;
  putBack(read.value, read.unknown);
  return read.value;
}

function memberAt(root: unknown, path: readonly PropertyKey[]): Record<string, unknown> | null {
  let at: unknown = root;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === "number") at = at[step];
    else if (isRecord(at) && typeof step === "string" && Object.hasOwn(at, step)) at = at[step];
    else return null;
  }
  return isRecord(at) ? at : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
