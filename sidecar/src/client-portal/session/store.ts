import { join } from "node:path";
import * as z from "zod";
import { readStateFile, writeStateFile } from "../state-file.ts";

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

export const sessionFileName = "broker-session.json";

export function fileSessionStore(configDir: string): SessionStore {
  const path = join(configDir, sessionFileName);
  return {
    load: () => readStateFile(path, SessionFile),
    save: (memory) => writeStateFile(path, memory),
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
