import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it, like `mkdir -p`. Node's own way of doing so never ends where a
 * file system says that something it was just asked to make does not exist, as /proc does.
 */
export function makeFolders(path: string, mode: number): void {
  const missing: string[] = [];
  for (let at = path; !exists(at); at = dirname(at)) {
    missing.push(at);
    if (dirname(at) === at) break;
  }
  for (const folder of missing.reverse()) mkdirSync(folder, { mode });
}

/** @throws when that cannot be known. */
function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
