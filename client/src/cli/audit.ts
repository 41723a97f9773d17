import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { typedAs } from "../config/typed-as.ts";
import { globalOptions } from "./globals.ts";
import { UsageError } from "./usage-error.ts";

interface VerifyOptions {
  policy?: string;
  since: string[];
}

/** The offline check of an export of the log: it needs no gateway and believes none. */
export function register(program: Command): void {
  const audit = program.commands.find((command) => command.name() === "audit");
  audit
    ?.command("verify")
    .description(
      "Checks an export of the audit log without asking anybody. Ends with 0 when it holds, 1 when it could not be checked, 2 when it is broken.",
    )
    .argument("<folder>", "the folder of the export")
    .option("--policy <file>", "whose signatures you trust")
    .option(
      "--since <file>",
      "a checkpoint that you kept from before; may be given again",
      more,
      [],
    )
    .addHelpText("after", `\nExample:\n  ${typedAs("audit verify my-export --policy my.policy")}`)
    .action(async (folder: string, options: VerifyOptions, command: Command) => {
      const found = await stat(folder).catch(() => null);
      if (found?.isDirectory() !== true) throw new UsageError(`There is no folder ${folder}.`);
      const { verifyExport } = await import("@ibkr-edge-gateway/evidence/export/verify-export.ts");
      const verdict = await verifyExport(filesIn(folder), {
        policy: options.policy === undefined ? null : await readFile(options.policy, "utf8"),
        since: await Promise.all(options.since.map((file) => readFile(file, "utf8"))),
        nowSeconds: Math.floor(Date.now() / 1_000),
      });
      if (globalOptions(command).json) {
        process.stdout.write(`${JSON.stringify(verdict)}\n`);
      } else {
        for (const { name, state, says } of verdict.checks) {
          process.stdout.write(`${state.padEnd(7)} ${name}: ${says}\n`);
        }
        const { first } = verdict;
        const where = first === null || first.seq === null ? "" : ` (entry ${first.seq})`;
        process.stdout.write(
          `${verdict.outcome}${first === null ? "" : `: ${first.why}${where}`}\n`,
        );
      }
      process.exitCode = verdict.exitCode;
    });
}

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
