import { join } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { entryAt } from "../clock/plan.ts";

/** Lays another clock under the Worker and under every process started until the end. */
export async function otherClock(
  start: number,
  folder: string,
  endings: (() => Promise<unknown>)[],
): Promise<string> {
  const time = { wallStart: Date.now(), start, speed: 1 };
  const { TEST_CLOCK, NODE_OPTIONS } = process.env;
  endings.push(async () => {
    for (const [name, value] of Object.entries({ TEST_CLOCK, NODE_OPTIONS })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  process.env.TEST_CLOCK = JSON.stringify(time);
  const preload = `--import=${fromRoot("test/clock/preload.ts")}`;
  process.env.NODE_OPTIONS = `${NODE_OPTIONS ?? ""} ${preload}`.trim();
  return entryAt(time, join(folder, "entry"));
}
