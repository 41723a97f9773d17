import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writePrivateJson } from "./private-files.ts";

const FILE = "look-again.json";

/** Tells a running sidecar, from another process, that the session is worth a look now. */
export function nudge(configDir: string): void {
  writePrivateJson(configDir, FILE, { v: 1 });
}

/** True once for each nudge. */
export function takeNudge(configDir: string): boolean {
  const path = join(configDir, FILE);
  if (!existsSync(path)) return false;
  rmSync(path, { force: true });
  return true;
}
