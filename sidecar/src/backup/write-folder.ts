import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeFolders } from "../config/make-folders.ts";
import { UsageError } from "../config/usage-error.ts";
import type { BackupContent } from "./backup-format.ts";
import { isKept } from "./kept-files.ts";
import { markRestored } from "./restored-marker.ts";

/**
 * Lays a backup out as a configuration folder that is not fenced yet; whole, or not there at all, also
 * where the power fails right after it.
 * @throws UsageError where the folder holds anything already
 */
export function writeFolder(configDir: string, { made_at, files }: BackupContent): void {
  if (existsSync(configDir) && readdirSync(configDir).length > 0) {
    throw new UsageError(
      `${configDir} holds a PC's files already; restore into another folder with --config-dir, or uninstall that PC first`,
    );
  }
  const strange = files.find(({ name }) => name !== basename(name) || !isKept(name));
  if (strange !== undefined) throw new UsageError("this backup holds files of another version");
  const draft = join(dirname(configDir), `.${basename(configDir)}.restoring-${process.pid}`);
  try {
    makeFolders(dirname(configDir), 0o700);
    mkdirSync(draft, { mode: 0o700 });
    // First, so that no half of it could ever run.
    markRestored(draft, made_at);
    for (const { name, data } of files) {
      writeFileSync(join(draft, name), data, { mode: 0o600, flush: true });
    }
    chmodSync(draft, 0o700);
    syncFolder(draft);
    if (existsSync(configDir)) rmSync(configDir, { recursive: true });
    renameSync(draft, configDir);
    syncFolder(dirname(configDir));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`${configDir} cannot be written (${code})`);
  }
}

/** What a folder names is on the disk too. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
