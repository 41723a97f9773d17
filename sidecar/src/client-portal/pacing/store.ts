import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/files.ts";

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

export const pacingFileName = "client-portal-pacing.json";

export function filePacingStore(configDir: string, onUnreadable: () => void): PacingStore {
  return {
    load: () => {
      try {
        return readPrivateJson(configDir, pacingFileName, PacingFile);
      } catch {
        onUnreadable();
        return null;
      }
    },
    save: (state) => writePrivateJson(configDir, pacingFileName, state),
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
