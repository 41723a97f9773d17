import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { INSTANTS, instantNamed } from "../test/clock/instants.ts";
import { entryAt } from "../test/clock/plan.ts";
import { fromRoot, ROOT } from "./lib/paths.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

const HELP = `Runs a command with the clock of Node, of the Worker and of all they start set to an instant.

Usage: npm run at -- <instant> <command> [arguments]

  <instant>  a name, of those below, or a time such as 2026-12-06T22:00:00Z
  <command>  for example: npm start

${INSTANTS.map(({ name, at, market }) => `  ${name.padEnd(22)}  ${at}  ${market}`).join("\n")}
`;

/** `npm run at`. */
export const main = (args: string[]): Promise<void> => orSaySorry(() => run(args));

async function run([instant, command, ...rest]: string[]): Promise<void> {
  if (instant === undefined || instant === "--help" || instant === "-h") {
    console.log(HELP);
    return;
  }
  const start = instantGiven(instant);
  if (command === undefined) throw new Sorry("say which command to run then (see --help)");
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-at-"));
  try {
    const time = { wallStart: Date.now(), start, speed: 1 };
    const child = spawn(command, rest, {
      cwd: ROOT,
      stdio: "inherit",
      env: {
        ...process.env,
        TEST_CLOCK: JSON.stringify(time),
        GATEWAY_ENTRY: await entryAt(time, directory),
        NODE_OPTIONS:
          `${process.env.NODE_OPTIONS ?? ""} --import=${fromRoot("test/clock/preload.ts")}`.trim(),
      },
    });
    const stop = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on("SIGINT", stop).on("SIGTERM", stop);
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", (error) =>
        reject(new Sorry(`${command} does not start: ${error.message}`)),
      );
      child.on("close", (code) => resolve(code ?? 1));
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function instantGiven(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Date.parse(instantNamed(text).at);
  if (Number.isNaN(at)) throw new Sorry(`${text} is no time`);
  return at;
}
