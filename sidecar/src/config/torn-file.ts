import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type * as z from "zod";
import { readPrivateJson, writePrivateJson } from "./private-files.ts";
import { UsageError } from "./usage-error.ts";

/** A file of the owner's as it counts now, and why it does not count as it stands. */
export interface OwnersFile<T> {
  value: T;
  /** Says which file, what is wrong with it, and where its copy is kept; null when it could be read. */
  fault: string | null;
}

/**
 * Reads a file without which exits and cancels still have to go out. One that cannot be read leaves
 * what it held when it could be read last, also in an earlier run, or else `otherwise`; its bytes are
 * kept aside, so that nothing is lost when the owner writes it anew.
 * @param load reads the file, or makes it; its UsageError is the fault
 */
export function readOwnersFile<S extends z.ZodType>(
  configDir: string,
  file: { name: string; schema: S; load(): z.infer<S>; otherwise: z.infer<S> },
): OwnersFile<z.infer<S>> {
  const { name, schema, load, otherwise } = file;
  const kept = `${name}.last-good`;
  try {
    const value = load();
    keep(configDir, kept, schema, value);
    return { value, fault: null };
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    const aside = keepAside(join(configDir, name));
    const where = aside === null ? "" : `; what stood in it is kept as ${basename(aside)}`;
    return {
      value: readKept(configDir, kept, schema) ?? otherwise,
      fault: `${thrown.message}${where}`,
    };
  }
}

/** Written only when it is another one; a disk that takes no copy is no reason to stop. */
function keep<S extends z.ZodType>(
  configDir: string,
  name: string,
  schema: S,
  value: z.infer<S>,
): void {
  const before = readKept(configDir, name, schema);
  if (before !== null && JSON.stringify(before) === JSON.stringify(value)) return;
  try {
    writePrivateJson(configDir, name, value);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
  }
}

function readKept<S extends z.ZodType>(
  configDir: string,
  name: string,
  schema: S,
): z.infer<S> | null {
  try {
    return readPrivateJson(configDir, name, schema);
  } catch (thrown) {
    if (thrown instanceof UsageError) return null;
    throw thrown;
  }
}

/** One copy of each content, however often it is met; null when there is nothing that can be copied. */
function keepAside(path: string): string | null {
  try {
    const bytes = readFileSync(path);
    const aside = `${path}.torn-${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}`;
    if (!existsSync(aside)) {
      writeFileSync(aside, bytes, { mode: 0o600 });
      chmodSync(aside, 0o600);
    }
    return aside;
  } catch {
    return null;
  }
}
