import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
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

/** Asks for one line at the terminal; null when the question was taken back or the input ended. */
export async function lineAtTerminal(
  question: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // A key that ends programs goes to this program's own handler, not to the question.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const closed = new Promise<null>((resolve) => terminal.once("close", () => resolve(null)));
    const typed = terminal.question(question, signal === undefined ? {} : { signal });
    return await Promise.race([typed, closed]);
  } catch {
    return null;
  } finally {
    terminal.close();
  }
}

/** Asks for one line that is not shown as it is typed; null when the input ended. */
export async function secretAtTerminal(question: string): Promise<string | null> {
  process.stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true });
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const closed = new Promise<null>((resolve) => terminal.once("close", () => resolve(null)));
    return await Promise.race([terminal.question(""), closed]);
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}

/** A question that only a plain yes answers with yes; null when it was taken back. */
export async function yesAtTerminal(
  question: string,
  signal?: AbortSignal,
): Promise<boolean | null> {
  const typed = await lineAtTerminal(`${question} (y/N) `, signal);
  return typed === null ? null : /^y(es)?$/i.test(typed.trim());
}

/**
 * Whether somebody can be asked here: a terminal, and this program in front of it. A program in the
 * background that reads from its terminal is stopped by the system.
 */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && inForeground();
}

function inForeground(): boolean {
  if (process.platform !== "linux") return true;
  try {
    const text = readFileSync("/proc/self/stat", "utf8");
    // After the name, which may hold anything: state, parent, group, session, terminal, its group.
    const [, , group, , , front] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return group === front;
  } catch {
    return true;
  }
}
