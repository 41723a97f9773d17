import type { ExportPart } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Command } from "commander";
import { typedAs } from "../config/typed-as.ts";
import type { Connection } from "../sdk/connection.ts";
import { IbkrError } from "../sdk/errors.ts";
import { TOOLS } from "../tool-list/tools.generated.ts";
import { accessFor, personIsThere } from "./access.ts";
import { chosenGateway, globalOptions } from "./globals.ts";
import { GRAMMAR } from "./grammar.ts";
import { runTyped } from "./tool-command.ts";
import { UsageError } from "./usage-error.ts";

interface VerifyOptions {
  policy?: string;
  keys?: string;
  since: string[];
}

const EXPORT = "ibkr_audit_export";
/** Records of one call; a file of an export takes fifty of them. */
const RECORDS_A_CALL = 200;
const WAITS_MAX = 30;

/** Exports into a folder, and the offline check of one, which needs no gateway and believes none. */
export function register(program: Command): void {
  const audit = program.commands.find((command) => command.name() === "audit");
  addFolder(audit?.commands.find((command) => command.name() === "export"));
  audit
    ?.command("verify")
    .description(
      "Checks an export of the audit log, or the proof file of one order, without asking anybody. Ends with 0 when it holds, 1 when it could not be checked, 2 when it is broken or nobody you trust has signed it.",
    )
    .argument("<path>", "the folder of the export, or a .tlog-proof file")
    .option("--policy <file>", "whose signatures you trust")
    .option("--keys <file>", "for a proof file: the PC's and the approver's keys that you know")
    .option(
      "--since <file>",
      "for an export: a checkpoint that you kept from before; may be given again",
      more,
      [],
    )
    .addHelpText(
      "after",
      `\nExamples:\n  ${typedAs("audit verify my-export --policy my.policy")}\n  ${typedAs("audit verify order.tlog-proof --policy my.policy --keys my.keys")}`,
    )
    .action(async (path: string, options: VerifyOptions, command: Command) => {
      const { verifyEvidence } = await import(
        "@ibkr-edge-gateway/evidence/node/verify-evidence.ts"
      );
      const { verdictText } = await import("@ibkr-edge-gateway/evidence/export/verdict-text.ts");
      const verdict = await verifyEvidence(path, options, Math.floor(Date.now() / 1_000));
      process.stdout.write(
        globalOptions(command).json ? `${JSON.stringify(verdict)}\n` : verdictText(verdict),
      );
      process.exitCode = verdict.exitCode;
    });
}

const more = (file: string, before: string[]): string[] => [...before, file];

/** `--out`: every part into a folder, in place of one part on the screen. */
function addFolder(command: Command | undefined): void {
  const tool = TOOLS.find(({ name }) => name === EXPORT);
  const words = GRAMMAR[EXPORT];
  if (command === undefined || tool === undefined || words === undefined) return;
  command
    .option(
      "--out <folder>",
      "write all of the range into this folder; goes on where it was stopped",
    )
    .addHelpText("after", `\nAll of it, to keep:\n  ${typedAs("audit export --out my-log")}`)
    .action(async () => {
      const { out, from, to } = command.opts<{ out?: string; from?: string; to?: string }>();
      if (out === undefined) return runTyped(tool, command, words);
      await exportTo(out, { from, to }, command);
    });
}

async function exportTo(
  folder: string,
  { from, to }: { from: string | undefined; to: string | undefined },
  command: Command,
): Promise<void> {
  const { readRange } = await import("@ibkr-edge-gateway/evidence/export/asked-range.ts");
  const { ExportRefused, writeExport } = await import(
    "@ibkr-edge-gateway/evidence/export/write-export.ts"
  );
  const { exportInto, nodeSha256 } = await import("@ibkr-edge-gateway/evidence/node/folder.ts");
  const { openConnection } = await import("../sdk/connection.ts");
  const globals = globalOptions(command);
  const tty = process.stderr.isTTY && !globals.json;
  let connection: Connection | null = null;
  try {
    const { fromIndex, toIndex, ...times } = readRange(from, to);
    const range = {
      ...times,
      ...(fromIndex === undefined ? {} : { from_index: fromIndex }),
      ...(toIndex === undefined ? {} : { to_index: toIndex }),
    };
    const resource = await chosenGateway(globals);
    connection = await openConnection(
      resource,
      await accessFor(globals, resource, personIsThere()),
    );
    const {
      origin,
      fromIndex: first,
      toIndex: last,
    } = await writeExport(partsOf(connection, range), exportInto(folder), {
      asked: JSON.stringify(range),
      sha256: nodeSha256,
      onProgress: (done, of) => {
        if (tty) process.stderr.write(`\r${done} of ${of} entries`);
      },
    });
    if (tty) process.stderr.write("\n");
    process.stdout.write(
      globals.json
        ? `${JSON.stringify({ folder, origin, first_seq: first + 1, last_seq: last })}\n`
        : `Entries ${first + 1} to ${last} of ${origin} are in ${folder}. What opens their private values is exported at the PC alone.\n`,
    );
  } catch (error) {
    if (error instanceof ExportRefused || error instanceof RangeError) {
      throw new UsageError(error.message);
    }
    throw error;
  } finally {
    await connection?.close();
  }
}

/** The export's source: the tool, part by part; it waits where the gateway asks to. */
function partsOf({ call }: Connection, range: JsonObject) {
  const ask = async (args: JsonObject): Promise<JsonObject> => {
    for (let waits = 0; ; waits += 1) {
      try {
        return await call(EXPORT, args, false);
      } catch (error) {
        const seconds = error instanceof IbkrError ? error.answer?.retry_after_seconds : undefined;
        if (typeof seconds !== "number" || waits >= WAITS_MAX) throw error;
        await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      }
    }
  };
  return {
    async part(asked: { fromIndex: number | null; toIndex: number | null }): Promise<ExportPart> {
      const { ExportPart } = await import("@ibkr-edge-gateway/evidence/export/export-part.ts");
      const answer = await ask({
        ...range,
        limit: RECORDS_A_CALL,
        ...(asked.fromIndex === null ? {} : { from_index: asked.fromIndex }),
        ...(asked.toIndex === null ? {} : { to_index: asked.toIndex }),
      });
      return ExportPart.parse({
        origin: answer.origin,
        account: answer.account,
        fromIndex: answer.from_index,
        rangeEnd: answer.range_end,
        left: answer.left,
        entries: String(answer.payload)
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line).entry),
        openings: [],
        heads: answer.older_checkpoints,
        size: answer.head_seq,
        checkpoint: answer.checkpoint,
        tail: answer.tail,
        policy: answer.trust_policy,
      });
    },
  };
}
