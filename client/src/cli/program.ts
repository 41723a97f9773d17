import { Command } from "commander";
import { VERSION } from "../config/version.ts";
import { register as registerAcp } from "./acp.ts";
import { register as registerAudit } from "./audit.ts";
import { register as registerCompletion } from "./completion.ts";
import { EXIT, EXIT_HELP } from "./exit-codes.ts";
import { addGlobalOptions } from "./globals.ts";
import { register as registerLogin } from "./login.ts";
import { register as registerLogout } from "./logout.ts";
import { register as registerMcp } from "./mcp.ts";
import { register as registerOrders } from "./orders.ts";
import { register as registerTools } from "./tool-command.ts";
import { register as registerWhoami } from "./whoami.ts";

/** The whole command line, as it is parsed. */
export function ibkrProgram(): Command {
  const program = new Command("ibkr")
    .description(
      "Reads your Interactive Brokers account and prepares orders through your own gateway.\n" +
        "It cannot approve an order: that is done with your passkey, in the gateway's console.\n" +
        "Unofficial, not affiliated with Interactive Brokers.",
    )
    .version(VERSION)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage))
    .addHelpText("after", `\n${EXIT_HELP}`);
  addGlobalOptions(program);

  for (const register of [
    registerLogin,
    registerLogout,
    registerWhoami,
    registerTools,
    registerOrders,
    registerAudit,
    registerMcp,
    registerAcp,
    registerCompletion,
  ]) {
    register(program);
  }

  program.hook("preAction", (_program, command) => {
    // An agent has to be ended first.
    if (command.name() === "acp") return;
    // A reader that went away (`| head`) is no failure.
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(EXIT.ok);
      throw error;
    });
  });
  return program;
}
