import { type AskedRange, readRange } from "@ibkr-edge-gateway/evidence/export/asked-range.ts";
import { ExportPart } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import type { ExportManifest } from "@ibkr-edge-gateway/evidence/export/manifest.ts";
import { receivedParts } from "@ibkr-edge-gateway/evidence/export/received-parts.ts";
import { verdictText } from "@ibkr-edge-gateway/evidence/export/verdict-text.ts";
import { ExportRefused, writeExport } from "@ibkr-edge-gateway/evidence/export/write-export.ts";
import { exportInto, filesIn, nodeSha256 } from "@ibkr-edge-gateway/evidence/node/folder.ts";
import { judge } from "@ibkr-edge-gateway/evidence/node/verify-evidence.ts";
import {
  ARRIVED_MAX_ENTRIES,
  PcArrivedAnswer,
  type PcArrivedRequest,
  type PcExportRequest,
} from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import { askGateway, claimsOf, pairedPc, TooManyRequests } from "./ask-gateway.ts";
import { globalOptions } from "./options.ts";

/** How often an export waits for the gateway's limit on requests before it gives up. */
const WAITS_MAX = 10;
const NO_HEAD =
  "the gateway has not signed this log yet; is EVIDENCE_KEY set there? Try again in a minute";

/** Adds `audit`: the whole log into a folder, and the check of a folder or a proof without anybody. */
export function register(program: Command): void {
  const audit = program.command("audit").summary("export the audit log, and check an export");
  audit
    .command("export")
    .summary("write the audit log into a folder")
    .description(
      "Writes every entry of your account's log as it was hashed, with what opens its private values\n" +
        "and the signed head that it leads to. A range is by entry number, day or moment. If it is\n" +
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
      "Checks an export's folder, or the proof file of one order, by itself: it asks nobody, and needs\n" +
        "no account and no pairing. Whose signatures count is said by --policy. The policy inside an\n" +
        "export is the export's own suggestion: compare its key with one that you have from elsewhere.",
    )
    .argument("<path>", "the folder of the export, or a .tlog-proof file")
    .option("--policy <file>", "whose signatures you trust")
    .option("--keys <file>", "for a proof file: the PC's and the approver's keys that you know")
    .option(
      "--since <file>",
      "for an export: a checkpoint that you kept; may be given again",
      more,
      [],
    )
    .option("--json", "print the verdict as one JSON object")
    .addHelpText(
      "after",
      `\nExample:\n  ${sidecarCommand("audit verify my-log --policy my-log/trust.policy")}\n\nExit status: 0 verified, 1 could not be checked, 2 broken or not witnessed.`,
    )
    .action(verify);
}

const more = (file: string, before: string[]): string[] => [...before, file];

async function verify(
  path: string,
  flags: { policy?: string; keys?: string; since: string[]; json?: boolean },
): Promise<void> {
  const verdict = await judge(path, flags, Math.floor(Date.now() / 1_000));
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
    const notNoted = await confirmArrival(configDir, flags.out, manifest);
    if (notNoted !== null) {
      process.stderr.write(
        `The export is whole, and the gateway did not note that it arrived: ${notNoted}. Nothing of it is erased there for that.\n`,
      );
    }
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

function typedRange({ from, to }: { from?: string; to?: string }): AskedRange {
  try {
    return readRange(from, to);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * Tells the gateway which entries lie in the folder, read back from it with their hash: what opens old
 * ones may be erased there only then. Null when it noted them; else why it did not.
 */
async function confirmArrival(
  configDir: string,
  folder: string,
  manifest: ExportManifest,
): Promise<string | null> {
  const { pairing, key } = pairedPc(configDir);
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const options = { entriesMax: ARRIVED_MAX_ENTRIES, sha256: nodeSha256 };
  try {
    for await (const part of receivedParts(filesIn(folder), manifest, options)) {
      const { fromIndex: from_index, end, sha256 } = part;
      const { noted } = await patiently(async () => {
        const token = await key.auditExportToken(claimsOf(pairing));
        const arrived = { from_index, end, sha256 };
        const request: PcArrivedRequest = { account_id, sidecar_id, token, arrived };
        return askGateway({ origin, path: "/audit-export" }, request, {
          statuses: [200],
          answer: PcArrivedAnswer,
          says: { 400: "it is older than this program" },
        });
      });
      if (!noted) return `it holds something else under ${from_index + 1} to ${end}; export anew`;
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : "unknown error";
  }
}

/** Asks again where the gateway says to wait, so many times. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TooManyRequests) || waits >= WAITS_MAX) throw error;
      process.stderr.write(`The gateway asks to wait ${error.seconds} s.\n`);
      await new Promise((resolve) => setTimeout(resolve, error.seconds * 1_000));
    }
  }
}

/** The gateway as this PC asks it: each part with a token of its own by the device key. */
function pcSource(configDir: string, range: AskedRange) {
  const { pairing, key } = pairedPc(configDir);
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  return {
    async part(asked: { fromIndex: number | null; toIndex: number | null }): Promise<ExportPart> {
      const query = {
        ...range,
        ...(asked.fromIndex === null ? {} : { fromIndex: asked.fromIndex }),
        ...(asked.toIndex === null ? {} : { toIndex: asked.toIndex }),
      };
      const begins = asked.fromIndex === null;
      return patiently(async () => {
        const token = await key.auditExportToken(claimsOf(pairing));
        const request: PcExportRequest = { account_id, sidecar_id, token, query, begins };
        return askGateway({ origin, path: "/audit-export" }, request, {
          statuses: [200],
          answer: ExportPart,
          says: { 404: NO_HEAD },
        });
      });
    },
  };
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
