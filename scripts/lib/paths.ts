import { fileURLToPath } from "node:url";

/** The checkout's root, wherever the command was started from. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
