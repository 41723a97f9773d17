import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { systemClock } from "../client-portal/clock.ts";
import { API } from "../client-portal/paced-wire.ts";
import { readRunStatus } from "../config/status-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { VERSION } from "../config/version.ts";
import { type Collected, collect } from "../field-report/collect.ts";
import { inWords, reportOf, unknownNames } from "../field-report/report.ts";
import { yesAtTerminal } from "../run/ask-at-terminal.ts";
import { addressFrom, clientPortalOf } from "./doctor.ts";
import { type Looker, openLooker, waitForState } from "./one-shot-session.ts";
import { globalOptions } from "./options.ts";
import { isAlive } from "./status.ts";

interface Flags {
  clientPortal?: string;
  out?: string;
  yes?: boolean;
  json?: boolean;
  includeName: string[];
}

const DEFAULT_OUT = "ibkr-field-report.json";
const LOOK_MS = 20_000;

/** Adds `field-report`: the shapes of the broker's answers, to be sent to those who build this. */
export function register(program: Command): void {
  program
    .command("field-report")
    .summary("write down the shapes of your broker's answers, without anything of yours in them")
    .description(
      "Asks the broker some thirty questions that only read (no order, no preview), slowly, and keeps the\n" +
        "shape of each answer: names of fields, types, and forms such as 9.9{2} or A{3}. Every name, number,\n" +
        "id and text of yours is replaced; how large a figure is, is not told either. It compares the shapes\n" +
        "with what this program expects, shows the whole file, and writes it after your yes.\n" +
        "Nothing is sent anywhere. Stop the sidecar first, and be logged in to the broker's gateway.",
    )
    .option(
      "--client-portal <url>",
      'where the Client Portal Gateway listens, on this PC (default: "https://127.0.0.1:5000")',
    )
    .option("--out <file>", `where to write it; must not exist yet (default: "${DEFAULT_OUT}")`)
    .option("--yes", "do not ask before it is written")
    .option(
      "--json",
      "print the file alone; it is written only where --out says so, without a question",
    )
    .option(
      "--include-name <name>",
      "a field's name that the program does not know may stand in the file; can be given again",
      (name: string, before: string[]) => [...before, name],
      [],
    )
    .addHelpText(
      "after",
      "\nExit status: 0 all that was answered is as expected, 1 something differs or nothing was written,\n" +
        "2 wrong use.",
    )
    .action(fieldReport);
}

async function fieldReport(flags: Flags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const out = outFile(flags);
  const running = readRunStatus(configDir);
  if (running !== null && isAlive(running)) {
    // Both together may ask more often than the broker allows, and both would earn its penalty.
    throw new UsageError(
      "a sidecar runs with this folder: stop it first (orders at the broker stay there), then try again",
    );
  }
  if (out !== null && flags.yes !== true && flags.json !== true && !process.stdin.isTTY) {
    throw new UsageError("add --yes to write the file without being asked");
  }
  const collected = await ask(configDir, flags);
  if (collected === null) return;
  const report = reportOf(collected, VERSION);
  const file = `${JSON.stringify(report, null, 2)}\n`;
  if (report.totals.differs > 0) process.exitCode = 1;
  process.stdout.write(flags.json === true ? file : `${file}\n${inWords(report)}`);
  if (flags.json !== true) tellUnknown(unknownNames(collected));
  if (out === null) return;
  if (flags.yes !== true && flags.json !== true) {
    const yes = await yesAtTerminal(`The file above is all that is kept. Write it to ${out}?`);
    if (yes !== true) {
      process.stderr.write("Nothing was written.\n");
      process.exitCode = 1;
      return;
    }
  }
  write(out, file);
  process.stderr.write(
    `Written to ${out}. Nothing was sent; docs/sidecar.md says how to send it.\n`,
  );
}

/** Where it goes; null where it is only printed. */
function outFile({ out, json }: Flags): string | null {
  if (out === undefined && json === true) return null;
  const path = resolve(out ?? DEFAULT_OUT);
  if (existsSync(path))
    throw new UsageError(`${path} exists already; name another file with --out`);
  return path;
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${path} cannot be written (${code})`);
  }
}

/** The answers' shapes; null where the session does not allow one question. */
async function ask(configDir: string, flags: Flags): Promise<Collected[] | null> {
  const address = addressFrom(clientPortalOf(configDir, flags.clientPortal));
  const heard = new Map<string, string>();
  const looker = openLooker({
    address,
    configDir,
    simulated: false,
    remember: false,
    onAnswer: ({ method, path }, { status, text }) => {
      if (status === 200) heard.set(`${method} ${path}`, text);
    },
  });
  try {
    const session = await waitForState(looker, isSettled, LOOK_MS);
    if (!mayRead(looker)) return notReady(session);
    return await collect({
      wire: looker.wire,
      clock: systemClock,
      heard: (method, path) => heard.get(`${method} ${API}${path}`),
      mayAsk: (needs) => {
        const reads = looker.supervisor.reads();
        return needs !== "brokerage" ? reads !== "none" : reads === "all";
      },
      letThrough: new Set(flags.includeName),
      onProgress: (done, of) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of} questions asked`);
        if (process.stderr.isTTY && done === of) process.stderr.write("\n");
      },
    });
  } finally {
    await looker.close();
  }
}

const isSettled = ({ state }: BrokerSession): boolean =>
  state !== "unknown" && state !== "initializing";

const mayRead = ({ supervisor }: Looker): boolean => supervisor.reads() !== "none";

function notReady({ meaning, next_step }: BrokerSession): null {
  process.stderr.write(`${meaning}\n`);
  if (next_step !== null) process.stderr.write(`${next_step}\n`);
  process.stderr.write(`Then run again: ${sidecarCommand("field-report")}\n`);
  process.exitCode = 1;
  return null;
}

function tellUnknown(names: readonly string[]): void {
  if (names.length === 0) return;
  process.stderr.write(
    "\nThe broker's answers have names that this program does not know. They are not in the file:\n" +
      `${names.map((name) => `  ${JSON.stringify(name)}`).join("\n")}\n` +
      "If one is a name of a field and nothing of yours, it helps to add it: --include-name <name>\n",
  );
}
