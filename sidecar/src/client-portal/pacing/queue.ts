import { LIMITS } from "../limits.ts";
import type { PacingState } from "./pacing-store.ts";
import { byUrgency, isMoreUrgent, OWN_RESERVE, type Priority, startsKeptFrom } from "./priority.ts";
import {
  ENDPOINT_PACES,
  type EndpointPace,
  earliestStart,
  GLOBAL_WINDOWS,
  isPaceName,
  isScarce,
  type PaceName,
} from "./rate-windows.ts";
import { arrivals, recent, type Sent } from "./sent.ts";
import { type Asked, hasPlace, nextTurn, servedTurn, type Turns } from "./shares.ts";

/** Starts counted against the first second after a quick restart. */
const RESTART_STARTS = 5;

interface Waiting extends Asked {
  readonly id: number;
  readonly pace: PaceName;
  readonly deadline: number;
}

interface Running {
  readonly pace: PaceName;
  readonly priority: Priority;
}

export interface QueueState extends Turns {
  /** No request before this time but the owner's cancel; ms since the epoch, as all times here. */
  readonly silentUntil: number;
  readonly penalties: number;
  /** Whatever was sent, as far back as the global windows go. */
  readonly everything: readonly Sent[];
  /** The same for each endpoint that has windows of its own. */
  readonly sent: ReadonlyMap<PaceName, readonly Sent[]>;
  /** Requests without an answer. */
  readonly running: ReadonlyMap<number, Running>;
  /** The most urgent first, then by turn, then the oldest. */
  readonly waiting: readonly Waiting[];
}

export type QueueInput =
  /** `id` is new with each request, and larger than those before. */
  | {
      readonly kind: "ask";
      readonly id: number;
      readonly pace: PaceName;
      readonly priority: Priority;
      /** The client for whom it is; without one no share is counted. */
      readonly share?: string | null;
      /** Refused at once when the wait would be longer. */
      readonly maxWaitMs: number;
    }
  /** Somebody more urgent waits for the same answer. */
  | { readonly kind: "raised"; readonly id: number; readonly priority: Priority }
  | { readonly kind: "answered"; readonly id: number }
  /** Whoever asked waits no more. */
  | { readonly kind: "abandoned"; readonly id: number }
  /** A 429 came back. */
  | { readonly kind: "rate_limited" }
  | { readonly kind: "tick" };

export type QueueEffect =
  | { readonly kind: "start"; readonly id: number }
  | {
      readonly kind: "refuse";
      readonly id: number;
      readonly why: "busy" | "silence";
      /** Until it is worth asking again. */
      readonly waitMs: number;
    };

export interface QueueStep {
  readonly state: QueueState;
  /** To be kept before anything starts; null when nothing lasting changed. */
  readonly write: PacingState | null;
  readonly effects: readonly QueueEffect[];
  /** When `tick` is due; null when nothing waits for time to pass. */
  readonly wakeAt: number | null;
}

/** A clock that was set back must neither prolong the silence nor lock an endpoint. */
export function initialQueue(kept: PacingState | null, now: number): QueueState {
  // Restarted a moment ago: what that run sent in its last second is not known, but was not little.
  const justNow = kept !== null && Math.abs(now - kept.saved_at) < 10_000;
  const known = (at: number): Sent => ({ id: null, startedAt: at, answeredAt: at });
  const sent = new Map<PaceName, Sent[]>();
  for (const [name, times] of Object.entries(kept?.starts ?? {})) {
    if (isPaceName(name)) sent.set(name, times.filter((time) => time <= now).map(known));
  }
  return {
    silentUntil: Math.min(kept?.silent_until ?? 0, now + LIMITS.penaltyMs),
    penalties: kept?.penalties ?? 0,
    everything: justNow ? Array.from({ length: RESTART_STARTS }, () => known(now)) : [],
    sent,
    running: new Map(),
    waiting: [],
    turn: 0,
    turns: new Map(),
  };
}

/**
 * Which request to the broker may start when. Pure: every input comes with the time, and every step
 * says what is to be kept on disk, whom to start and refuse, and when to look again. Urgent work goes
 * first and finds room even when reads fill the queue; after a 429 nothing starts for a quarter of
 * an hour but the owner's own cancel.
 */
export function queueStep(before: QueueState, input: QueueInput, now: number): QueueStep {
  const draft: Draft = { state: before, effects: [], lasting: false };
  take(draft, input, now);
  const wakeAt = startWhatMay(draft, now);
  return {
    state: draft.state,
    write: draft.lasting ? keptOf(draft.state, now) : null,
    effects: draft.effects,
    wakeAt,
  };
}

interface Draft {
  state: QueueState;
  readonly effects: QueueEffect[];
  lasting: boolean;
}

function take(draft: Draft, input: QueueInput, now: number): void {
  const { state } = draft;
  switch (input.kind) {
    case "ask":
      ask(draft, input, now);
      return;
    case "answered":
      draft.state = answered(state, input.id, now);
      return;
    case "raised": {
      const { id, priority } = input;
      const waiting = state.waiting.map((one) =>
        one.id === id && isMoreUrgent(priority, one.priority) ? { ...one, priority } : one,
      );
      draft.state = { ...state, waiting: waiting.sort(byUrgency) };
      return;
    }
    case "abandoned":
      draft.state = { ...state, waiting: state.waiting.filter(({ id }) => id !== input.id) };
      return;
    case "rate_limited": {
      const isOwners = ({ priority }: Waiting): boolean => priority === "owner_cancel";
      for (const { id } of state.waiting.filter((one) => !isOwners(one))) {
        draft.effects.push({ kind: "refuse", id, why: "silence", waitMs: LIMITS.penaltyMs });
      }
      draft.lasting = true;
      draft.state = {
        ...state,
        silentUntil: now + LIMITS.penaltyMs,
        penalties: state.penalties + 1,
        waiting: state.waiting.filter(isOwners),
      };
      return;
    }
    case "tick":
  }
}

function ask(draft: Draft, input: Extract<QueueInput, { kind: "ask" }>, now: number): void {
  const { state } = draft;
  const { id, pace, priority, maxWaitMs } = input;
  const refuse = (why: "busy" | "silence", waitMs: number): void => {
    draft.effects.push({ kind: "refuse", id, why, waitMs });
  };
  if (now < state.silentUntil && priority !== "owner_cancel") {
    refuse("silence", state.silentUntil - now);
    return;
  }
  const at = possibleAt(state, input, now);
  if (at !== Number.POSITIVE_INFINITY && at - now > maxWaitMs) {
    refuse("busy", at - now);
    return;
  }
  const share = input.share ?? null;
  if (priority === "agent" && !hasPlace(state.waiting, share)) {
    refuse("busy", 1_000);
    return;
  }
  const turn = priority === "agent" ? nextTurn(state, share) : 0;
  const waiting = [
    ...state.waiting,
    { id, pace, priority, share, turn, deadline: now + maxWaitMs },
  ];
  draft.state = {
    ...state,
    waiting: waiting.sort(byUrgency),
    turns: share === null || turn === 0 ? state.turns : new Map(state.turns).set(share, turn),
  };
}

function answered(state: QueueState, id: number, now: number): QueueState {
  const pace = state.running.get(id)?.pace;
  if (pace === undefined) return state;
  const note = (requests: readonly Sent[]): Sent[] =>
    requests.map((one) => (one.id === id ? { ...one, answeredAt: now } : one));
  const running = new Map(state.running);
  running.delete(id);
  const own = state.sent.get(pace);
  return {
    ...state,
    running,
    everything: note(state.everything),
    sent: own === undefined ? state.sent : new Map(state.sent).set(pace, note(own)),
  };
}

/** Starts and refuses in the order of urgency; gives when to look again. */
function startWhatMay(draft: Draft, now: number): number | null {
  let wakeAt = Number.POSITIVE_INFINITY;
  // Many wait for the same: they are judged together, until one of them has started.
  const judged = new Map<string, number>();
  for (const waiter of draft.state.waiting) {
    const key = `${waiter.pace} ${waiter.priority}`;
    const at = judged.get(key) ?? possibleAt(draft.state, waiter, now);
    judged.set(key, at);
    const tooLate =
      waiter.deadline < now || (at !== Number.POSITIVE_INFINITY && at > waiter.deadline);
    if (at > now && !tooLate) {
      wakeAt = Math.min(wakeAt, at, waiter.deadline + 1);
      continue;
    }
    const { id } = waiter;
    const waiting = draft.state.waiting.filter((other) => other !== waiter);
    draft.state = { ...draft.state, waiting };
    if (at <= now) {
      start(draft, waiter, now);
      judged.clear();
    } else {
      const waitMs = Math.min(at, now + 60_000) - now;
      draft.effects.push({ kind: "refuse", id, why: "busy", waitMs });
    }
  }
  return wakeAt === Number.POSITIVE_INFINITY ? null : wakeAt;
}

function start(draft: Draft, waiter: Waiting, now: number): void {
  const { state } = draft;
  const { id, pace: name, priority } = waiter;
  const request: Sent = { id, startedAt: now, answeredAt: null };
  const pace = ENDPOINT_PACES[name];
  const own = [...recent(state.sent.get(name) ?? [], pace.windows, now), request];
  draft.state = {
    ...state,
    everything: [...recent(state.everything, GLOBAL_WINDOWS, now), request],
    sent: pace.windows.length > 0 ? new Map(state.sent).set(name, own) : state.sent,
    running: new Map(state.running).set(id, { pace: name, priority }),
    ...servedTurn(state, waiter),
  };
  draft.lasting ||= isScarce(pace);
  draft.effects.push({ kind: "start", id });
}

/** When this request could start by the windows alone; Infinity while its endpoint is full. */
function possibleAt(
  state: QueueState,
  { pace: name, priority }: Pick<Waiting, "pace" | "priority">,
  now: number,
): number {
  const pace: EndpointPace = ENDPOINT_PACES[name];
  const running = [...state.running.values()];
  const agents = priority === "agent";
  if (pace.concurrency !== undefined) {
    const same = running.filter((one) => one.pace === name).length;
    if (same >= pace.concurrency - (agents ? 1 : 0)) return Number.POSITIVE_INFINITY;
  }
  // Their connections are fewer than what may hang: what started must not wait once more, unseen.
  if (
    agents &&
    running.filter((one) => one.priority === "agent").length >= LIMITS.agentConnections
  ) {
    return Number.POSITIVE_INFINITY;
  }
  return Math.max(
    earliestStart(arrivals(state.everything, now), GLOBAL_WINDOWS, now, startsKeptFrom(priority)),
    earliestStart(arrivals(state.sent.get(name) ?? [], now), pace.windows, now, ({ max }) =>
      agents ? Math.floor((max + 2) / OWN_RESERVE) : 0,
    ),
  );
}

/** What must outlive this process. */
function keptOf(state: QueueState, now: number): PacingState {
  const starts: Record<string, number[]> = {};
  for (const [name, requests] of state.sent) {
    if (isScarce(ENDPOINT_PACES[name]) && requests.length > 0) {
      starts[name] = arrivals(requests, now);
    }
  }
  const { silentUntil: silent_until, penalties } = state;
  return { v: 1, saved_at: now, silent_until, penalties, starts };
}
