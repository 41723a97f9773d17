import { createInterface } from "node:readline/promises";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import { nudge } from "../config/wake-file.ts";
import { addressFrom, clientPortalOf, reportedSession, runsSimulator } from "./doctor.ts";
import { openLooker, waitForState } from "./one-shot-session.ts";
import { globalOptions } from "./options.ts";

interface Flags {
  clientPortal?: string;
  yes?: boolean;
}

const LOOK_MS = 12_000;
const TAKE_MS = 60_000;

/** Adds `takeover`: the owner's act of taking the trading session from TWS or the phone. */
export function register(program: Command): void {
  program
    .command("takeover")
    .summary("take the trading session from TWS, the phone or the web portal")
    .description(
      "IBKR gives a username one trading session at a time. The sidecar never takes it from another\n" +
        "program of yours by itself; this command does, and that program is then disconnected.\n" +
        "A second username on the same account (Client Portal, Users & Access Rights) avoids this.",
    )
    .option(
      "--client-portal <url>",
      "where the Client Portal Gateway listens, on this PC (default: as the running sidecar has it)",
    )
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 the session is here, 1 it is not, 2 wrong use.")
    .action(takeover);
}

async function takeover(flags: Flags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const address = addressFrom(clientPortalOf(configDir, flags.clientPortal));
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  // A running sidecar knows already, and to ask beside it can earn both the broker's penalty.
  const told = reportedSession(configDir);
  if (told !== null && isSettled(told) && nothingToTake(told, say)) return;
  const simulated = runsSimulator(configDir, address);
  const looker = openLooker({ address, configDir, simulated, remember: true });
  try {
    const before = await waitForState(looker, isSettled, LOOK_MS);
    if (nothingToTake(before, say)) return;
    if (flags.yes !== true && !(await confirmed())) {
      say("Nothing was changed.");
      process.exitCode = 1;
      return;
    }
    looker.supervisor.observe({ kind: "takeover_allowed", until: Date.now() + TAKE_MS });
    const after = await waitForState(looker, ({ state }) => state === "ready", TAKE_MS);
    if (after.state === "ready") {
      nudge(configDir);
      say("The trading session is here now.");
      return;
    }
    say(`The broker did not give it: ${after.meaning}`);
    if (after.next_step !== null) say(after.next_step);
    process.exitCode = 1;
  } finally {
    await looker.close();
  }
}

const isSettled = ({ state }: BrokerSession): boolean =>
  state !== "unknown" && state !== "initializing";

/** Says so where the session is here, or is not held by another program; exit code 0 or 1. */
function nothingToTake(session: BrokerSession, say: (text: string) => void): boolean {
  if (session.state === "ready") {
    say("The trading session is here already.");
    return true;
  }
  if (session.reads === "portfolio_only") return false;
  say(session.meaning);
  if (session.next_step !== null) say(session.next_step);
  process.exitCode = 1;
  return true;
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError("add --yes to take the session without being asked");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await terminal.question(
    "This disconnects TWS, the phone app or the web portal of the same username. Type yes: ",
  );
  terminal.close();
  return typed.trim().toLowerCase() === "yes";
}
