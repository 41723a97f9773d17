import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { typedAtTerminal } from "../run/ask-at-terminal.ts";
import { liftKillSwitch, readKillSwitch } from "../trust/limits/kill-switch-file.ts";
import {
  acceptLog,
  FORK_REASON,
  logStanding,
  standingInWords,
} from "../trust/witness/log-standing.ts";
import { existingWitnessStore } from "../trust/witness/open-store.ts";
import { globalOptions } from "./options.ts";

/** Adds `audit accept`: the owner's word that the gateway's log is taken as it is shown now. */
export function register(program: Command): void {
  const audit =
    program.commands.find((command) => command.name() === "audit") ??
    program.command("audit").summary("the gateway's audit log, as this PC witnesses it");
  audit
    .command("accept")
    .summary("go on with an audit log that is not the one this PC cosigned")
    .description(
      "This PC cosigns the gateway's audit log and stops entries when the log contradicts what it cosigned.\n" +
        "Accept only when you know why: you restored the gateway from an older copy, or set it up anew.\n" +
        "What this PC held before stays in its own store, with the head that was shown in its place.",
    )
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      "\nExit status: 0 accepted or nothing to accept, 1 not accepted, 2 wrong use.",
    )
    .action(async (flags: { yes?: boolean }, command: Command) => {
      await accept(globalOptions(command).configDir, flags.yes === true);
    });
}

async function accept(configDir: string, unasked: boolean): Promise<void> {
  const pairing = loadPairing(configDir);
  if (pairing === null) throw new UsageError("this PC is not paired");
  const db = existingWitnessStore(configDir, pairing);
  const before = db === null ? null : logStanding(db);
  if (db === null || before === null || before.state === "unwitnessed") {
    process.stdout.write(
      "This PC holds no head of the gateway's audit log; there is nothing to accept.\n",
    );
    return;
  }
  try {
    const question =
      standingInWords(before) ??
      `The audit log is whole up to entry ${before.size}. Accepting now makes this PC forget it and begin anew with the next head: for a gateway that was set back to a version that shows none.`;
    if (!unasked && !(await typedAtTerminal(question, "accept"))) {
      process.stdout.write("Nothing was accepted.\n");
      process.exitCode = 1;
      return;
    }
    const now = acceptLog(db, Date.now());
    process.stdout.write(
      now.state === "unwitnessed"
        ? "This PC begins anew with the next head that the gateway shows.\n"
        : `This PC goes on from entry ${now.size} of ${now.origin}.\n`,
    );
    liftOwnSwitch(configDir);
  } finally {
    db.close();
  }
}

/** The kill switch goes with its reason; one that was engaged for another stays. */
function liftOwnSwitch(configDir: string): void {
  const path = killSwitchPath(configDir);
  const state = readKillSwitch(path);
  if (!state.engaged) return;
  if (state.reason !== FORK_REASON) {
    process.stdout.write("The kill switch stays engaged: it was engaged for another reason.\n");
    return;
  }
  liftKillSwitch(path);
  process.stdout.write("The kill switch is lifted.\n");
}
