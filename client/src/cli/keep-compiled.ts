import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { configDir } from "../config/config-dir.ts";

/**
 * Lets Node keep this program's compiled form beside the sign-in, so that the next command starts
 * sooner. Not in the temporary folder, Node's own choice: there another user of the computer could
 * leave one of his. Without a config folder nothing is kept, so that `--help` leaves no trace.
 */
export function keepCompiled(): void {
  const folder = configDir();
  if (process.env.NODE_COMPILE_CACHE === undefined && existsSync(folder)) {
    enableCompileCache(join(folder, "compiled"));
  }
}
