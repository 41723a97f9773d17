import { hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "@ibkr-edge-gateway/evidence/export/verdict.ts";
import type { Command } from "commander";
import { typedAs } from "../config/typed-as.ts";
import { globalOptions } from "./globals.ts";

interface VerifyOptions {
  policy?: string;
  keys?: string;
  since: string[];
}

/** The offline check of an export or of one order's proof: it needs no gateway and believes none. */
export function register(program: Command): void {
  const audit = program.commands.find((command) => command.name() === "audit");
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
      const { verdictText } = await import("@ibkr-edge-gateway/evidence/export/verdict-text.ts");
      const verdict = await judged(path, options);
      process.stdout.write(
        globalOptions(command).json ? `${JSON.stringify(verdict)}\n` : verdictText(verdict),
      );
      process.exitCode = verdict.exitCode;
    });
}

/** What cannot be read cannot be judged: that is an answer as well, and never "broken". */
async function judged(path: string, options: VerifyOptions): Promise<Verdict> {
  const { couldNotRead } = await import("@ibkr-edge-gateway/evidence/export/verdict.ts");
  const found = await stat(path).catch(() => null);
  if (found === null) return couldNotRead(path, "There is no such file or folder.");
  const nowSeconds = Math.floor(Date.now() / 1_000);
  try {
    const policy = await textIfNamed(options.policy);
    if (found.isDirectory()) {
      const { verifyExport } = await import("@ibkr-edge-gateway/evidence/export/verify-export.ts");
      const since = await Promise.all(options.since.map((file) => readFile(file, "utf8")));
      return await verifyExport(filesIn(path), { policy, since, nowSeconds, sha256 });
    }
    const { verifyProof } = await import("@ibkr-edge-gateway/evidence/proof/verify-proof.ts");
    const keys = await textIfNamed(options.keys);
    return await verifyProof(await readFile(path, "utf8"), { policy, keys, nowSeconds });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || !("path" in error)) throw error;
    return couldNotRead(String(error.path), error.message);
  }
}

const textIfNamed = async (file: string | undefined): Promise<string | null> =>
  file === undefined ? null : readFile(file, "utf8");

/** The platform's own: 100,000 entries are a second's work with it. */
const sha256 = (bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer");

const more = (file: string, before: string[]): string[] => [...before, file];

/** Names come from the export itself, which is not believed: none leads out of its folder. */
function filesIn(folder: string) {
  return {
    async open(name: string) {
      if (name.split("/").some((part) => part === ".." || part === "") || name.includes("\\")) {
        return null;
      }
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      return found?.isFile() === true ? createReadStream(path) : null;
    },
  };
}
