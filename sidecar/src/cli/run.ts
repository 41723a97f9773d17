import type { Command } from "commander";
import { openInBrowser } from "../approval-page-server/open-page.ts";
import { readGatewayFolder, requireJava } from "../brokers-gateway/gateway-folder.ts";
import { loginPage } from "../brokers-gateway/login-page.ts";
import { lookAfterGateway } from "../brokers-gateway/look-after.ts";
import { UsageError } from "../config/usage-error.ts";
import { exitOnCrash } from "../run/exit-on-crash.ts";
import type { StartGateway } from "../run/run-sidecar.ts";
import { globalOptions } from "./options.ts";

interface Flags {
  clientPortal?: string;
  simulated?: boolean;
  startGateway?: string;
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
      "--start-gateway <folder>",
      "start IBKR's Client Portal Gateway, which you unpacked in this folder, and look after it: start it\n" +
        "again when it ends, open its login page when a login is due, end it with this program",
    )
    .option(
      "--take-approvers",
      "take a passkey of your console without asking; only for a PC paired with `pair --simulated`,\n" +
        "and such a passkey approves nothing at a real broker",
    )
    .option("--log-level <level>", LOG_LEVELS.join(", "), "info")
    .addHelpText(
      "after",
      "\nExit status: 0 stopped by you, 1 stopped by the gateway, 2 wrong use, 3 a fault of its own.",
    )
    .action(async (flags: Flags, command: Command) => {
      if (!LOG_LEVELS.includes(flags.logLevel)) {
        throw new UsageError(`--log-level is one of ${LOG_LEVELS.join(", ")}`);
      }
      if (flags.startGateway !== undefined) {
        if (flags.simulated === true || flags.clientPortal !== undefined) {
          throw new UsageError("--start-gateway goes with neither --simulated nor --client-portal");
        }
        // Before anything is opened: a folder that will not do is said at once.
        readGatewayFolder(flags.startGateway);
        requireJava();
      }
      exitOnCrash();
      // Loaded only now: the other commands do without the broker side.
      const { runSidecar } = await import("../run/run-sidecar.ts");
      process.exitCode = await runSidecar({
        configDir: globalOptions(command).configDir,
        clientPortal: clientPortalOf(flags),
        simulated: flags.simulated === true,
        takeApprovers: flags.takeApprovers === true,
        logLevel: flags.logLevel,
      });
      // All is closed by now; a dial to the gateway that is still under way is not waited for.
      process.exit();
    });
}

function clientPortalOf({ startGateway, clientPortal, simulated }: Flags): string | StartGateway {
  if (startGateway !== undefined) return (tell) => brokersGateway(startGateway, tell);
  return clientPortal ?? (simulated ? simulator : DEFAULT_CLIENT_PORTAL);
}

async function brokersGateway(dir: string, tell: (message: string) => void) {
  const folder = readGatewayFolder(dir);
  const lookedAfter = lookAfterGateway(folder, tell);
  return {
    url: folder.origin,
    close: () => lookedAfter.close(),
    onSession: loginPage(folder.origin, openInBrowser, tell),
  };
}

async function simulator() {
  const { startSimulator } = await import("@ibkr-edge-gateway/simulator/start.ts");
  return startSimulator({ clock: "real", marketHours: "always" });
}
