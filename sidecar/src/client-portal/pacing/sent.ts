import { LIMITS } from "../limits.ts";
import { longestMs, type Window } from "./rate-windows.ts";

/**
 * One request that left. The broker counts what arrives, and all that is known of that is that it was
 * after the start and before the answer: on a busy machine the requests of two seconds can arrive in
 * one. So each is counted at the latest moment it can have arrived at.
 */
export interface Sent {
  /** Null for what an earlier run sent. */
  readonly id: number | null;
  readonly startedAt: number;
  /** Null while there is no answer. */
  readonly answeredAt: number | null;
}

/** What hangs for longer than this has arrived, or never will; it must not hold up an exit. */
const arrivedBy = ({ startedAt, answeredAt }: Sent, now: number): number =>
  Math.min(answeredAt ?? now, startedAt + LIMITS.arrivalMs);

/** When they can have arrived at the latest, ascending. */
export const arrivals = (requests: readonly Sent[], now: number): number[] =>
  requests.map((request) => arrivedBy(request, now)).sort((a, b) => a - b);

/** Those that can still matter to any of the windows. */
export function recent(requests: readonly Sent[], windows: readonly Window[], now: number): Sent[] {
  const from = now - longestMs(windows);
  return requests.filter((request) => arrivedBy(request, now) > from);
}
