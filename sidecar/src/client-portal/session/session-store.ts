import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/private-files.ts";

/**
 * What of the session must survive a restart: the generation (approvals are bound to it, so a
 * number is never used twice) and the init budget (a sidecar that is restarted in a loop must not
 * ask for the session in a loop).
 */
const SessionFile = z.strictObject({
  v: z.literal(1),
  last_generation: z.int().nonnegative(),
  init_failures: z.int().nonnegative(),
  init_next_at: z.number(),
});
export type SessionMemory = z.infer<typeof SessionFile>;

export interface SessionStore {
  load(): SessionMemory | null;
  save(memory: SessionMemory): void;
}

const sessionFileName = "broker-session.json";

/** @throws UsageError when the file is damaged; a generation that was used must not be used again. */
export function fileSessionStore(configDir: string): SessionStore {
  return {
    load: () => readPrivateJson(configDir, sessionFileName, SessionFile),
    save: (memory) => writePrivateJson(configDir, sessionFileName, memory),
  };
}

export function memorySessionStore(): SessionStore {
  let kept: SessionMemory | null = null;
  return {
    load: () => kept,
    save: (memory) => {
      kept = { ...memory };
    },
  };
}
