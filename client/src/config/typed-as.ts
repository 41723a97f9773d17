import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** The file that this process was started with: what another process starts to get the same program. */
export function programFile(): string {
  const [, file = ""] = process.argv;
  return realpathSync(file);
}

/**
 * A command of this program as a person types it. From a checkout it goes through npm: the package
 * is on no registry, so its bare name is not there to be typed.
 */
export function typedAs(args: string): string {
  return `${inCheckout() ? "npm run -s ibkr --" : "ibkr"} ${args}`;
}

function inCheckout(): boolean {
  try {
    return existsSync(join(dirname(programFile()), "../../scripts/run.mjs"));
  } catch {
    return false;
  }
}
