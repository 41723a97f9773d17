import { hostname } from "node:os";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../config/private-files.ts";
import { nameOf } from "./page-settings.ts";

/**
 * What this PC is called in its pages: its name when the first page was made, and kept. A PC that is
 * renamed makes the same file, so that the one on its owner's host stays the right one.
 */
const FILE = "approval-page.json";
const Stored = z.strictObject({ v: z.literal(1), pc_name: z.string().min(1).max(64) });

/** @throws UsageError where the file cannot be read or written. */
export function pageName(configDir: string, host: () => string = hostname): string {
  const stored = readPrivateJson(configDir, FILE, Stored);
  if (stored !== null) return stored.pc_name;
  const pc_name = nameOf(host());
  writePrivateJson(configDir, FILE, { v: 1, pc_name });
  return pc_name;
}
