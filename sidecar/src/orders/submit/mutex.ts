import type { Clock } from "../../client-portal/clock.ts";
import { isMoreUrgent, type Priority } from "../../client-portal/pacing/priority.ts";

/**
 * One order conversation with the broker at a time: the brokerage session has room for one question,
 * and a second submission voids the first one's without saying so. Whoever holds the mutex holds it
 * from the POST to the terminal answer, an open question included. It is handed on in the order of
 * service, an exit before every entry that waited longer.
 */
export interface Mutex {
  /** The release, or null when the mutex did not come free within the time. */
  acquire(maxWaitMs: number, terms?: MutexTerms): Promise<(() => void) | null>;
  busy(): boolean;
  /** The most urgent of those who wait; null when nobody does. */
  wantedBy(): Priority | null;
  /** Whether an exit waits that is an order of its own, not the change of one that stands. */
  newExitWaits(): boolean;
}

export interface MutexTerms {
  /** An entry's, where nothing is said. */
  readonly priority?: Priority;
  /** It changes an order that stands already. */
  readonly change?: boolean;
  /** Called once, when somebody more urgent waits for what this one holds. */
  readonly onWanted?: () => void;
}

interface Holder {
  readonly priority: Priority;
  wanted: (() => void) | null;
}

interface Waiter extends Holder {
  readonly change: boolean;
  start(release: () => void): void;
}

export function createMutex(clock: Clock): Mutex {
  let holder: Holder | null = null;
  let waiters: Waiter[] = [];

  const tellHolder = (): void => {
    const first = waiters[0];
    if (holder?.wanted == null || first === undefined) return;
    if (!isMoreUrgent(first.priority, holder.priority)) return;
    const { wanted } = holder;
    holder.wanted = null;
    wanted();
  };

  const grant = (to: Holder): (() => void) => {
    holder = to;
    return () => {
      if (holder !== to) return;
      holder = null;
      const next = waiters.shift();
      if (next === undefined) return;
      next.start(grant(next));
      tellHolder();
    };
  };

  return {
    busy: () => holder !== null,
    wantedBy: () => waiters[0]?.priority ?? null,
    newExitWaits: () => waiters.some(({ priority, change }) => priority === "exit" && !change),
    acquire: (maxWaitMs, { priority = "entry", change = false, onWanted } = {}) => {
      const wanted = onWanted ?? null;
      if (holder === null) return Promise.resolve(grant({ priority, wanted }));
      return new Promise((resolve) => {
        const waiter: Waiter = {
          priority,
          change,
          wanted,
          start: (release) => {
            cancel();
            resolve(release);
          },
        };
        const cancel = clock.after(maxWaitMs, () => {
          waiters = waiters.filter((other) => other !== waiter);
          resolve(null);
        });
        const after = waiters.findIndex((other) => isMoreUrgent(priority, other.priority));
        waiters.splice(after === -1 ? waiters.length : after, 0, waiter);
        tellHolder();
      });
    },
  };
}
