import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { fillPage, pageSha256, readPageTemplate } from "../approval-page-server/fill-page-file.ts";
import { pageName } from "../approval-page-server/page-name.ts";
import { hostedPageSettings } from "../approval-page-server/page-settings.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { openSigningKey, STATEMENT_KEY_FILE } from "../trust/pc-keys/statement-and-witness-keys.ts";
import { registerAccept } from "./accept-hosted-page.ts";
import { globalOptions } from "./options.ts";

/** Adds `approver-page`: makes the owner's own approval page. */
export function register(program: Command): void {
  const page = program.command("approver-page");
  registerAccept(page);
  page
    .summary("make your own approval page, to be put on a static host of yours")
    .description(
      "Writes index.html, the page on which you approve orders from a phone: one file without\n" +
        "dependencies, with this PC's key and your gateway's address in it. Put it on a host that the\n" +
        "gateway's account does not control, then enrol the phone:\n" +
        `  ${sidecarCommand("approvers enrol --page https://…")}\n` +
        "The same PC makes the same file, byte for byte, in any folder and at any time: compare the\n" +
        "SHA-256 with that of the file on your host.",
    )
    .option("--out <folder>", "where to write it; made if need be")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExit status: 0 written, 2 wrong use.")
    .action((flags: { out?: string; json?: boolean }, command: Command) => {
      if (flags.out === undefined) throw new UsageError("say where to write it: --out <folder>");
      const { configDir } = globalOptions(command);
      const pairing = loadPairing(configDir);
      if (pairing === null) {
        throw new UsageError(`this PC is not paired yet; run: ${sidecarCommand("pair")}`);
      }
      const key = openSigningKey(configDir, STATEMENT_KEY_FILE);
      const page = fillPage(
        readPageTemplate(),
        hostedPageSettings(
          pairing,
          Buffer.from(key.publicKey).toString("base64url"),
          pageName(configDir),
        ),
      );
      const path = write(resolve(flags.out), page);
      const sha256 = pageSha256(page);
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify({ path, sha256, edge: pairing.gateway_origin })}\n`
          : `${path}\nSHA-256 ${sha256}\nIt speaks to ${pairing.gateway_origin} and to nothing else.\n`,
      );
    });
}

/** Whole or not there. Anybody may read it: it holds public keys and addresses alone. */
function write(folder: string, page: string): string {
  const path = join(folder, "index.html");
  try {
    mkdirSync(folder, { recursive: true });
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, page, { mode: 0o644 });
    renameSync(draft, path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${path} cannot be written (${code})`);
  }
  return path;
}
