import type { FreshRead } from "../rules/fresh.ts";
import type { Written } from "../rules/submit-response.ts";

/** What is in flight in this object's memory; it is gone after a sleep, and nothing depends on it. */
export interface InFlight {
  /** By client and key: whoever asks the same again waits with the first. */
  readonly running: Map<string, { digest: string; answer: Promise<Written> }>;
  /** By preview: parallel submits of one order share one read. */
  readonly reads: Map<string, Promise<FreshRead>>;
  /** By broker account: the sidecar takes one write at a time. */
  readonly mutexes: Map<string, Promise<unknown>>;
}

export const nothingInFlight = (): InFlight => ({
  running: new Map(),
  reads: new Map(),
  mutexes: new Map(),
});

/** Works on one thing of a key after the other; without anybody before it, in this very turn. */
export async function oneAtATime(
  mutexes: Map<string, Promise<unknown>>,
  key: string,
  work: () => Promise<void>,
): Promise<void> {
  const before = mutexes.get(key);
  const done = before === undefined ? work() : before.then(work);
  // The next in line waits for its end and not for how it ended; whoever began it hears that.
  const tail = done.catch(() => undefined);
  mutexes.set(key, tail);
  try {
    await done;
  } finally {
    if (mutexes.get(key) === tail) mutexes.delete(key);
  }
}
