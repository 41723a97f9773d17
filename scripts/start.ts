import { canAsk, yesAtTerminal } from "../sidecar/src/run/ask-at-terminal.ts";
import { dataDirPath } from "./lib/data-dir.ts";
import { type LocalBroker, ownClientPortal } from "./lib/local-broker.ts";
import { startLocalGateway } from "./lib/local-gateway.ts";
import { marketHoursSetting } from "./lib/market-hours-setting.ts";
import { whenNpmIsGone } from "./lib/npm-parent.ts";
import { portSetting } from "./lib/ports.ts";
import { readArgs } from "./lib/read-args.ts";
import { orSaySorry } from "./lib/say.ts";

const PORT = 8787;
const SIMULATOR_PORT = 5055;
/** Everything is ended by then, or this process ends without it. */
const STOP_MS = 4_500;

const HELP = `Runs the whole product on this machine, until Ctrl-C.

Usage: npm start                                  a demo: a simulated broker, no real money
       npm start -- --client-portal <url>         local mode: your own broker login, no cloud

  --client-portal <url>  where your Client Portal Gateway listens, for example
                         https://127.0.0.1:5000; log in there by hand
  --help                 prints this

Settings, in the environment:
  PORT            port of the gateway (default ${PORT}; 0 for any free one)
  DATA_DIR        where everything is kept (default .data; in local mode .data-broker)
  SIMULATOR_PORT  port of the simulated broker (default ${SIMULATOR_PORT})
  MARKET_HOURS    when the simulated market is open: always (default) or exchange
`;

/** `npm start`: the whole product on this machine, until it is told to stop. */
export function main(args: string[] = []): Promise<void> {
  return orSaySorry(async () => {
    const values = readArgs(args, {
      "client-portal": { type: "string" },
      help: { type: "boolean", short: "h" },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    const { env } = process;
    const broker = brokerOf(values["client-portal"], env);
    const { signal, asked, fail } = stopSignal();
    const local = await startLocalGateway({
      port: portSetting(env, "PORT", PORT),
      broker,
      dataDir: dataDirPath(env, broker.kind),
      ...(canAsk() ? { askYes: yesAtTerminal } : {}),
      onFailure: fail,
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted && error === signal.reason) return null;
      throw error;
    });
    if (local === null) return;
    if (!signal.aborted) {
      console.log(`MCP endpoint: ${local.url}/mcp`);
      console.log(`Console: ${local.url}/`);
      console.log(`Add it to Claude Code: claude mcp add --transport http ibkr ${local.url}/mcp`);
      console.log(`Owner sign-in token: ${local.ownerToken}`);
    }
    await asked;
    await local.close();
  });
}

function brokerOf(clientPortal: string | undefined, env: NodeJS.ProcessEnv): LocalBroker {
  if (clientPortal !== undefined) {
    return { kind: "own", clientPortal: ownClientPortal(clientPortal) };
  }
  return {
    kind: "simulator",
    port: portSetting(env, "SIMULATOR_PORT", SIMULATOR_PORT),
    marketHours: marketHoursSetting(env),
  };
}

/** Resolves on a signal to end, or when a part failed; then all has to end in time. */
function stopSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const asked = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      setTimeout(() => process.exit(1), STOP_MS).unref();
      resolve();
    });
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => controller.abort());
  whenNpmIsGone(() => controller.abort());
  const fail = (why: string) => {
    if (signal.aborted) return;
    console.error(why);
    process.exitCode = 1;
    controller.abort();
  };
  return { signal, asked, fail };
}
