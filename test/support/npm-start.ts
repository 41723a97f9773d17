import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fromRoot, ROOT } from "../../scripts/lib/paths.ts";
import { type FastTime, parseFastTime } from "../chaos/orders/fast-time.ts";
import { instantNamed } from "../clock/instants.ts";
import { entryAt } from "../clock/plan.ts";
import { until } from "./relay/until.ts";

const START_MS = 90_000;

/** Sunday evening before the futures open; in the clock matrix the instant of the case. */
export function walkTime(): FastTime {
  const given = parseFastTime(process.env.TEST_CLOCK);
  const start = Date.parse(instantNamed("sunday-before-futures").at);
  return given ?? { wallStart: Date.now(), start, speed: 1 };
}

export async function clockEnv(time: FastTime, directory: string): Promise<Record<string, string>> {
  return {
    TEST_CLOCK: JSON.stringify(time),
    GATEWAY_ENTRY: process.env.GATEWAY_ENTRY ?? (await entryAt(time, join(directory, "entry"))),
    NODE_OPTIONS: `--import=${fromRoot("test/clock/preload.ts")}`,
  };
}

/** The environment of a person's shell: nothing of this test run but Node and the browser. */
export function plainEnv(browser: string): Record<string, string> {
  const { NODE_COMPILE_CACHE = "", TMPDIR } = process.env;
  return {
    PATH: [
      browser,
      fromRoot("node_modules/.bin"),
      dirname(process.execPath),
      process.env.PATH,
    ].join(delimiter),
    BROWSER: join(browser, "xdg-open"),
    NO_COLOR: "1",
    NODE_COMPILE_CACHE,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
  };
}

/** `npm start` as the README says it; any free ports, because others may run here. */
export function startNpm(env: Record<string, string>) {
  const child = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { ...env, PORT: "0", SIMULATOR_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const printed = (what: string) => new RegExp(`^${what}: (\\S+)$`, "m").exec(said)?.[1] ?? "";
  const ready = until(() => said.includes("Owner sign-in token: "), "npm start is ready", {
    timeoutMs: START_MS,
    everyMs: 20,
  }).then(
    () => ({
      mcp: printed("MCP endpoint"),
      console: printed("Console"),
      token: printed("Owner sign-in token"),
    }),
    () => Promise.reject(new Error(`npm start did not get ready: ${said}`)),
  );
  return {
    ready,
    said: () => said,
    async stop() {
      // The whole group, as Ctrl-C does.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      await ended;
    },
  };
}
