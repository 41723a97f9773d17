import { eventTypesAfter } from "../../audit/tables/log.ts";
import type { WaitEnd } from "../../rpc/account-types.ts";

/**
 * Calls that wait until something changes about approvals and orders. They wait in the object's
 * memory on a promise: no job, no budget and no table is held meanwhile, so that nothing an exit needs
 * is taken. How many wait at once is bounded, and each wait ends by itself: whoever wants to wait on
 * asks again, so that a caller who is gone frees its place within {@link WAIT_AT_ONCE_MS}, and at once
 * where the Worker noticed it.
 */
export const WAIT_AT_ONCE_MS = 10_000;
export const CLIENT_WAITS_MAX = 4;
export const ACCOUNT_WAITS_MAX = 12;

export interface ChangeWaits {
  /** Something changed; everybody who waits looks again. */
  poke(): void;
  /** Ends at the next change, or after `ms`. `place` is the client's own name for the wait. */
  wait(clientId: string, ms: number, place?: string): Promise<WaitEnd>;
  /** The caller behind it is gone: its place is free at once. */
  leave(clientId: string, place: string): void;
}

export function changeWaits(): ChangeWaits {
  interface Held {
    clientId: string;
    place: string | undefined;
    end: (how: WaitEnd) => void;
  }
  const waiting = new Set<Held>();
  return {
    poke() {
      for (const { end } of [...waiting]) end("changed");
    },
    leave(clientId, place) {
      for (const held of [...waiting]) {
        if (held.clientId === clientId && held.place === place) held.end("unchanged");
      }
    },
    wait(clientId, ms, place) {
      const own = [...waiting].filter((one) => one.clientId === clientId).length;
      if (own >= CLIENT_WAITS_MAX || waiting.size >= ACCOUNT_WAITS_MAX) {
        return Promise.resolve("full");
      }
      return new Promise((resolve) => {
        const end = (how: WaitEnd) => {
          clearTimeout(timer);
          waiting.delete(held);
          resolve(how);
        };
        const timer = setTimeout(end, Math.min(Math.max(ms, 0), WAIT_AT_ONCE_MS), "unchanged");
        const held: Held = { clientId, place, end };
        waiting.add(held);
      });
    },
  };
}

/** What the log notes of a step that an agent may wait for. */
const STEPS: ReadonlySet<string> = new Set([
  "approval.decided",
  "order.submitted",
  "order.state",
  "broker.execution",
  "mandate.revoked",
]);

export const isStep = (type: string): boolean => STEPS.has(type);

/** How many events are looked at. */
const FEW = 200;

/** Whether such a step stands in the log after an event; it is looked for among few rows. */
export function stepSince(sql: SqlStorage, seq: number): boolean {
  return eventTypesAfter(sql, seq, FEW).some((type) => type !== null && isStep(type));
}
