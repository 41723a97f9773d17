import { createInterface } from "node:readline/promises";
import { UsageError } from "../config/usage-error.ts";

/** Asks whoever sits at the terminal to type a word; without a terminal nobody can have agreed. */
export async function typedAtTerminal(question: string, word: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError("this is decided at the terminal of this PC; run it there");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await terminal.question(`${question}\nType ${word} to go on: `);
    return typed.trim().toLowerCase() === word;
  } finally {
    terminal.close();
  }
}
