import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/private-files.ts";

/** What of the pacing must survive a restart: the penalty, and the starts of the scarce endpoints. */
const PacingFile = z.strictObject({
  v: z.literal(1),
  saved_at: z.number(),
  silent_until: z.number(),
  penalties: z.int().nonnegative(),
  starts: z.record(z.string(), z.array(z.number())),
});
export type PacingState = z.infer<typeof PacingFile>;

export interface PacingStore {
  load(): PacingState | null;
  save(state: PacingState): void;
}

/** Kept as well as may be: without the file the pace is still kept, only not over a restart. */
export function filePacingStore(
  configDir: string,
  source: Source,
  onTrouble: () => void,
): PacingStore {
  // What the simulator forbids says nothing about the broker.
  const name = `pacing.${source}.json`;
  return {
    load: () => {
      try {
        return readPrivateJson(configDir, name, PacingFile);
      } catch {
        onTrouble();
        return null;
      }
    },
    save: (state) => {
      try {
        writePrivateJson(configDir, name, state);
      } catch {
        onTrouble();
      }
    },
  };
}

export function memoryPacingStore(): PacingStore {
  let kept: PacingState | null = null;
  return {
    load: () => kept,
    save: (state) => {
      kept = structuredClone(state);
    },
  };
}
