/**
 * Virtual time. Whatever happens in a simulated world is one task of this queue, and belongs to an
 * actor: a process, or a part of the world. The tasks of a process that was killed never run.
 */
export interface Actor {
  readonly name: string;
  alive: boolean;
}

export const actor = (name: string): Actor => ({ name, alive: true });

interface Task {
  at: number;
  order: number;
  owner: Actor;
  run: () => void;
  dropped: boolean;
}

export class Scheduler {
  /** True time in the world, Unix milliseconds. */
  now: number;
  /** How many tasks have run: the number by which a moment is named. */
  step = 0;
  /** Whose task is running; what it sets a timer for is its own. */
  current: Actor;
  readonly #heap: Task[] = [];
  #order = 0;
  /** Of everything that has run: two runs of one seed have the same at each step. */
  digest = 0;

  constructor(startAt: number, first: Actor) {
    this.now = startAt;
    this.current = first;
  }

  /** Runs `run` once after `ms`; the result cancels it. */
  after(ms: number, run: () => void, owner: Actor = this.current): () => void {
    const wait = Number.isFinite(ms) ? Math.max(0, ms) : 2 ** 31;
    this.#order += 1;
    const task: Task = {
      at: Math.ceil(this.now + wait),
      order: this.#order,
      owner,
      run,
      dropped: false,
    };
    this.#push(task);
    return () => {
      task.dropped = true;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** When the next task is due; null when none waits. */
  nextAt(): number | null {
    this.#clean();
    return this.#heap[0]?.at ?? null;
  }

  /** Runs the next task; false when none waits. Promises it resolved have not run yet. */
  runNext(): boolean {
    this.#clean();
    const task = this.#pop();
    if (task === undefined) return false;
    this.now = Math.max(this.now, task.at);
    this.current = task.owner;
    this.step += 1;
    this.digest = Math.imul(this.digest ^ (this.now | 0) ^ task.order, 0x01000193) >>> 0;
    task.run();
    return true;
  }

  #clean(): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (!first.dropped && first.owner.alive)) return;
      this.#pop();
    }
  }

  #push(task: Task): void {
    const heap = this.#heap;
    heap.push(task);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(task, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = task;
  }

  #pop(): Task | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let least = left;
      if (right !== undefined && isBefore(right, left)) {
        least = right;
        child += 1;
      }
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (one: Task, other: Task): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
