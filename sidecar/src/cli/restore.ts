import { readFileSync } from "node:fs";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { unlockBackup } from "../backup/backup-format.ts";
import { isUnfenced, markFenced } from "../backup/restored-marker.ts";
import { writeFolder } from "../backup/write-folder.ts";
import { UsageError } from "../config/usage-error.ts";
import { KeyRefused, rotateDeviceKey } from "../relay/rotate-device-key.ts";
import { globalOptions } from "./options.ts";
import { passphraseFrom } from "./passphrase.ts";

interface Flags {
  fence?: boolean;
  passphraseFile?: string;
}

/** Adds `restore`: makes this machine the PC of a backup, and shuts the one of before out. */
export function register(program: Command): void {
  program
    .command("restore")
    .argument("[file]", "the backup; not with --fence")
    .summary("make this machine the PC that a backup was made on")
    .description(
      "Lays the backup out in the configuration folder, then gives the PC a new key at the gateway. From\n" +
        "then on the machine of before cannot connect any more. Until the gateway has taken the new\n" +
        "key, nothing runs on the restored folder: --fence tries it again.",
    )
    .option("--fence", "the folder is restored already: shut the PC of before out")
    .option("--passphrase-file <file>", "take the passphrase from the first line of this file")
    .addHelpText(
      "after",
      "\nExit status: 0 this machine is the PC, 1 the PC of before is not shut out yet, 2 wrong use.",
    )
    .action(restore);
}

async function restore(file: string | undefined, flags: Flags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  if (flags.fence === true) {
    if (file !== undefined) throw new UsageError("--fence takes no file");
    if (!isUnfenced(configDir)) throw new UsageError(`${configDir} waits for no fence`);
  } else {
    if (file === undefined) throw new UsageError("name the backup");
    const content = unlockBackup(read(file), await passphraseFrom(flags.passphraseFile, false));
    writeFolder(configDir, content);
    process.stdout.write(
      `Restored into ${configDir}, as it was on ${content.made_at}.\n` +
        "Its kill switch, its limits and its passkeys are those of that hour: what was changed since is not in it.\n" +
        `Look before you run it:\n  ${sidecarCommand("status")}\n  ${sidecarCommand("policy")}\n  ${sidecarCommand("approvers")}\n`,
    );
  }
  try {
    const fingerprint = await rotateDeviceKey(configDir);
    markFenced(configDir);
    process.stdout.write(
      `The PC of before is shut out. This PC's key is now: ${fingerprint}\nNow run: ${sidecarCommand("run")}\n`,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      error instanceof KeyRefused
        ? `the gateway does not take this backup's key: it was changed after the backup was made, or the PC was revoked, or restored elsewhere (${why}). Nothing runs here. Pair this machine anew: ${sidecarCommand("pair --replace")}`
        : `the PC of before is not shut out yet, so nothing runs here: ${why}. Try again: ${sidecarCommand("restore --fence")}`,
    );
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${file} cannot be read (${code})`);
  }
}
