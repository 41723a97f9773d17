import { existsSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { lockBackup } from "../backup/backup-format.ts";
import { readStill } from "../backup/read-still.ts";
import { isUnfenced, UNFENCED } from "../backup/restored-marker.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { globalOptions } from "./options.ts";
import { passphraseFrom } from "./passphrase.ts";

/** Adds `backup`: this PC in one file, under a passphrase. */
export function register(program: Command): void {
  program
    .command("backup")
    .argument("<file>", "where to write it; must not exist yet")
    .summary("write this PC's keys, limits and records into one locked file")
    .description(
      "Writes keys, pairing, passkeys, limits and the records of orders into one file, locked under a\n" +
        "passphrase (scrypt, AES-256-GCM). Stop the sidecar first. Whoever has file and passphrase is\n" +
        "this PC: keep them apart. What happens here after the backup is not in it.",
    )
    .option("--passphrase-file <file>", "take the passphrase from the first line of this file")
    .addHelpText("after", "\nExit status: 0 written, 2 wrong use.")
    .action(backup);
}

async function backup(
  file: string,
  flags: { passphraseFile?: string },
  command: Command,
): Promise<void> {
  const { configDir } = globalOptions(command);
  const path = resolve(file);
  if (existsSync(path)) throw new UsageError(`${path} exists already; name another file`);
  if (loadPairing(configDir) === null)
    throw new UsageError("this PC is not paired; there is nothing to keep");
  if (isUnfenced(configDir)) throw new UsageError(UNFENCED);
  const files = readStill(configDir);
  const passphrase = await passphraseFrom(flags.passphraseFile, true);
  const locked = lockBackup({ made_at: new Date().toISOString(), files }, passphrase);
  try {
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, locked, { mode: 0o600, flag: "wx", flush: true });
    renameSync(draft, path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${path} cannot be written (${code})`);
  }
  process.stdout.write(
    `${path}: ${files.length} files, ${locked.length} bytes.\n` +
      `On the new PC: ${sidecarCommand(`restore <file>`)}\n` +
      "That shuts this PC out. Without the passphrase nobody can open the file, you neither.\n",
  );
}
