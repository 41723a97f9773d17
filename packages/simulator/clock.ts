/**
 * The simulator's time. A virtual clock stands still until it is advanced, and then runs every due
 * task in order of its time; a real clock follows the wall and can be pushed ahead as well, so that
 * midnight can be shown in an afternoon.
 */
export interface Clock {
  readonly mode: "virtual" | "real";
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once when the clock reaches `at`; the result cancels it. */
  at(at: number, task: () => void): () => void;
  after(ms: number, task: () => void): () => void;
  /** Runs `task` each `ms` until cancelled. */
  every(ms: number, task: () => void): () => void;
  /** Moves time ahead, running what falls due on the way. */
  advance(ms: number): Promise<void>;
  /** Drops every task. */
  close(): void;
}

interface Entry {
  at: number;
  order: number;
  task: () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * `startAt` is in ms since the epoch. A virtual clock starts there and stands; a real one runs from
 * there. `advance` rejects with RangeError on a step back.
 */
export function createClock(mode: "virtual" | "real", startAt: number): Clock {
  let now = startAt;
  let offset = startAt - Date.now();
  let order = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const entries: Entry[] = [];

  const read = (): number => (mode === "real" ? Date.now() + offset : now);

  const arm = (): void => {
    if (mode !== "real" || closed) return;
    clearTimeout(timer);
    const first = entries[0];
    if (first === undefined) return;
    timer = setTimeout(runDue, Math.min(Math.max(first.at - read(), 0), LONGEST_TIMER_MS));
    timer.unref();
  };

  const runDue = (): void => {
    for (let first = entries[0]; first !== undefined && first.at <= read(); first = entries[0]) {
      entries.shift();
      first.task();
    }
    arm();
  };

  const at = (time: number, task: () => void): (() => void) => {
    const entry: Entry = { at: time, order: order++, task };
    if (closed) return () => {};
    if (insertByTime(entries, entry) === 0) arm();
    return () => {
      const index = entries.indexOf(entry);
      if (index >= 0) entries.splice(index, 1);
    };
  };

  const advanceNow = async (ms: number): Promise<void> => {
    const target = read() + ms;
    for (let first = entries[0]; first !== undefined && first.at <= target; first = entries[0]) {
      entries.shift();
      const step = Math.max(first.at - read(), 0);
      if (mode === "real") offset += step;
      else now += step;
      first.task();
      // Frames and answers that the task produced leave before time moves on.
      await new Promise((resolve) => setImmediate(resolve));
      if (closed) return;
    }
    if (mode === "real") offset += Math.max(target - read(), 0);
    else now = target;
    arm();
  };

  return {
    mode,
    now: read,
    at,
    after: (ms, task) => at(read() + ms, task),
    every: (ms, task) => repeat((again) => at(read() + ms, again), task),
    advance: (ms) => {
      if (!Number.isFinite(ms) || ms < 0) {
        return Promise.reject(new RangeError("time only moves ahead"));
      }
      running = running.then(() => advanceNow(ms));
      return running;
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      entries.length = 0;
    },
  };
}

/** Behind all that is due no later; the index at which it now stands. */
function insertByTime(entries: Entry[], entry: Entry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = entries[middle];
    if (other !== undefined && other.at <= entry.at) low = middle + 1;
    else high = middle;
  }
  entries.splice(low, 0, entry);
  return low;
}

/** Schedules `task` anew each time before it runs, so that the task may cancel what comes next. */
function repeat(schedule: (run: () => void) => () => void, task: () => void): () => void {
  let cancel = () => {};
  const again = (): void => {
    cancel = schedule(() => {
      again();
      task();
    });
  };
  again();
  return () => cancel();
}
