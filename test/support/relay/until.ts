import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something is so; what is not in time is an error with these words. */
export async function until(
  so: () => boolean | Promise<boolean>,
  words: string,
  { timeoutMs = 8_000, everyMs = 5 } = {},
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await so())) {
    if (performance.now() > end) throw new Error(`not in time: ${words}`);
    await sleep(everyMs);
  }
}
