import type { Command } from "commander";
import { defaultConfigDir } from "../config/config-dir.ts";

export interface GlobalOptions {
  configDir: string;
}

/** Adds what every command understands. */
export function addGlobalOptions(program: Command): void {
  program.option(
    "--config-dir <folder>",
    "where keys, pairing and journal are kept",
    defaultConfigDir(),
  );
}

/** The global options as they stand for one command. */
export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}
