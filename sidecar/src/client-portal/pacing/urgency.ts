import { isMoreUrgent, type Priority } from "./priority.ts";

/**
 * How urgent a question is, for as long as it is on its way: when somebody more urgent comes to wait
 * for the same answer, it moves up with them. It never moves down.
 */
export interface Urgency {
  readonly priority: Priority;
  raise(to: Priority): void;
  /** Told of every rise from now on; the result ends that. */
  onRaise(listener: (priority: Priority) => void): () => void;
}

export function createUrgency(first: Priority): Urgency {
  let priority = first;
  const listeners = new Set<(priority: Priority) => void>();
  return {
    get priority() {
      return priority;
    },
    raise(to) {
      if (!isMoreUrgent(to, priority)) return;
      priority = to;
      for (const listener of [...listeners]) listener(to);
    },
    onRaise(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
