import type { Clock } from "../../client-portal/clock.ts";

/**
 * One order conversation with the broker at a time: the brokerage session has room for one question,
 * and a second submission voids the first one's without saying so. Whoever holds the mutex holds it
 * from the POST to the terminal answer, an open question included.
 */
export interface Mutex {
  /** The release, or null when the mutex did not come free within the time. */
  acquire(maxWaitMs: number): Promise<(() => void) | null>;
  busy(): boolean;
}

export function createMutex(clock: Clock): Mutex {
  let held = false;
  let waiters: { start(release: () => void): void }[] = [];

  const grant = (): (() => void) => {
    held = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      held = false;
      waiters.shift()?.start(grant());
    };
  };

  return {
    busy: () => held,
    acquire: (maxWaitMs) => {
      if (!held) return Promise.resolve(grant());
      return new Promise((resolve) => {
        const waiter = {
          start: (release: () => void) => {
            cancel();
            resolve(release);
          },
        };
        const cancel = clock.after(maxWaitMs, () => {
          waiters = waiters.filter((other) => other !== waiter);
          resolve(null);
        });
        waiters.push(waiter);
      });
    },
  };
}
