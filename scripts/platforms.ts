import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type LockFile, onlyFor, withoutChecksum } from "./lib/lock-file.ts";
import { fromRoot } from "./lib/paths.ts";
import { readArgs } from "./lib/read-args.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

const run = promisify(execFile);
const PLATFORMS = [
  ["linux", "x64"],
  ["linux", "arm64"],
  ["darwin", "x64"],
  ["darwin", "arm64"],
  ["win32", "x64"],
] as const;

const HELP = `Installs what package-lock.json names into an empty folder, once for each platform, as npm does it
there but without running any package's own scripts, and looks whether each package that is for that
platform alone has arrived. Needs the registry. Exit code 1 when one is missing or has no checksum.

Usage: npm run platforms

  --help   prints this
`;

/** `npm run platforms`. */
export const main = (args: string[]): Promise<void> => orSaySorry(() => installAll(args));

async function installAll(args: string[]): Promise<void> {
  const { help } = readArgs(args, { help: { type: "boolean", short: "h" } });
  if (help) {
    console.log(HELP);
    return;
  }
  const lock: LockFile = JSON.parse(await readFile(fromRoot("package-lock.json"), "utf8"));
  const gaps = withoutChecksum(lock);
  if (gaps.length > 0) throw new Sorry(`No checksum in package-lock.json: ${gaps.join(", ")}`);
  const failed: string[] = [];
  for (const [os, cpu] of PLATFORMS) {
    const folder = await mkdtemp(join(tmpdir(), `install-${os}-${cpu}-`));
    try {
      const began = Date.now();
      await copyManifests(lock, folder);
      await run("npm", ["ci", "--os", os, "--cpu", cpu, "--ignore-scripts", "--no-audit"], {
        cwd: folder,
      });
      const wanted = onlyFor(lock, os, cpu);
      const missing = await notThere(folder, wanted);
      if (missing.length > 0) failed.push(`${os} ${cpu}`);
      const seconds = ((Date.now() - began) / 1_000).toFixed(0);
      const found = `${wanted.length - missing.length} of ${wanted.length} packages of its own`;
      console.log(`${os} ${cpu}: ${found}, ${seconds} s`);
      for (const path of missing) console.log(`  missing: ${path}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  if (failed.length > 0) throw new Sorry(`Something is missing on ${failed.join(", ")}.`);
}

async function copyManifests(lock: LockFile, folder: string): Promise<void> {
  const own = Object.entries(lock.packages)
    .filter(([path, entry]) => !path.includes("node_modules") && entry.link !== true)
    .map(([path]) => join(path, "package.json"));
  for (const file of [...own, "package-lock.json", ".npmrc"]) {
    await cp(fromRoot(file), join(folder, file), { recursive: true }).catch((error: unknown) => {
      throw new Sorry(`${join(dirname(file), file)} cannot be copied: ${String(error)}`);
    });
  }
}

async function notThere(folder: string, paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    paths.map((path) =>
      stat(join(folder, path, "package.json")).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, index) => !there[index]);
}
