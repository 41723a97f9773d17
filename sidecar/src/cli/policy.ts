import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Command, InvalidArgumentError } from "commander";
import { writePrivateJson } from "../config/private-files.ts";
import { UsageError } from "../config/usage-error.ts";
import { capsPath, killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { canAsk, lineAtTerminal, typedAtTerminal } from "../run/ask-at-terminal.ts";
import { Caps, readCaps } from "../trust/limits/caps.ts";
import { readKillSwitch } from "../trust/limits/kill-switch-file.ts";
import { LocalPolicy, loadLocalPolicy } from "../trust/limits/local-policy-file.ts";
import { globalOptions } from "./options.ts";

/** Adds `policy`: what this PC allows at most. The gateway can ask for less and never for more. */
export function register(program: Command): void {
  const policy = program
    .command("policy")
    .summary("show or change what this PC allows at most")
    .description(
      "What this PC allows, whatever the gateway says: which orders, in which accounts, how large,\n" +
        "how many. Caps hold from the next order on. A mode that is switched on is offered to the\n" +
        `gateway when \`${sidecarCommand("run")}\` is started anew, and must be ticked there when this PC is paired.`,
    )
    .option("--json", "print one JSON object")
    .action((flags: { json?: boolean }, command: Command) => {
      const { configDir } = globalOptions(command);
      const shown = readAll(configDir);
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(shown, null, 2)}\n` : `${inWords(shown)}\n`,
      );
    });
  for (const mode of ["paper", "live"] as const) {
    policy
      .command(mode)
      .summary(`switch ${mode} orders on or off at this PC`)
      .argument("<on|off>", "on or off", onOrOff)
      .option("--account <id...>", "account that may trade; needed for live")
      .option("--yes", "do not ask")
      .action((on: boolean, flags: SwitchFlags, command: Command) =>
        switchMode(mode, on, flags, globalOptions(command).configDir),
      );
  }
  policy
    .command("set")
    .summary("set one cap")
    .argument("<mode>", "paper or live")
    .argument("<cap>", "e.g. max_notional, max_quantity, max_orders_per_day, max_daily_loss")
    .argument("<value>", "a plain number, a list with commas, or null")
    .action((mode: string, cap: string, value: string, _flags: object, command: Command) =>
      setCap(mode, cap, value, globalOptions(command).configDir),
    );
}

interface SwitchFlags {
  account?: string[];
  yes?: boolean;
}

interface Shown {
  policy: LocalPolicy;
  caps: Caps;
  kill_switch: ReturnType<typeof readKillSwitch>;
}

function onOrOff(text: string): boolean {
  if (text !== "on" && text !== "off") throw new InvalidArgumentError("on or off");
  return text === "on";
}

function readAll(configDir: string): Shown {
  const policy = loadLocalPolicy(configDir);
  const file = readCaps(capsPath(configDir));
  if (!file.ok) throw new UsageError(`${file.reason} Until it is put right no order passes.`);
  return { policy, caps: file.caps, kill_switch: readKillSwitch(killSwitchPath(configDir)) };
}

async function switchMode(
  mode: "paper" | "live",
  on: boolean,
  flags: SwitchFlags,
  configDir: string,
): Promise<void> {
  const { policy, caps } = readAll(configDir);
  const accounts = [...new Set([...caps.accounts, ...(flags.account ?? [])])];
  if (mode === "live" && on) {
    if (!accounts.some(isLive)) accounts.push(await askForLiveAccount());
    const question =
      `Live orders use real money. From this PC, in ${accounts.join(", ")}: at most ` +
      `${caps.live.max_notional} per order, ${counted(caps.live.max_orders_per_day, "order")} a day, and no entries after a day's loss of ${caps.live.max_daily_loss}.`;
    if (flags.yes !== true && !(await typedAtTerminal(question, "live"))) {
      process.stdout.write("Live orders stay off.\n");
      process.exitCode = 1;
      return;
    }
  }
  const capability: Capability = mode === "live" ? "orders.live" : "orders.paper";
  const offer = policy.offer.filter((one) => one !== capability);
  // Off takes effect from the offer first, on from the caps first: never wider than meant in between.
  const next = checked(Caps, {
    ...caps,
    accounts,
    [mode]: { ...caps[mode], enabled: on },
  });
  const wider = checked(LocalPolicy, { ...policy, offer: on ? [...offer, capability] : offer });
  if (on) {
    writePrivateJson(configDir, "caps.json", next);
    writePrivateJson(configDir, "policy.json", wider);
  } else {
    writePrivateJson(configDir, "policy.json", wider);
    writePrivateJson(configDir, "caps.json", next);
  }
  process.stdout.write(
    on
      ? `${mode} orders are on at this PC. If the gateway does not have them from this PC yet, pair it again (\`${sidecarCommand("pair --replace")}\`) and tick them; then restart \`${sidecarCommand("run")}\`.\n`
      : `${mode} orders are off at this PC, from now on.\n`,
  );
}

const isLive = (account: string): boolean => !account.startsWith("D");

async function askForLiveAccount(): Promise<string> {
  const missing = new UsageError("name the live account that may trade: --account U1234567");
  if (!canAsk()) throw missing;
  const typed = await lineAtTerminal("Live account that may trade (like U1234567): ");
  const account = typed?.trim().toUpperCase() ?? "";
  if (account === "" || !isLive(account)) throw missing;
  return account;
}

function setCap(mode: string, cap: string, value: string, configDir: string): void {
  if (mode !== "paper" && mode !== "live") throw new UsageError("the mode is paper or live");
  const { caps } = readAll(configDir);
  if (!Object.hasOwn(caps[mode], cap) || cap === "enabled") {
    throw new UsageError(
      `no cap ${cap}; there are ${Object.keys(caps[mode])
        .filter((name) => name !== "enabled")
        .join(", ")}`,
    );
  }
  const present: unknown = Object.entries(caps[mode]).find(([name]) => name === cap)?.[1];
  const typed =
    value === "null"
      ? null
      : Array.isArray(present)
        ? value.split(",").map((one) => one.trim())
        : typeof present === "number"
          ? Number(value)
          : typeof present === "boolean"
            ? value === "true"
            : value;
  const next = checked(Caps, { ...caps, [mode]: { ...caps[mode], [cap]: typed } });
  writePrivateJson(configDir, "caps.json", next);
  process.stdout.write(`${mode} ${cap} is ${value} from the next order on.\n`);
}

function checked<T>(
  schema: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: T }
      | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
  },
  value: unknown,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(
    `that is not a valid value${issue === undefined ? "" : ` for ${issue.path.map(String).join(".")}`}`,
  );
}

function inWords({ policy, caps, kill_switch }: Shown): string {
  const lines = [
    `Offered:     ${policy.offer.join(", ") || "nothing"}`,
    `Accounts:    ${policy.broker_accounts?.join(", ") ?? "all of the login"}; to trade: ${
      [...caps.accounts, ...(caps.any_paper ? ["any paper account"] : [])].join(", ") || "none"
    }`,
    `Kill switch: ${kill_switch.engaged ? `ENGAGED since ${kill_switch.since ?? "unknown"}` : "not engaged"}`,
  ];
  for (const mode of ["paper", "live"] as const) {
    const limits = caps[mode];
    lines.push(
      `${mode === "paper" ? "Paper orders" : "Live orders "} ${limits.enabled ? "on" : "off"}`,
    );
    for (const [name, value] of Object.entries(limits)) {
      if (name === "enabled") continue;
      lines.push(
        `  ${name.padEnd(24)} ${Array.isArray(value) ? value.join(", ") : String(value ?? "none")}`,
      );
    }
  }
  return lines.join("\n");
}
