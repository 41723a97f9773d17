import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Clock } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import type { PacingStore } from "./store.ts";
import {
  ENDPOINT_PACES,
  type EndpointPace,
  earliestStart,
  GLOBAL_WINDOWS,
  isPaceName,
  longestMs,
  type PaceName,
  type Window,
} from "./windows.ts";

/**
 * Every request to the broker passes here, the whole process through one gate. Urgent work goes
 * first and finds room even when reads fill the line; after a 429 nothing passes for a quarter of
 * an hour but the owner's own cancel.
 */
export const PRIORITIES = [
  "owner_cancel",
  "cancel",
  "order",
  "reconcile",
  "keepalive",
  "read",
] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Starts of the global windows that reads leave to what is more urgent. */
const RESERVE: Record<Priority, number> = {
  owner_cancel: 0,
  cancel: 0,
  order: 1,
  reconcile: 1,
  keepalive: 1,
  read: 2,
};

/** Starts counted against the first second after a quick restart. */
const RESTART_STARTS = 5;

export interface PaceRequest {
  pace: PaceName;
  priority: Priority;
  /** Refused at once when the wait would be longer. */
  maxWaitMs: number;
  signal?: AbortSignal;
}

export interface Pacer {
  /** Resolves when the request may start; call the result once it has ended. */
  acquire(request: PaceRequest): Promise<() => void>;
  /** A 429 came back. */
  penalize(): void;
  /** No request before this time (ms since the epoch); 0 when none holds. */
  silentUntil(): number;
  close(): void;
}

/**
 * One request that left. The broker counts what arrives, and all that is known of that is that it was
 * after the start and before the answer: on a busy machine the requests of two seconds can arrive in
 * one. So each is counted at the latest moment it can have arrived at.
 */
interface Sent {
  startedAt: number;
  /** Null while there is no answer. */
  answeredAt: number | null;
}

/** What hangs for longer than this has arrived, or never will; it must not hold up an exit. */
const arrivedBy = ({ startedAt, answeredAt }: Sent, now: number): number =>
  Math.min(answeredAt ?? now, startedAt + LIMITS.arrivalMs);

interface Waiter extends PaceRequest {
  order: number;
  deadline: number;
  start(release: () => void): void;
  refuse(error: unknown): void;
}

export function createPacer(options: { clock: Clock; store: PacingStore }): Pacer {
  const { clock, store } = options;
  const kept = store.load();
  // A clock that was set back must not prolong the silence.
  let silentUntil = Math.min(kept?.silent_until ?? 0, clock.now() + LIMITS.penaltyMs);
  let penalties = kept?.penalties ?? 0;
  // Restarted a moment ago: what that run sent in its last second is not known, but was not little.
  const justNow = kept !== null && Math.abs(clock.now() - kept.saved_at) < 10_000;
  const known = (at: number): Sent => ({ startedAt: at, answeredAt: at });
  let everything: Sent[] = justNow
    ? Array.from({ length: RESTART_STARTS }, () => known(clock.now()))
    : [];
  const sent = new Map<PaceName, Sent[]>();
  for (const [name, times] of Object.entries(kept?.starts ?? {})) {
    // A clock that was set back must not lock an endpoint for longer than its window.
    if (isPaceName(name)) sent.set(name, times.filter((time) => time <= clock.now()).map(known));
  }
  const running = new Map<PaceName, number>();
  let waiters: Waiter[] = [];
  let order = 0;
  let cancelWake = (): void => {};
  let closed = false;

  const paceOf = (name: PaceName): EndpointPace => ENDPOINT_PACES[name];

  const save = (): void => {
    const scarce: Record<string, number[]> = {};
    const now = clock.now();
    for (const [name, requests] of sent) {
      if (isScarce(paceOf(name)) && requests.length > 0) scarce[name] = arrivals(requests, now);
    }
    store.save({
      v: 1,
      saved_at: clock.now(),
      silent_until: silentUntil,
      penalties,
      starts: scarce,
    });
  };

  /** When this request could start by the windows alone; Infinity while its endpoint is full. */
  const possibleAt = (request: PaceRequest, now: number): number => {
    const pace = paceOf(request.pace);
    if (pace.concurrency !== undefined && (running.get(request.pace) ?? 0) >= pace.concurrency) {
      return Number.POSITIVE_INFINITY;
    }
    return Math.max(
      earliestStart(arrivals(everything, now), GLOBAL_WINDOWS, now, RESERVE[request.priority]),
      earliestStart(arrivals(sent.get(request.pace) ?? [], now), pace.windows, now),
    );
  };

  const begin = (waiter: Waiter, now: number): void => {
    const request: Sent = { startedAt: now, answeredAt: null };
    everything = [...recent(everything, GLOBAL_WINDOWS, now), request];
    const pace = paceOf(waiter.pace);
    if (pace.windows.length > 0) {
      sent.set(waiter.pace, [...recent(sent.get(waiter.pace) ?? [], pace.windows, now), request]);
      if (isScarce(pace)) save();
    }
    running.set(waiter.pace, (running.get(waiter.pace) ?? 0) + 1);
    let released = false;
    waiter.start(() => {
      if (released) return;
      released = true;
      request.answeredAt = clock.now();
      running.set(waiter.pace, (running.get(waiter.pace) ?? 1) - 1);
      pump();
    });
  };

  const pump = (): void => {
    cancelWake();
    const now = clock.now();
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const waiter of [...waiters]) {
      const at = possibleAt(waiter, now);
      if (at <= now) {
        waiters = waiters.filter((other) => other !== waiter);
        begin(waiter, now);
      } else if (
        waiter.deadline < now ||
        (at !== Number.POSITIVE_INFINITY && at > waiter.deadline)
      ) {
        waiters = waiters.filter((other) => other !== waiter);
        waiter.refuse(tooBusy(Math.min(at, now + 60_000) - now));
      } else {
        wakeAt = Math.min(wakeAt, at, waiter.deadline + 1);
      }
    }
    if (wakeAt !== Number.POSITIVE_INFINITY && !closed) {
      cancelWake = clock.after(Math.max(1, wakeAt - now), pump);
    }
  };

  return {
    acquire: (request) => {
      const now = clock.now();
      if (closed) return Promise.reject(tooBusy(1_000));
      if (request.signal?.aborted) return Promise.reject(aborted());
      if (now < silentUntil && request.priority !== "owner_cancel") {
        return Promise.reject(inPenaltyBox(silentUntil - now));
      }
      const at = possibleAt(request, now);
      if (at !== Number.POSITIVE_INFINITY && at - now > request.maxWaitMs) {
        return Promise.reject(tooBusy(at - now));
      }
      if (waiters.length >= LIMITS.queuedRequests && request.priority === "read") {
        return Promise.reject(tooBusy(1_000));
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiters = waiters.filter((other) => other !== waiter);
          reject(aborted());
        };
        const waiter: Waiter = {
          ...request,
          order: order++,
          deadline: now + request.maxWaitMs,
          start: (release) => {
            request.signal?.removeEventListener("abort", onAbort);
            resolve(release);
          },
          refuse: (error) => {
            request.signal?.removeEventListener("abort", onAbort);
            reject(error);
          },
        };
        request.signal?.addEventListener("abort", onAbort, { once: true });
        waiters.push(waiter);
        waiters.sort(byUrgency);
        pump();
      });
    },
    penalize: () => {
      silentUntil = clock.now() + LIMITS.penaltyMs;
      penalties += 1;
      save();
      const refused = waiters.filter((waiter) => waiter.priority !== "owner_cancel");
      waiters = waiters.filter((waiter) => waiter.priority === "owner_cancel");
      for (const waiter of refused) waiter.refuse(inPenaltyBox(LIMITS.penaltyMs));
    },
    silentUntil: () => (clock.now() < silentUntil ? silentUntil : 0),
    close: () => {
      closed = true;
      cancelWake();
      const left = waiters;
      waiters = [];
      for (const waiter of left) waiter.refuse(tooBusy(1_000));
    },
  };
}

/** When they can have arrived at the latest, ascending. */
const arrivals = (requests: readonly Sent[], now: number): number[] =>
  requests.map((request) => arrivedBy(request, now)).sort((a, b) => a - b);

/** Those that can still matter to any of the windows. */
function recent(requests: readonly Sent[], windows: readonly Window[], now: number): Sent[] {
  const from = now - longestMs(windows);
  return requests.filter((request) => arrivedBy(request, now) > from);
}

/** Once in so long, or slow: what must be remembered over a restart. */
const isScarce = (pace: EndpointPace): boolean =>
  pace.windows.some((window) => window.max === 1 || window.windowMs >= 5_000);

const byUrgency = (a: Waiter, b: Waiter): number =>
  PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || a.order - b.order;

function tooBusy(waitMs: number): GatewayError {
  return new GatewayError(
    failure(
      "BROKER_RATE_LIMITED",
      "The broker allows this question only so often; ask again later.",
      {
        retryable: true,
        retry_after_ms: Math.max(1, Math.ceil(waitMs)),
      },
    ),
  );
}

function inPenaltyBox(waitMs: number): GatewayError {
  return new GatewayError(
    failure(
      "BROKER_RATE_LIMITED",
      "The broker refused us for asking too often. Nothing is sent to it until the time is over.",
      {
        retryable: true,
        retry_after_ms: Math.ceil(waitMs),
        user_action: "Wait. If another program on this PC uses the same broker login, stop it.",
      },
    ),
  );
}

function aborted(): GatewayError {
  return new GatewayError(
    failure(
      "DEADLINE_EXCEEDED",
      "The time for this call was over before the broker could be asked.",
      {
        retryable: true,
      },
    ),
  );
}
