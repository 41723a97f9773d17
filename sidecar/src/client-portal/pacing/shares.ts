import { withinShare } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { LIMITS } from "../limits.ts";
import type { Priority } from "./priority.ts";

/** What one client may have of the line to the broker, as against the others. */
export interface Asked {
  readonly priority: Priority;
  /** Whose it is; null where nobody said. */
  readonly share: string | null;
  /** Among agents' reads the smallest goes first: whoever asks most waits behind himself. */
  readonly turn: number;
}

export interface Turns {
  /** The turn of the agent's read that started last. */
  readonly turn: number;
  /** The last turn each client was given, where it is still to come. */
  readonly turns: ReadonlyMap<string, number>;
}

/** Only agents' reads can find no place, and one client never takes more than it leaves. */
export function hasPlace(waiting: readonly Asked[], share: string | null): boolean {
  const reads = waiting.filter(({ priority }) => priority === "agent");
  if (share === null) return reads.length < LIMITS.queuedRequests;
  const own = reads.filter((one) => one.share === share).length;
  return withinShare(own, reads.length, LIMITS.queuedRequests);
}

/** One after the client's last, and not before the turn that is served now. */
export const nextTurn = (state: Turns, share: string | null): number =>
  Math.max(state.turn, share === null ? 0 : (state.turns.get(share) ?? 0)) + 1;

/** Turns that have passed need no memory. */
export function servedTurn(state: Turns, { priority, turn }: Asked) {
  if (priority !== "agent" || turn <= state.turn) return {};
  return { turn, turns: new Map([...state.turns].filter(([, last]) => last > turn)) };
}
