import type { Command } from "commander";
import { ensureConfigDir } from "../config/files.ts";
import { killSwitchPath } from "../orders/local-files.ts";
import { engageKillSwitch, readKillSwitch } from "../trust/kill-switch.ts";
import { globalOptions } from "./options.ts";

/** Adds `kill`: stops all orders from this PC at once, with or without the gateway. */
export function register(program: Command): void {
  program
    .command("kill")
    .summary("stop all orders from this PC, at once")
    .description(
      "Engages the kill switch of this PC. From the next order on nothing opens or changes a\n" +
        "position; cancels and orders that only reduce a position stay possible. It holds over\n" +
        "restarts and without the gateway. Only `ibkr-sidecar unkill` lifts it.",
    )
    .argument("[reason...]", "why, for the log")
    .action((reason: string[], _flags: object, command: Command) => {
      const { configDir } = globalOptions(command);
      ensureConfigDir(configDir);
      const path = killSwitchPath(configDir);
      const before = readKillSwitch(path);
      engageKillSwitch(path, reason.join(" ") || "engaged at the PC", Date.now());
      process.stdout.write(
        before.engaged
          ? "The kill switch was engaged already.\n"
          : "The kill switch is engaged. No order opens or changes a position from this PC.\n" +
              "Working orders stay at the broker; cancel them in the console or in TWS.\n",
      );
    });
}
