import { join } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { parseFastTime, wallTimeAt } from "../chaos/orders/fast-time.ts";
import { runNodeAt } from "../clock/node-clock.ts";
import { entryAt } from "../clock/plan.ts";

/**
 * Lays another clock under this process and every Worker and process that it starts until the end, in
 * place of the one that it may have been given. What reads the others' words then reads them in time.
 */
export async function otherClock(
  start: number,
  folder: string,
  endings: (() => Promise<unknown>)[],
): Promise<void> {
  const { TEST_CLOCK, GATEWAY_ENTRY, NODE_OPTIONS } = process.env;
  const own = parseFastTime(TEST_CLOCK);
  const now = Date.now();
  const wallStart = own === null ? now : wallTimeAt(own, now);
  const time = { wallStart, start, speed: 1 };
  const layBack = runNodeAt({ wallStart: now, start, speed: 1 });
  endings.push(async () => {
    layBack();
    for (const [name, value] of Object.entries({ TEST_CLOCK, GATEWAY_ENTRY, NODE_OPTIONS })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  process.env.TEST_CLOCK = JSON.stringify(time);
  process.env.GATEWAY_ENTRY = await entryAt(time, join(folder, "entry"));
  const preload = `--import=${fromRoot("test/clock/preload.ts")}`;
  if (!NODE_OPTIONS?.includes(preload)) {
    process.env.NODE_OPTIONS = `${NODE_OPTIONS ?? ""} ${preload}`.trim();
  }
}
