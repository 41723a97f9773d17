import { LIMITS } from "./limits.ts";
import type { Urgency } from "./pacing/urgency.ts";
import type { Ask } from "./portal-interface.ts";
import type { RawAnswer } from "./read-once.ts";

/** A read on its way, and how urgent it is to whoever waits for it. */
export interface InFlight {
  readonly reading: Promise<RawAnswer>;
  readonly urgency: Urgency;
}

/**
 * What was read in one session of the broker: the answers, the reads in flight, and when each
 * service answered first. A read that outlives its session keeps writing here, where nobody looks.
 */
export class SessionMemory {
  readonly #answers = new Map<string, RawAnswer>();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #firstAnswered = new Map<string, number>();

  held(key: string): RawAnswer | undefined {
    return this.#answers.get(key);
  }

  /** When the service was first answered, ms; an empty answer counts after that. */
  firstAnsweredAt(service: string): number | undefined {
    return this.#firstAnswered.get(service);
  }

  inFlight(key: string): InFlight | undefined {
    return this.#inFlight.get(key);
  }

  /** Keeps a read for those who ask the same meanwhile, and its answer for those who ask later. */
  follow(key: string, service: string, { reading, urgency }: InFlight): Promise<RawAnswer> {
    const followed = reading
      .then((answer) => {
        this.#keep(key, answer);
        if (!this.#firstAnswered.has(service)) this.#firstAnswered.set(service, answer.at);
        return answer;
      })
      .finally(() => {
        if (this.#inFlight.get(key)?.reading === followed) this.#inFlight.delete(key);
      });
    this.#inFlight.set(key, { reading: followed, urgency });
    // Whoever waits sees the failure; nobody waiting must not become an unhandled rejection.
    followed.catch(() => {});
    return followed;
  }

  #keep(key: string, answer: RawAnswer): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size <= LIMITS.cacheEntries) return;
    const oldest = this.#answers.keys().next();
    if (!oldest.done) this.#answers.delete(oldest.value);
  }
}

/** The same question of the broker, whoever asks it. */
export const keyOf = <T>(ask: Ask<T>): string =>
  JSON.stringify([ask.method ?? "GET", ask.path, ask.query ?? null, ask.body ?? null]);

/** What a question warms; by default itself only. */
export const serviceOf = <T>(ask: Ask<T>): string => ask.warms ?? keyOf(ask);
