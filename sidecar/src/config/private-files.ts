import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type * as z from "zod";
import { makeFolders } from "./make-folders.ts";
import { UsageError } from "./usage-error.ts";

/** Windows has no such modes; there the profile folder's access list does the work. */
const POSIX = process.platform !== "win32";

/** Makes the configuration folder, for its owner alone, or says why it cannot serve. */
export function ensureConfigDir(configDir: string): void {
  try {
    makeFolders(configDir, 0o700);
    const stats = statSync(configDir);
    if (!stats.isDirectory()) throw new UsageError(`${configDir} is not a folder`);
    if (POSIX && (stats.mode & 0o022) !== 0) {
      throw new UsageError(`${configDir} can be written by others; run: chmod 700 ${configDir}`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`the configuration folder ${configDir} cannot be used (${codeOf(error)})`);
  }
}

/**
 * A private JSON file of the configuration folder; null when it does not exist. A file that others
 * can read, or that does not hold what it should, ends the program: a key that leaked must not be
 * used, and a broken setting must not turn into a default.
 */
export function readPrivateJson<S extends z.ZodType>(
  configDir: string,
  name: string,
  schema: S,
): z.infer<S> | null {
  const path = join(configDir, name);
  let text: string;
  try {
    const { mode } = statSync(path);
    if (POSIX && (mode & 0o077) !== 0) {
      throw new UsageError(`${path} can be read by others; run: chmod 600 ${path}`);
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (codeOf(error) === "ENOENT") return null;
    throw new UsageError(`${path} cannot be read (${codeOf(error)})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${path} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.map(String).join(".") || "the whole file";
  throw new UsageError(`${path} is not valid at ${where}`);
}

/** Writes a private JSON file so that it is whole or not there, also after a power cut. */
export function writePrivateJson(configDir: string, name: string, value: unknown): void {
  ensureConfigDir(configDir);
  const path = join(configDir, name);
  const draft = `${path}.${process.pid}.new`;
  try {
    const file = openSync(draft, "w", 0o600);
    try {
      writeSync(file, `${JSON.stringify(value, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (POSIX) chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    throw new UsageError(`${path} cannot be written (${codeOf(error)})`);
  }
}

/** Removes a file of the configuration folder, if it is there. */
export function removePrivateFile(configDir: string, name: string): void {
  rmSync(join(configDir, name), { force: true });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "unknown error";
}
