import { hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ExportFiles } from "../export/export-files.ts";
import type { ExportTarget } from "../export/write-export.ts";
import type { Sha256 } from "../merkle/hash.ts";

/** The platform's own: 100,000 entries are a second's work with it. */
export const nodeSha256: Sha256 = (bytes) => hash("sha256", bytes, "buffer");

/** An export's folder to read. Names come from the export, which is not believed: none leads out. */
export function filesIn(folder: string): ExportFiles {
  return {
    async open(name) {
      if (name.split("/").some((part) => part === ".." || part === "") || name.includes("\\")) {
        return null;
      }
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      return found?.isFile() === true ? createReadStream(path) : null;
    },
  };
}

/** A folder to write an export into, for its owner alone; it holds what they did. */
export function exportInto(folder: string): ExportTarget {
  const at = (name: string): string => join(folder, name);
  const named = async (name: string, fill: (aside: string) => Promise<void>): Promise<void> => {
    await mkdir(dirname(at(name)), { recursive: true, mode: 0o700 });
    const aside = `${at(name)}.part`;
    await fill(aside);
    // On the disk before it has its name: whoever is told that it is there may erase their own.
    const file = await open(aside, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, at(name));
  };
  return {
    read: (name) => readFile(at(name), "utf8").catch(nullIfMissing),
    has: async (name) => (await stat(at(name)).catch(nullIfMissing)) !== null,
    write: (name, text) => named(name, (aside) => writeFile(aside, text, { mode: 0o600 })),
    join: (names, into) =>
      named(into, async (aside) => {
        await writeFile(aside, "", { mode: 0o600 });
        for (const name of names) {
          if ((await stat(at(name)).catch(nullIfMissing)) === null) continue;
          await pipeline(createReadStream(at(name)), createWriteStream(aside, { flags: "a" }));
        }
      }),
    async remove(name) {
      await rm(at(name), { force: true });
      // A folder that is empty by now goes along; one that is not stays.
      const parent = dirname(at(name));
      const left = await readdir(parent).catch(() => ["?"]);
      if (parent !== folder && left.length === 0) await rm(parent, { recursive: true });
    },
    list: async (name) => (await readdir(at(name)).catch(nullIfMissing)) ?? [],
  };
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}
