import { exitCodeOf } from "./exit-codes.ts";
import type { GlobalOptions } from "./globals.ts";
import { printError } from "./print.ts";
import { ibkrProgram } from "./program.ts";

/** One command as it was typed; whatever comes of it is in the exit code. */
export async function runIbkr(): Promise<void> {
  const program = ibkrProgram();
  try {
    await program.parseAsync();
  } catch (error) {
    printError(error, program.opts<GlobalOptions>().json);
    process.exitCode = exitCodeOf(error);
  }
}
