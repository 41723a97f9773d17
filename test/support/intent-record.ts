import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Clock } from "../../sidecar/src/client-portal/clock.ts";
import type { BrokerLogger } from "../../sidecar/src/client-portal/logger.ts";
import {
  type IntentRecord,
  plannedOrders,
} from "../../sidecar/src/orders/journal/intent-record.ts";
import { anIntent, anOrder, aTicket, NOW } from "./orders.ts";

/** The order side of the PC without a PC: its records, a clock that is turned by hand, no log. */
export const START_MS = Date.parse(NOW);

/** The `n`th intent as it stands in the journal right before its POST. */
export function anIntentRecord(
  n = 0,
  over: Partial<IntentRecord> = {},
  order: CanonicalOrder = anOrder(),
): IntentRecord {
  const intent = anIntent({ ticket: aTicket(order), preview_id: `pv_${n}` });
  return {
    coid: intent.coid,
    job_id: `job-${n}`,
    action: "place",
    account_id: order.account_id,
    intent_hash: sha256Hex(`intent ${n}`),
    preview_id: `pv_${n}`,
    ticket: intent.ticket,
    accepted_warnings: [],
    generation: 1,
    effect: "entry",
    notional: "187.25",
    mandate_hash: null,
    state: "submitting",
    proved_by: "gateway",
    sent: false,
    sent_at: null,
    claimed: false,
    orders: plannedOrders(order, intent.coid),
    question: null,
    answered: [],
    refusals: [],
    broker_text: null,
    alerts: [],
    told: [],
    doubt_since: null,
    version: 0,
    created_at: START_MS,
    updated_at: START_MS,
    ...over,
  };
}

export interface HandClock extends Clock {
  /** Turns the clock on, and runs what is due, in its order. */
  run(ms: number): void;
  /** Forgets every timer, as the end of a process does. */
  forget(): void;
  /** How long until the next timer, in milliseconds; null when none waits. */
  nextInMs(): number | null;
}

export function handClock(start = START_MS): HandClock {
  let now = start;
  let tasks: { at: number; task: () => void }[] = [];
  return {
    now: () => now,
    after: (ms, task) => {
      const entry = { at: now + Math.max(0, ms), task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    run(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = tasks.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        tasks = tasks.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.task();
      }
      now = until;
    },
    forget: () => {
      tasks = [];
    },
    nextInMs: () => (tasks.length === 0 ? null : Math.min(...tasks.map(({ at }) => at)) - now),
  };
}

export const noLog: BrokerLogger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/** Lets everything that waits for a promise run. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
