#!/usr/bin/env node
import { Command } from "commander";
import { VERSION } from "../config/version.ts";
import { register as registerAcp } from "./acp.ts";
import { EXIT, EXIT_HELP, exitCodeOf } from "./exit-codes.ts";
import { addGlobalOptions } from "./globals.ts";
import { register as registerLogin } from "./login.ts";
import { register as registerLogout } from "./logout.ts";
import { register as registerMcp } from "./mcp.ts";
import { register as registerWhoami } from "./whoami.ts";

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

for (const register of [registerLogin, registerLogout, registerWhoami, registerMcp, registerAcp]) {
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

try {
  await program.parseAsync();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const action = error instanceof Error && "userAction" in error ? error.userAction : null;
  const more = typeof action === "string" ? `\nWhat to do: ${action}` : "";
  process.stderr.write(`error: ${text.replace(/\s+/g, " ")}${more}\n`);
  process.exitCode = exitCodeOf(error);
}
