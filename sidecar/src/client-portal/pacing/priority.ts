import { SERVICE_CLASSES, type ServiceClass } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { Window } from "./rate-windows.ts";

/** The order of service in the line to the broker; the owner's own cancel goes before all. */
export const PRIORITIES = ["owner_cancel", ...SERVICE_CLASSES] as const;
export type Priority = "owner_cancel" | ServiceClass;

/** Whether the one goes before the other. */
export const isMoreUrgent = (one: Priority, other: Priority): boolean =>
  PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);

/** Starts that a priority leaves to what is more urgent: of a second's, and of ten seconds'. */
const RESERVE: Record<Priority, readonly [perSecond: number, perTenSeconds: number]> = {
  owner_cancel: [0, 0],
  cancel: [0, 0],
  exit: [1, 2],
  reply: [1, 4],
  reconcile: [1, 6],
  entry: [1, 8],
  keepalive: [1, 10],
  owner: [2, 16],
  agent: [2, 22],
};

/** How many starts of a global window a priority leaves to what is more urgent. */
export const startsKeptFrom =
  (priority: Priority) =>
  ({ windowMs }: Window): number => {
    const [perSecond, perTenSeconds] = RESERVE[priority];
    return windowMs <= 1_000 ? perSecond : perTenSeconds;
  };

/** An endpoint's own windows: agents leave a tenth, where there is a tenth. */
export const OWN_RESERVE = 10;

/** The most urgent first, then by turn, then the oldest. */
export const byUrgency = (a: Place, b: Place): number =>
  PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || a.turn - b.turn || a.id - b.id;

interface Place {
  readonly id: number;
  readonly priority: Priority;
  readonly turn: number;
}
