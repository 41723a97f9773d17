import { readFileSync } from "node:fs";
import { PASSPHRASE_MIN_CHARS } from "../backup/backup-format.ts";
import { UsageError } from "../config/usage-error.ts";
import { canAsk, secretAtTerminal } from "../run/ask-at-terminal.ts";

/** The first line of a file, or what is typed at the terminal and not shown; twice for a new one. */
export async function passphraseFrom(file: string | undefined, isNew: boolean): Promise<string> {
  const passphrase = file === undefined ? await typed(isNew) : firstLine(file);
  if (isNew && [...passphrase].length < PASSPHRASE_MIN_CHARS) {
    throw new UsageError(
      `the passphrase must have ${PASSPHRASE_MIN_CHARS} characters or more; five words that nobody would guess are good`,
    );
  }
  return passphrase;
}

async function typed(isNew: boolean): Promise<string> {
  if (!canAsk()) {
    throw new UsageError("without a terminal, name a file with the passphrase: --passphrase-file");
  }
  const passphrase = await secretAtTerminal("Passphrase: ");
  if (passphrase === null || passphrase === "") throw new UsageError("no passphrase was typed");
  if (isNew && (await secretAtTerminal("The same again: ")) !== passphrase) {
    throw new UsageError("the two passphrases differ; nothing was written");
  }
  return passphrase;
}

function firstLine(file: string): string {
  try {
    const [line = ""] = readFileSync(file, "utf8").split(/\r?\n/);
    if (line !== "") return line;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${file} cannot be read (${code})`);
  }
  throw new UsageError(`the first line of ${file} is empty`);
}
