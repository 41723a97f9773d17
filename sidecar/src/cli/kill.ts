import { setTimeout as sleep } from "node:timers/promises";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { ensureConfigDir } from "../config/private-files.ts";
import { readRunStatus } from "../config/status-file.ts";
import { killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { engageKillSwitch, readKillSwitch } from "../trust/limits/kill-switch-file.ts";
import { globalOptions } from "./options.ts";
import { isAlive, processExists } from "./status.ts";

/** Longer than a running sidecar takes to say how it stands. */
const READ_MS = 8_000;
const READ_LOOK_MS = 50;

/** Adds `kill`: stops all orders from this PC at once, with or without the gateway. */
export function register(program: Command): void {
  program
    .command("kill")
    .summary("stop all orders from this PC, at once")
    .description(
      "Engages the kill switch of this PC. From the next order on nothing opens or changes a\n" +
        "position; cancels and orders that only reduce a position stay possible. It holds over\n" +
        `restarts and without the gateway. Only \`${sidecarCommand("unkill")}\` lifts it.`,
    )
    .argument("[reason...]", "why, for the log")
    .addHelpText(
      "after",
      "\nExit status: 0 engaged, 1 engaged, but the running sidecar has not said that it read it.",
    )
    .action(async (reason: string[], _flags: object, command: Command) => {
      const { configDir } = globalOptions(command);
      ensureConfigDir(configDir);
      const path = killSwitchPath(configDir);
      const before = readKillSwitch(path);
      const engagedAt = Date.now();
      engageKillSwitch(path, reason.join(" ") || "engaged at the PC", engagedAt);
      const first = before.engaged
        ? "The kill switch was engaged already"
        : "The kill switch is engaged";
      const read = await whoReadIt(configDir, before.engaged ? 0 : engagedAt);
      if (read.by === "unproved") process.exitCode = 1;
      process.stdout.write(`${first}${inWords(read, configDir)}\n`);
    });
}

type Read = { by: "nobody" } | { by: "running" | "unproved"; pid: number };

/** Whether the process that sends the orders of this folder has read the switch since then. */
async function whoReadIt(configDir: string, sinceMs: number): Promise<Read> {
  const end = performance.now() + READ_MS;
  for (;;) {
    const status = readRunStatus(configDir);
    // A process that is there and has fallen silent may wake up and send.
    if (status === null || !processExists(status.pid)) return { by: "nobody" };
    const { pid, kill_switch } = status;
    const read = kill_switch?.engaged === true && Date.parse(kill_switch.read_at) >= sinceMs;
    if (read && isAlive(status)) return { by: "running", pid };
    if (performance.now() > end) return { by: "unproved", pid };
    await sleep(READ_LOOK_MS);
  }
}

function inWords(read: Read, configDir: string): string {
  if (read.by === "running") {
    return (
      `, and the running sidecar (process ${read.pid}) has read it.\n` +
      "No order opens or changes a position from this PC. Working orders stay at the broker; cancel\n" +
      "them in the console or in TWS."
    );
  }
  if (read.by === "nobody") {
    return (
      ` in ${configDir}, but no sidecar runs with this folder, so nothing\n` +
      "was stopped by it now. It holds as soon as one is started here. If orders still go out, they come\n" +
      "from another PC or folder: stop them there (--config-dir <folder>), or in the console."
    );
  }
  return (
    `, but the running sidecar (process ${read.pid}) has not said that it\n` +
    `has read it. Orders may still go out. End that process, or stop trading in the console.`
  );
}
