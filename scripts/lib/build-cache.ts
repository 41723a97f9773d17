import { createHash } from "node:crypto";
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import * as z from "zod";
import { fromRoot, ROOT } from "./paths.ts";

/**
 * Keeps what was built between two commands. A build is taken again only while every file that went
 * into it, the settings of the build and the installed packages are byte for byte what they were;
 * so whoever starts, tests or measures never runs anything but the present sources.
 */
const CACHE = fromRoot("node_modules/.cache/ibkr-edge-gateway");
const RECORD = "kept.json";
/** A folder that nothing points to any more may still be copied from for a moment. */
const KEPT_MS = 10 * 60_000;
/** A file system's clock runs in ticks and may be some milliseconds behind this process's. */
const FILE_CLOCK_LAG_MS = 100;
const SETTINGS = [
  "wrangler.toml",
  "tsconfig.json",
  "package.json",
  "node_modules/.package-lock.json",
];

const Kept = z.strictObject({
  folder: z.string().regex(/^[\w-]+$/),
  /** SHA-256 of each file by its path from the root. */
  inputs: z.record(z.string(), z.string()),
});

/**
 * Fills `directory` with what `build` makes, which returns the paths (from the root) of all it read.
 * `name` is small letters and hyphens, one for each kind of build.
 */
export async function buildOnce(
  name: string,
  directory: string,
  build: (into: string) => Promise<string[]>,
): Promise<void> {
  const kept = await stillGood(name);
  if (kept !== null) {
    try {
      await cp(kept, directory, { recursive: true });
      return;
    } catch (error) {
      // Cleared away at this moment; then it is built anew.
      if (!isMissing(error)) throw error;
    }
  }
  const began = Date.now();
  const inputs = new Set([...(await build(directory)), ...SETTINGS]);
  const hashes: Record<string, string> = {};
  for (const path of inputs) {
    // A file that was written meanwhile may be another than the one that was read.
    if ((await stat(resolve(ROOT, path))).mtimeMs >= began - FILE_CLOCK_LAG_MS) return;
    hashes[path] = await hashOf(path);
  }
  await keep(name, directory, hashes);
}

async function stillGood(name: string): Promise<string | null> {
  const text = await readFile(join(CACHE, name, RECORD), "utf8").catch(() => "null");
  const kept = Kept.safeParse(jsonOrNull(text));
  if (!kept.success) return null;
  const same = await Promise.all(
    Object.entries(kept.data.inputs).map(
      // A file that is gone is a change like any other.
      async ([path, hash]) => (await hashOf(path).catch(() => null)) === hash,
    ),
  );
  return same.every(Boolean) ? join(CACHE, name, kept.data.folder) : null;
}

async function keep(
  name: string,
  directory: string,
  inputs: Record<string, string>,
): Promise<void> {
  const home = join(CACHE, name);
  await mkdir(home, { recursive: true });
  const folder = await mkdtemp(join(home, "build-"));
  await cp(directory, folder, { recursive: true });
  const record: z.input<typeof Kept> = { folder: basename(folder), inputs };
  const file = `${folder}.json`;
  await writeFile(file, JSON.stringify(record));
  await rename(file, join(home, RECORD));
  for (const other of await readdir(home)) {
    const path = join(home, other);
    if (other === RECORD || path === folder) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function hashOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(resolve(ROOT, path)))
    .digest("hex");
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
