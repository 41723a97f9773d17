import { createInterface } from "node:readline/promises";
import { UseAnswer, type UseRequest } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import { askGateway, claimsOf, pairedPc } from "./ask-gateway.ts";
import { globalOptions } from "./options.ts";

/** Adds `use`: the owner's act of taking this PC into use in the place of another paired one. */
export function register(program: Command): void {
  program
    .command("use")
    .summary("use this PC instead of the other paired one")
    .description(
      "Of several paired PCs one is in use; the others stand by and never take over by themselves.\n" +
        "This makes this PC the one in use. The other is stopped at once; this one connects at its\n" +
        `next try, within a minute, if \`${sidecarCommand("run")}\` runs here.`,
    )
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 this PC is in use, 1 it is not, 2 wrong use.")
    .action(use);
}

async function use(flags: { yes?: boolean }, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const { pairing, key } = pairedPc(configDir);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (flags.yes !== true && !(await confirmed())) {
    say("Nothing was changed.");
    process.exitCode = 1;
    return;
  }
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const token = await key.useToken(claimsOf(pairing));
  const request: UseRequest = { account_id, sidecar_id, token };
  const { replaced } = await askGateway({ origin, path: "/use-this-pc" }, request, {
    statuses: [200],
    answer: UseAnswer,
  });
  say(
    replaced === null
      ? "This PC is the one in use already."
      : `This PC is the one in use now; "${replaced}" stands by. If the sidecar runs here, it connects within a minute.`,
  );
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError("add --yes to use this PC without being asked");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await terminal.question(
    "This stops the PC that is in use now and uses this one. Type yes: ",
  );
  terminal.close();
  return typed.trim().toLowerCase() === "yes";
}
