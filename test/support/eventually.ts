import { setTimeout as sleep } from "node:timers/promises";

const EVERY_MS = 250;

/**
 * Asks until the answer is as it should be, and gives that answer.
 * @throws Error with the last answer, where it is not so in time.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > end) throw new Error(`not in time: ${JSON.stringify(answer).slice(0, 900)}`);
    await sleep(EVERY_MS);
  }
}

/** The codes of what was refused, in the order in which they were said. */
export const codesOf = (refusals: readonly { code: string }[]): string[] =>
  refusals.map(({ code }) => code);
