import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { fromRoot } from "./paths.ts";

const run = promisify(execFile);
const ENTRY = "client/src/index.d.ts";
const SPECIFIER = /(\bfrom |\bimport\()"([^"]+)"/g;
const PROTOCOL = "@ibkr-edge-gateway/protocol/";

/**
 * The library's type declarations into `directory`: what its entry reaches and no more. They name no
 * other package, so that whoever installs the client needs nothing beside it.
 */
export async function emitClientTypes(directory: string): Promise<void> {
  const all = await mkdtemp(join(tmpdir(), "ibkr-client-types-"));
  try {
    const tsc = fromRoot("node_modules/typescript/bin/tsc");
    await run(process.execPath, [
      tsc,
      ...["-p", fromRoot("client/tsconfig.types.json"), "--outDir", all],
    ]);
    const out = await mkdtemp(join(tmpdir(), "ibkr-client-types-"));
    await follow(ENTRY, all, out, new Set());
    await cp(out, directory, { recursive: true });
    await rm(out, { recursive: true });
  } finally {
    await rm(all, { recursive: true, force: true });
  }
}

/** Copies one file and what it imports, with specifiers that resolve where there are no sources. */
async function follow(file: string, from: string, to: string, seen: Set<string>): Promise<void> {
  if (seen.has(file)) return;
  seen.add(file);
  const text = await readFile(join(from, file), "utf8");
  const next: string[] = [];
  const rewritten = text.replace(SPECIFIER, (_, before: string, specifier: string) => {
    const target = targetOf(file, specifier);
    next.push(target.replace(/\.ts$/, ".d.ts"));
    const path = relative(dirname(file), target).replaceAll("\\", "/").replace(/\.ts$/, ".js");
    return `${before}"${path.startsWith(".") ? path : `./${path}`}"`;
  });
  await mkdir(dirname(join(to, file)), { recursive: true });
  await writeFile(join(to, file), rewritten);
  for (const one of next) await follow(one, from, to, seen);
}

/** The source, from the root, that a specifier names. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith(".")) return join(dirname(file), specifier);
  if (specifier.startsWith(PROTOCOL)) {
    return join("packages/protocol", specifier.slice(PROTOCOL.length));
  }
  throw new Error(`the library's types name another package: ${specifier} in ${file}`);
}
