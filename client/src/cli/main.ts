#!/usr/bin/env node
import { exitCodeOf } from "./exit-codes.ts";
import type { GlobalOptions } from "./globals.ts";
import { printError } from "./print.ts";
import { ibkrProgram } from "./program.ts";

const program = ibkrProgram();
try {
  await program.parseAsync();
} catch (error) {
  printError(error, program.opts<GlobalOptions>().json);
  process.exitCode = exitCodeOf(error);
}
