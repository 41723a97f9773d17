import { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseFastTime } from "../chaos/orders/fast-time.ts";
import { runNodeAt } from "./node-clock.ts";

/**
 * Loaded before a Node process of a test run (`node --import`): takes the instant from `TEST_CLOCK`,
 * and gives clock and zone on to every process that is started from here, however little of its
 * environment that one is given. What is no Node process takes no notice.
 */
const time = parseFastTime(process.env.TEST_CLOCK);
if (time !== null) {
  runNodeAt(time);
  const option = `--import=${fileURLToPath(import.meta.url)}`;
  const already = process.env.NODE_OPTIONS ?? "";
  if (!already.includes(option)) process.env.NODE_OPTIONS = `${already} ${option}`.trim();
  const spawn: unknown = Reflect.get(ChildProcess.prototype, "spawn");
  if (typeof spawn !== "function") throw new Error("this Node starts processes in another way");
  Object.assign(ChildProcess.prototype, {
    spawn(this: ChildProcess, options: { envPairs?: string[] }) {
      options.envPairs = handedOn(options.envPairs ?? []);
      return Reflect.apply(spawn, this, [options]);
    },
  });

  function handedOn(pairs: readonly string[]): string[] {
    const given = pairs.find((pair) => pair.startsWith("NODE_OPTIONS="))?.slice(13) ?? "";
    // A test may have said by now that what it starts has yet another clock.
    const { TEST_CLOCK, GATEWAY_ENTRY, TZ } = process.env;
    const handed = Object.entries({ TEST_CLOCK, GATEWAY_ENTRY, TZ }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    const nodeOptions = given.includes(option) ? given : `${given} ${option}`.trim();
    const ours = [...handed, `NODE_OPTIONS=${nodeOptions}`];
    const names = new Set(ours.map(nameOf));
    return [...pairs.filter((pair) => !names.has(nameOf(pair))), ...ours];
  }
}

function nameOf(pair: string): string {
  return pair.slice(0, pair.indexOf("="));
}
