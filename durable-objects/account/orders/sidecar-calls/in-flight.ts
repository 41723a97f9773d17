import type { FreshRead } from "../facts/fresh-facts.ts";
import type { Written } from "../rules/submits/submit-response.ts";

/** What is in flight in this object's memory; it is gone after a sleep, and nothing depends on it. */
export interface InFlight {
  /** By client and key: whoever asks the same again waits with the first. */
  readonly running: Map<string, { digest: string; answer: Promise<Written> }>;
  /** By preview: parallel submits of one order share one read. */
  readonly reads: Map<string, Promise<FreshRead>>;
  /** By broker account: the sidecar takes one write at a time, and one exit beside it. */
  readonly lanes: Map<string, Lane>;
  /** By client: when its latest previews were served as exits, ms since the epoch. */
  readonly exitPreviews: Map<string, readonly number[]>;
}

export const nothingInFlight = (): InFlight => ({
  running: new Map(),
  reads: new Map(),
  lanes: new Map(),
  exitPreviews: new Map(),
});

/** What is done one after the other under one key; `before` others goes who is `first`. */
interface Lane {
  /** Ends with the work under way, however that ends. */
  running: Promise<unknown>;
  readonly waiting: { readonly first: boolean; readonly start: () => void }[];
}

/**
 * Works on one thing of a key after the other; without anybody before it, in this very turn. Who is
 * `first` waits for the work under way and for others that are first, and for nobody else.
 */
export function oneAtATime(
  lanes: Map<string, Lane>,
  key: string,
  work: () => Promise<void>,
  first = false,
): Promise<void> {
  const lane = lanes.get(key);
  if (lane === undefined) return run(lanes, key, { running: Promise.resolve(), waiting: [] }, work);
  return new Promise((resolve, reject) => {
    const turn = {
      first,
      start: () => {
        run(lanes, key, lane, work).then(resolve, reject);
      },
    };
    const after = first ? lane.waiting.findIndex((other) => !other.first) : -1;
    lane.waiting.splice(after === -1 ? lane.waiting.length : after, 0, turn);
  });
}

function run(
  lanes: Map<string, Lane>,
  key: string,
  lane: Lane,
  work: () => Promise<void>,
): Promise<void> {
  const done = work();
  // The next in line waits for its end and not for how it ended; whoever began it hears that.
  lane.running = done.catch(() => undefined);
  lanes.set(key, lane);
  void lane.running.then(() => {
    const next = lane.waiting.shift();
    if (next === undefined) lanes.delete(key);
    else next.start();
  });
  return done;
}

/** The lane of an account's exits, where the PC takes one beside an entry. */
export const exitLane = (account: string): string => `${account} exit`;

/** The writes of an account under way; null when there is none. */
export function writesUnderWay({ lanes }: InFlight, account: string): Promise<unknown> | null {
  const found = [account, exitLane(account)].flatMap((key) => lanes.get(key)?.running ?? []);
  return found.length === 0 ? null : Promise.all(found);
}
