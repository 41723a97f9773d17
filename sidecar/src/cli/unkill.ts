import type { Command } from "commander";
import { killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { typedAtTerminal } from "../run/ask-at-terminal.ts";
import { liftKillSwitch, readKillSwitch } from "../trust/limits/kill-switch-file.ts";
import { globalOptions } from "./options.ts";

/** Adds `unkill`: lifts the kill switch of this PC. Nothing but this lifts it. */
export function register(program: Command): void {
  program
    .command("unkill")
    .summary("allow orders from this PC again")
    .description(
      "Lifts the kill switch of this PC. Switches engaged at the gateway are not touched by it.",
    )
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 lifted or not engaged, 1 not lifted, 2 wrong use.")
    .action(async (flags: { yes?: boolean }, command: Command) => {
      const path = killSwitchPath(globalOptions(command).configDir);
      const now = readKillSwitch(path);
      if (!now.engaged) {
        process.stdout.write("The kill switch is not engaged.\n");
        return;
      }
      const why = now.reason === null ? "" : `, because: ${now.reason.replace(/\p{C}/gu, "")}`;
      const question =
        `The kill switch is engaged${now.since === null ? "" : ` since ${now.since}`}${why}.\n` +
        "Lifted, orders that are approved from then on go to the broker again; what was refused stays refused.";
      if (flags.yes !== true && !(await typedAtTerminal(question, "lift"))) {
        process.stdout.write("It stays engaged.\n");
        process.exitCode = 1;
        return;
      }
      liftKillSwitch(path);
      process.stdout.write("The kill switch is lifted.\n");
    });
}
