import { join } from "node:path";
import * as z from "zod";
import { readStateFile, writeStateFile } from "../state-file.ts";

/** What of the pacing must survive a restart: the penalty, and the starts of the slow endpoints. */
const PacingFile = z.strictObject({
  v: z.literal(1),
  silent_until: z.number(),
  penalties: z.int().nonnegative(),
  starts: z.record(z.string(), z.array(z.number())),
});
export type PacingState = z.infer<typeof PacingFile>;

export interface PacingStore {
  load(): PacingState | null;
  save(state: PacingState): void;
}

export const pacingFileName = "client-portal-pacing.json";

export function filePacingStore(configDir: string, onUnreadable: () => void): PacingStore {
  const path = join(configDir, pacingFileName);
  return {
    load: () => {
      try {
        return readStateFile(path, PacingFile);
      } catch {
        onUnreadable();
        return null;
      }
    },
    save: (state) => writeStateFile(path, state),
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
