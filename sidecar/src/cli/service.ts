import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, resolve } from "node:path";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { isUnfenced, UNFENCED } from "../backup/restored-marker.ts";
import { parseGatewayAddress } from "../client-portal/address.ts";
import { defaultConfigDir } from "../config/config-dir.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { canAsk, yesAtTerminal } from "../run/ask-at-terminal.ts";
import { runTool } from "../service/run-tool.ts";
import type { ServicePlan, Tool } from "../service/service-facts.ts";
import { servicePlan } from "../service/service-plan.ts";
import { globalOptions } from "./options.ts";

interface InstallFlags {
  clientPortal?: string;
  print?: boolean;
  yes?: boolean;
}

/** Adds `service`: the sidecar as a service of this user's, which starts by itself. */
export function register(program: Command): void {
  const service = program
    .command("service")
    .summary("let the sidecar start by itself: install, uninstall, status")
    .description(
      "Makes `run` a service of your own user: a systemd user unit on Linux, a launch agent on macOS, a\n" +
        "task on Windows. It is started again when it fails, later each time. A service has no terminal:\n" +
        `passkeys are accepted with \`${sidecarCommand("approvers add")}\`. Not run on macOS or Windows yet.`,
    );
  service
    .command("install")
    .summary("show the service's file, and after a yes write and start it")
    .option("--client-portal <url>", "where the Client Portal Gateway listens, on this PC")
    .option("--print", "show the file and write nothing")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 installed or printed, 1 not installed, 2 wrong use.")
    .action(install);
  service
    .command("uninstall")
    .summary("stop the service and remove its file; keys and records stay")
    .addHelpText("after", "\nExit status: 0 removed or not there, 1 not stopped.")
    .action((_flags: object, command: Command) => uninstall(planOf(command, [])));
  service
    .command("status")
    .summary("show whether the service is installed and runs")
    .addHelpText("after", "\nExit status: 0 it runs, 1 it does not.")
    .action((_flags: object, command: Command) => status(planOf(command, [])));
}

async function install(flags: InstallFlags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const pairing = loadPairing(configDir);
  if (pairing === null) {
    throw new UsageError(`this PC is not paired yet; run: ${sidecarCommand("pair")}`);
  }
  if (pairing.simulated === true) {
    throw new UsageError(
      `this PC was paired for the simulator, which is no service; pair it anew: ${sidecarCommand("pair --replace")}`,
    );
  }
  if (isUnfenced(configDir)) throw new UsageError(UNFENCED);
  const runArgs =
    flags.clientPortal === undefined ? [] : ["--client-portal", originOf(flags.clientPortal)];
  const plan = planOf(command, runArgs);
  say(`${plan.file}\n\n${plan.text.replace(/^\ufeff/, "")}`);
  for (const tool of plan.install) say(`then: ${tool.join(" ")}`);
  if (flags.print === true) return;
  if (flags.yes !== true) {
    if (!canAsk()) throw new UsageError("add --yes to install it without being asked");
    if ((await yesAtTerminal("Write this file and start the service?")) !== true) {
      say("Nothing was changed.");
      process.exitCode = 1;
      return;
    }
  }
  try {
    mkdirSync(dirname(plan.file), { recursive: true });
    writeFileSync(plan.file, plan.text, { encoding: plan.encoding, mode: 0o644 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${plan.file} cannot be written (${code})`);
  }
  runAll(plan.install);
  say("Installed and started.");
  for (const note of plan.notes) say(note);
}

function uninstall(plan: ServicePlan): void {
  if (!existsSync(plan.file)) {
    say(`There is no service here: ${plan.file} does not exist.`);
    return;
  }
  runAll(plan.uninstall);
  rmSync(plan.file, { force: true });
  say("Stopped and removed. Keys, pairing and records stay where they are.");
}

function status(plan: ServicePlan): void {
  if (!existsSync(plan.file)) {
    say(`Not installed: ${plan.file} does not exist.`);
    process.exitCode = 1;
    return;
  }
  const state = runTool(plan.state);
  say(`${plan.file}\n${state.said}`);
  for (const note of plan.notes) say(note);
  if (!state.ok) process.exitCode = 1;
}

/** @throws Error with what the tool said, when one fails. */
function runAll(tools: readonly Tool[]): void {
  for (const tool of tools) {
    const { ok, said } = runTool(tool);
    if (!ok) throw new Error(`${tool.join(" ")} failed: ${said}`);
  }
}

function planOf(command: Command, runArgs: readonly string[]): ServicePlan {
  const [, program = ""] = process.argv;
  const { uid, username } = userInfo();
  const plan = servicePlan(process.platform, {
    node: process.execPath,
    nodeFlags: process.execArgv,
    program: resolve(program),
    configDir: resolve(globalOptions(command).configDir),
    defaultConfigDir: defaultConfigDir(),
    runArgs,
    home: homedir(),
    env: process.env,
    userId: uid,
    userName: username,
  });
  if (plan === null) throw new UsageError(`there is no service for ${process.platform} here`);
  return plan;
}

function originOf(text: string): string {
  try {
    return parseGatewayAddress(text).origin;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
