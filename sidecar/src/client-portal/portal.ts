import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { sleep } from "./clock.ts";
import { LIMITS } from "./limits.ts";
import { isMoreUrgent, type Priority } from "./pacing/priority.ts";
import { createUrgency } from "./pacing/urgency.ts";
import type { Answer, Ask, AskOptions, Portal } from "./portal-interface.ts";
import { deadline } from "./read-failure.ts";
import { decode, type RawAnswer, type ReadParts, readOnce } from "./read-once.ts";
import { sessionRefusal } from "./session/session-refusal.ts";
import { keyOf, SessionMemory, serviceOf } from "./session-memory.ts";

export function createPortal(parts: ReadParts): Portal {
  const { clock, supervisor } = parts;
  let memory = new SessionMemory();

  supervisor.onChange((session, before) => {
    const ended = before.generation !== null && session.generation !== before.generation;
    if (ended || before.identity !== session.identity || session.sso === "dead") {
      memory = new SessionMemory();
    }
  });

  /** One read on the wire for all who ask the same at the same time. */
  const shared = <T>(ask: Ask<T>, call: AskOptions): Promise<RawAnswer> => {
    const key = keyOf(ask);
    const priority = urgent(ask.priority ?? "agent", call.priority ?? "agent");
    const present = call.alone ? undefined : memory.inFlight(key);
    if (present !== undefined) {
      // Whoever joins brings his place in the line along.
      present.urgency.raise(priority);
      return withSignal(present.reading, call.signal);
    }
    const urgency = createUrgency(priority);
    const reading = readOnce(parts, ask, call, urgency);
    return withSignal(memory.follow(key, serviceOf(ask), { reading, urgency }), call.signal);
  };

  const fromBroker = async <T>(ask: Ask<T>, call: AskOptions): Promise<Answer<T>> => {
    const first = memory.firstAnsweredAt(serviceOf(ask));
    let answer = await shared(ask, call);
    let value = decode(ask, answer);
    const second = first !== undefined && answer.at - first >= LIMITS.coldReadPauseMs;
    if (ask.isCold?.(value) && !second) {
      answer.proved = false;
      if (!call.firstLookOnly) {
        await sleep(clock, LIMITS.coldReadPauseMs, call.signal);
        try {
          answer = await shared(ask, call);
          value = decode(ask, answer);
        } catch (error) {
          // No second look within the time: the first is shown for what it is.
          if (!(error instanceof GatewayError)) throw error;
        }
      }
    }
    const { at, begunAt, proved, unread } = answer;
    return { value, at, begunAt, from: "broker", proved, unread };
  };

  return {
    ask: async (ask, call = {}) => {
      const held = memory.held(keyOf(ask));
      const ageMs = held === undefined ? Number.POSITIVE_INFINITY : clock.now() - held.at;
      const accepted = call.fresh ? 0 : (call.maxAgeMs ?? Number.POSITIVE_INFINITY);
      const closed = refusalOf(parts, ask);
      if (closed === null && held?.proved && ageMs < Math.min(ask.ttlMs, accepted)) {
        return keptAs("cache", ask, held);
      }
      try {
        if (closed !== null) throw closed;
        return await fromBroker(ask, call);
      } catch (error) {
        const silent =
          error instanceof GatewayError && error.failure.code === "BROKER_RATE_LIMITED";
        const lastMs = Math.min(LIMITS.staleServeMs, accepted);
        if (!silent || held === undefined || call.fresh || ageMs > lastMs) throw error;
        return keptAs("stale", ask, held);
      }
    },
  };
}

const keptAs = <T>(from: "cache" | "stale", ask: Ask<T>, held: RawAnswer): Answer<T> => ({
  value: decode(ask, held),
  at: held.at,
  begunAt: held.begunAt,
  from,
  proved: held.proved,
  unread: held.unread,
});

const urgent = (one: Priority, other: Priority): Priority =>
  isMoreUrgent(other, one) ? other : one;

/** Why the session does not allow this question; null when it does. */
function refusalOf<T>({ supervisor, clock }: ReadParts, ask: Ask<T>): GatewayError | null {
  if (ask.needs === "nothing") return null;
  const reads = supervisor.reads();
  const open = reads === "all" || (ask.needs === "sso" && reads === "portfolio_only");
  return open ? null : sessionRefusal(supervisor.session(), clock.now());
}

function withSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(deadline());
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
