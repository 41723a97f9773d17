import type { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import { globalOptions } from "./options.ts";

interface Flags {
  clientPortal?: string;
  simulated?: boolean;
  takeApprovers?: boolean;
  logLevel: string;
}

const DEFAULT_CLIENT_PORTAL = "https://127.0.0.1:5000";
const LOG_LEVELS = ["debug", "info", "warn", "error"];

/** Adds `run`: connects the broker's gateway on this PC with the paired gateway. */
export function register(program: Command): void {
  program
    .command("run")
    .summary("connect this PC's broker session with your gateway")
    .description(
      "Dials out to the paired gateway and serves it from the Client Portal Gateway on this PC.\n" +
        "Runs until it is stopped; logs go to standard error, one JSON object a line.",
    )
    .option(
      "--client-portal <url>",
      `where the Client Portal Gateway listens, on this PC (default: "${DEFAULT_CLIENT_PORTAL}")`,
    )
    .option(
      "--simulated",
      "serve from the built-in simulator, or with --client-portal from the one that runs there;\n" +
        "every figure is labelled as the simulator's",
    )
    .option(
      "--take-approvers",
      "take a passkey of your console without asking; only for a PC paired with `pair --simulated`,\n" +
        "and such a passkey approves nothing at a real broker",
    )
    .option("--log-level <level>", LOG_LEVELS.join(", "), "info")
    .addHelpText("after", "\nExit status: 0 stopped by you, 1 stopped by the gateway, 2 wrong use.")
    .action(async (flags: Flags, command: Command) => {
      if (!LOG_LEVELS.includes(flags.logLevel)) {
        throw new UsageError(`--log-level is one of ${LOG_LEVELS.join(", ")}`);
      }
      // Loaded only now: the other commands do without the broker side.
      const { runSidecar } = await import("../run/run-sidecar.ts");
      process.exitCode = await runSidecar({
        configDir: globalOptions(command).configDir,
        clientPortal: flags.clientPortal ?? (flags.simulated ? simulator : DEFAULT_CLIENT_PORTAL),
        simulated: flags.simulated === true,
        takeApprovers: flags.takeApprovers === true,
        logLevel: flags.logLevel,
      });
      // All is closed by now; a dial to the gateway that is still under way is not waited for.
      process.exit();
    });
}

async function simulator() {
  const { startSimulator } = await import("@ibkr-edge-gateway/simulator/start.ts");
  return startSimulator({ clock: "real", marketHours: "always" });
}
