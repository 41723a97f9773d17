import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import {
  MARKET_HOURS,
  type MarketHours,
} from "@ibkr-edge-gateway/simulator/market/hours-setting.ts";
import { type Command, InvalidArgumentError, Option } from "commander";

interface Flags {
  port: number;
  controlPort: number;
  seed: number;
  marketHours: MarketHours;
  paper?: boolean;
  live?: boolean;
  loggedOut?: boolean;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is 0 to 65535");
  return port;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new InvalidArgumentError("a seed is a whole number below a billion");
  return Number(text);
}

/** Adds `simulator`: the Client Portal Gateway and a broker behind it, without either. */
export function register(program: Command): void {
  program
    .command("simulator")
    .summary("run a simulated Client Portal Gateway, for trying things out")
    .description(
      "Runs a simulator of IBKR's Client Portal Gateway on this machine: HTTPS with its own " +
        "certificate, the Web API below /v1/api, its WebSocket, and a control port with which " +
        "tests move the clock and break things. No broker, no password and no money is involved.",
    )
    .option(
      "--port <port>",
      "HTTPS port of the gateway; 0 takes any that is free",
      portNumber,
      5000,
    )
    .option("--control-port <port>", "port of the control interface; 0 takes any", portNumber, 0)
    .option("--seed <number>", "the same seed gives the same prices and fills", wholeNumber, 1)
    .addOption(
      new Option(
        "--market-hours <hours>",
        "exchange: by each exchange's calendar; always: open around the clock, without nightly resets; every answer about it says so",
      )
        .choices(MARKET_HOURS)
        .default("exchange"),
    )
    .option("--paper", "log in as the paper user (the default)")
    .option("--live", "log in as the live user")
    .option("--logged-out", "start before the login; log in with a browser at the printed address")
    .addHelpText(
      "after",
      `\nPoint a sidecar at it:\n  ${sidecarCommand("run")} --simulated --client-portal https://127.0.0.1:5000\n` +
        "\nSend the clock on by an hour:\n  curl -X POST -H 'Content-Type: application/json' -d '{\"ms\":3600000}' <control>/clock/advance",
    )
    .action(run);
}

async function run(flags: Flags, command: Command): Promise<void> {
  if (flags.paper === true && flags.live === true) {
    command.error("error: choose --paper or --live, not both", { exitCode: 2 });
  }
  // Listening first: a signal that comes while it starts ends it in order as well.
  const told = new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  // Loaded only now: the other commands do without it.
  const { startSimulator } = await import("@ibkr-edge-gateway/simulator/start.ts");
  const simulator = await startSimulator({
    port: flags.port,
    controlPort: flags.controlPort,
    seed: flags.seed,
    paper: flags.live !== true,
    loggedIn: flags.loggedOut !== true,
    clock: "real",
    marketHours: flags.marketHours,
  }).catch((thrown: unknown) => {
    const taken = thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
    if (!taken) throw thrown;
    return command.error("error: the port is taken; choose another with --port or --control-port", {
      exitCode: 2,
    });
  });
  console.log(`Client Portal simulator: ${simulator.url}`);
  console.log(`Control:                 ${simulator.controlUrl}`);
  console.log(`Certificate SHA-256:     ${simulator.certificateSha256}`);
  console.log(
    `Market hours:            ${flags.marketHours === "always" ? "open around the clock" : "each exchange's own"}`,
  );
  console.log(
    `Login:                   ${flags.live === true ? "live" : "paper"}, ${flags.loggedOut === true ? `not yet: open ${simulator.url}/` : "done"}`,
  );
  await told;
  await simulator.close();
}
