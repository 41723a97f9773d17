import { type AskedRange, readRange } from "@ibkr-edge-gateway/evidence/export/asked-range.ts";
import {
  type Arrival,
  confirmArrival,
} from "@ibkr-edge-gateway/evidence/export/confirm-arrival.ts";
import type { ExportManifest } from "@ibkr-edge-gateway/evidence/export/manifest.ts";
import { verdictText } from "@ibkr-edge-gateway/evidence/export/verdict-text.ts";
import { ExportRefused, writeExport } from "@ibkr-edge-gateway/evidence/export/write-export.ts";
import { exportInto, filesIn, nodeSha256 } from "@ibkr-edge-gateway/evidence/node/folder.ts";
import { verifyEvidence } from "@ibkr-edge-gateway/evidence/node/verify-evidence.ts";
import { ARRIVED_MAX_ENTRIES } from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import { pcSource, tellArrived } from "./audit-source.ts";
import { globalOptions } from "./options.ts";

/** Adds `audit`: the whole log into a folder, and the check of a folder or a proof without anybody. */
export function register(program: Command): void {
  const audit = program.command("audit").summary("export the audit log, and check an export");
  audit
    .command("export")
    .summary("write the audit log into a folder")
    .description(
      "Writes every entry of your account's log as it was hashed, with what opens its private values " +
        "and the signed head that it leads to. A range is by entry number, day or moment. If it is " +
        "stopped, the same command goes on. The folder says what you did: keep it to yourself.",
    )
    .requiredOption("--out <folder>", "where to write it; a new folder, or one that was begun")
    .option("--from <place>", "first entry: a number, a day or a moment")
    .option("--to <place>", "last number, or the day or moment before which it ends")
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      `\nExample:\n  ${sidecarCommand("audit export --out my-log --from 2026-01-01")}\n\nExit status: 0 written, 1 failed, 2 wrong use.`,
    )
    .action(exportLog);
  audit
    .command("verify")
    .summary("check an export or a proof file, without a network")
    .description(
      "Checks an export's folder, or the proof file of one order, by itself: it asks nobody, and needs " +
        "no account and no pairing. Whose signatures count is said by --policy. The policy inside an " +
        "export is the export's own suggestion: compare its key with one that you have from elsewhere.",
    )
    .argument("<path>", "the folder of the export, or a .tlog-proof file")
    .option("--policy <file>", "whose signatures you trust")
    .option("--keys <file>", "for a proof file: the PC's and the approver's keys that you know")
    .option("--since <file>", "for an export: a checkpoint that you kept; may be given again", more)
    .option("--json", "print the verdict as one JSON object")
    .addHelpText(
      "after",
      `\nExample:\n  ${sidecarCommand("audit verify my-log --policy my-log/trust.policy")}\n\nExit status: 0 verified, 1 could not be checked, 2 broken or not witnessed.`,
    )
    .action(verify);
}

const more = (file: string, before: string[] = []): string[] => [...before, file];

async function verify(
  path: string,
  flags: { policy?: string; keys?: string; since?: string[]; json?: boolean },
): Promise<void> {
  const verdict = await verifyEvidence(
    path,
    { ...flags, since: flags.since ?? [] },
    Math.floor(Date.now() / 1_000),
  );
  process.stdout.write(flags.json === true ? `${JSON.stringify(verdict)}\n` : verdictText(verdict));
  process.exitCode = verdict.exitCode;
}

async function exportLog(
  flags: { out: string; from?: string; to?: string; json?: boolean },
  command: Command,
): Promise<void> {
  const range = typedRange(flags);
  const { configDir } = globalOptions(command);
  const told = progress();
  try {
    const manifest = await writeExport(pcSource(configDir, range), exportInto(flags.out), {
      asked: JSON.stringify(range),
      sha256: nodeSha256,
      onProgress: told.at,
    });
    told.end();
    process.stderr.write(arrivalInWords(await arrivalOf(configDir, flags.out, manifest)));
    const { origin, fromIndex, toIndex } = manifest;
    const first = fromIndex + 1;
    const line =
      flags.json === true
        ? JSON.stringify({ folder: flags.out, origin, first_seq: first, last_seq: toIndex })
        : toIndex === fromIndex
          ? `There is no entry in that range. ${flags.out} says so.`
          : `Entries ${first} to ${toIndex} of ${origin} are in ${flags.out}. Check them: ${sidecarCommand(`audit verify ${flags.out} --policy ${flags.out}/trust.policy`)}`;
    process.stdout.write(`${line}\n`);
  } catch (error) {
    told.end();
    if (error instanceof ExportRefused) throw new UsageError(error.message);
    throw error;
  }
}

/** The gateway is told what lies in the folder; a failure of that is no failure of the export. */
async function arrivalOf(
  configDir: string,
  folder: string,
  manifest: ExportManifest,
): Promise<Arrival | string> {
  const tell = ({ fromIndex, end, sha256 }: { fromIndex: number; end: number; sha256: string }) =>
    tellArrived(configDir, { from_index: fromIndex, end, sha256 });
  try {
    const here = { files: filesIn(folder), manifest };
    const keeper = { source: pcSource(configDir, {}), tell };
    const options = { entriesMax: ARRIVED_MAX_ENTRIES, sha256: nodeSha256 };
    return await confirmArrival(here, keeper, options);
  } catch (error) {
    return error instanceof Error ? error.message : "unknown error";
  }
}

/** For the owner, a line each; empty when there is nothing to say. */
function arrivalInWords(arrival: Arrival | string): string {
  if (typeof arrival === "string") return notNotedWords(arrival);
  const { erasedMeanwhile: erased, notNoted } = arrival;
  const values = erased === 1 ? "1 private value was" : `${erased} private values were`;
  const told =
    erased === 0
      ? ""
      : `${values} erased at the gateway while this was exported. Nothing else changed there: this folder is whole, and still holds what opens ${erased === 1 ? "it" : "them"}.\n`;
  if (notNoted === null) return told;
  const range = `entries ${notNoted.fromIndex + 1} to ${notNoted.end}`;
  return `${told}${notNotedWords(`what it now gives out for ${range} is not what lies here. Check this folder, and export anew into another one`)}`;
}

const notNotedWords = (why: string): string =>
  `The export is written, and the gateway did not note that it arrived: ${why}. Nothing of it is erased there for that.\n`;

function typedRange({ from, to }: { from?: string; to?: string }): AskedRange {
  try {
    return readRange(from, to);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** On a terminal one line that moves; elsewhere nothing, so that logs stay short. */
function progress() {
  const { stderr } = process;
  let shown = false;
  return {
    at(done: number, of: number): void {
      if (!stderr.isTTY) return;
      shown = true;
      stderr.write(`\r${done} of ${of} entries`);
    },
    end(): void {
      if (shown) stderr.write("\n");
    },
  };
}
