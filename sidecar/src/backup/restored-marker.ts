import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import * as z from "zod";
import { readPrivateJson, removePrivateFile, writePrivateJson } from "../config/private-files.ts";

/**
 * Stands in a folder that came out of a backup until the PC it was made on is fenced: until then that
 * PC may still be running with the same key, and this folder must send nothing.
 */
const FILE = "restored.json";
const Restored = z.strictObject({ v: z.literal(1), made_at: z.iso.datetime() });

export function isUnfenced(configDir: string): boolean {
  return readPrivateJson(configDir, FILE, Restored) !== null;
}

export function markRestored(configDir: string, madeAt: string): void {
  writePrivateJson(configDir, FILE, { v: 1, made_at: madeAt } satisfies z.input<typeof Restored>);
}

export function markFenced(configDir: string): void {
  removePrivateFile(configDir, FILE);
}

/** What to say of such a folder. */
export const UNFENCED = `this folder came out of a backup, and the PC of before is not shut out yet; run: ${sidecarCommand("restore --fence")}`;
