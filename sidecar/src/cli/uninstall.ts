import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { LeaveAnswer, type LeaveRequest } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing, type Pairing } from "../config/pairing-file.ts";
import { readRunStatus } from "../config/status-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { openOrderStore } from "../orders/journal/order-store.ts";
import { orderStorePath } from "../orders/local-policy/order-settings.ts";
import { loadDeviceKey } from "../trust/pc-keys/device-key.ts";
import { askGateway, claimsOf, NotKnownThere } from "./ask-gateway.ts";
import { globalOptions } from "./options.ts";
import { isAlive } from "./status.ts";

interface Flags {
  yes?: boolean;
  offline?: boolean;
  records?: boolean;
  openOrders?: boolean;
}

/** What this PC did and saw: its own evidence, which nobody else has. */
const RECORDS = /^(journal|orders|audit-witness)-.+\.sqlite(-wal|-shm|-journal)?$/;

/** Adds `uninstall`: gives this PC's pairing up and removes its keys and settings. */
export function register(program: Command): void {
  program
    .command("uninstall")
    .summary("give up the pairing and remove this PC's keys and settings")
    .description(
      "Ends this PC's pairing at the gateway, then removes its keys, pairing, limits and passkeys from\n" +
        "the configuration folder. The records of what it sent and read stay there unless you add\n" +
        "--records: they are your own evidence. Orders that stand at the broker stay as they are, and\n" +
        "so does what the gateway's audit log holds.",
    )
    .option("--records", "remove the records of orders and the witnessed log as well")
    .option("--open-orders", "go on although orders are not known to have ended")
    .option("--offline", "do not ask the gateway; revoke this PC in its console then")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 removed, 1 not removed, 2 wrong use.")
    .action(uninstall);
}

async function uninstall(flags: Flags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (!existsSync(configDir)) {
    say(`There is nothing to remove: ${configDir} does not exist.`);
    return;
  }
  const status = readRunStatus(configDir);
  if (status !== null && isAlive(status)) {
    throw new UsageError("the sidecar is running here; stop it first (Ctrl-C in its terminal)");
  }
  const pairing = loadPairing(configDir);
  const open = pairing === null ? [] : openOrders(configDir, pairing);
  if (open.length > 0 && flags.openOrders !== true) {
    throw new Error(
      `${open.length} orders are not known to have ended (${open.slice(0, 3).join(", ")}${open.length > 3 ? ", …" : ""}). They stay at the broker, and nobody follows them any more. Cancel them first, or add --open-orders.`,
    );
  }
  const { gone, kept } = sorted(configDir, flags.records === true);
  say(`To be removed from ${configDir}: ${gone.join(", ") || "nothing"}.`);
  if (kept.length > 0) say(`Kept there as your own evidence: ${kept.join(", ")}.`);
  if (flags.yes !== true && !(await confirmed())) {
    say("Nothing was changed.");
    process.exitCode = 1;
    return;
  }
  if (pairing !== null && flags.offline !== true) say(await leave(configDir, pairing));
  for (const name of gone) rmSync(join(configDir, name), { recursive: true, force: true });
  if (kept.length === 0) rmSync(configDir, { recursive: true, force: true });
  say("Removed. What stays, and why:");
  say(
    [
      ...(kept.length > 0
        ? [
            "the records above, so that what this PC sent can still be shown: --records removes them",
          ]
        : []),
      "orders and positions at the broker: cancel them there",
      "the gateway's audit log, which has to be whole to prove anything: delete the account in its console",
      "the program itself: remove it the way it was installed",
    ]
      .map((line) => `  - ${line}`)
      .join("\n"),
  );
}

/** References of the orders that are not proved to have ended. */
function openOrders(configDir: string, pairing: Pairing): string[] {
  const path = orderStorePath(configDir, pairing);
  if (!existsSync(path)) return [];
  const store = openOrderStore(path);
  try {
    return store.open().map(({ coid }) => coid);
  } finally {
    store.close();
  }
}

function sorted(configDir: string, withRecords: boolean): { gone: string[]; kept: string[] } {
  const names = readdirSync(configDir).sort();
  const kept = withRecords ? [] : names.filter((name) => RECORDS.test(name));
  return { gone: names.filter((name) => !kept.includes(name)), kept };
}

/** Gives the pairing up at the gateway; a sentence about what came of it. */
async function leave(configDir: string, pairing: Pairing): Promise<string> {
  const key = loadDeviceKey(configDir);
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  if (key === null) return "There is no key of this PC, so the gateway was not asked.";
  const token = await key.leaveToken(claimsOf(pairing));
  const request: LeaveRequest = { account_id, sidecar_id, token };
  try {
    await askGateway({ origin, path: "/leave" }, request, { statuses: [200], answer: LeaveAnswer });
    return `${origin} has revoked this PC.`;
  } catch (error) {
    if (error instanceof NotKnownThere) return `${origin} did not know this PC any more.`;
    throw new Error(
      `${error instanceof Error ? error.message : "the gateway did not answer"}; nothing was removed. Add --offline to remove this PC's files all the same, and revoke it in the gateway's console (run \`${sidecarCommand("status")}\` for its name).`,
    );
  }
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError("add --yes to remove it without being asked");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await terminal.question("Type uninstall to go on: ");
  terminal.close();
  return typed.trim().toLowerCase() === "uninstall";
}
