import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "./private-files.ts";

const FILE = "status.json";

/** What a running sidecar says of itself; rewritten on every change and every few seconds. */
export const RunStatus = z.object({
  pid: z.int().positive(),
  version: z.string(),
  started_at: z.string(),
  written_at: z.string(),
  relay: z.object({
    state: z.enum(["connecting", "connected", "waiting", "stopped"]),
    gateway: z.string(),
    since: z.string(),
    epoch: z.int().nullable(),
    capabilities: z.array(z.string()),
    unacknowledged_events: z.int(),
    trouble: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  /** The broker session as the broker side tells it; null before it first spoke. */
  broker: z.record(z.string(), z.unknown()).nullable(),
  /** Values of the broker that could not be read in this run; absent from the version before. */
  unread: z.array(z.object({ question: z.string(), values: z.int() })).optional(),
  /** Where it reaches the broker's gateway; absent from a sidecar of the version before. */
  client_portal: z.string().optional(),
  /** The kill switch of this PC as this process read it last. */
  kill_switch: z.object({ engaged: z.boolean(), read_at: z.string() }).optional(),
});
export type RunStatus = z.infer<typeof RunStatus>;

/** Older than this, whoever wrote it is not there any more. */
export const STATUS_STALE_MS = 20_000;
export const STATUS_REWRITE_MS = 5_000;

export function readRunStatus(configDir: string): RunStatus | null {
  return readPrivateJson(configDir, FILE, RunStatus);
}

export function writeRunStatus(configDir: string, status: RunStatus): void {
  writePrivateJson(configDir, FILE, status);
}
