import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { UseAnswer, type UseRequest } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { loadDeviceKey } from "../trust/device-key.ts";
import { globalOptions } from "./options.ts";

const TIMEOUT_MS = 10_000;

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
  const pairing = loadPairing(configDir);
  const key = loadDeviceKey(configDir);
  if (pairing === null || key === null) {
    throw new UsageError(`this PC is not paired; run: ${sidecarCommand("pair")} <gateway-url>`);
  }
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (flags.yes !== true && !(await confirmed())) {
    say("Nothing was changed.");
    process.exitCode = 1;
    return;
  }
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const token = await key.useToken({
    audience: origin,
    subject: sidecar_id,
    nowMs: Date.now(),
    jti: randomBytes(16).toString("base64url"),
  });
  const { replaced } = await ask(origin, { account_id, sidecar_id, token });
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

async function ask(origin: string, request: UseRequest): Promise<UseAnswer> {
  let response: Response;
  try {
    response = await fetch(`${origin}/use-this-pc`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Error(`${origin} could not be reached`);
  }
  if (response.status === 401) {
    throw new Error("the gateway does not know this PC; its pairing may have been revoked");
  }
  if (response.status === 429) throw new Error("too many requests; wait a minute and try again");
  const answer = UseAnswer.safeParse(await response.json().catch(() => null));
  if (response.status === 200 && answer.success) return answer.data;
  throw new Error(`the gateway answered HTTP ${response.status}`);
}
