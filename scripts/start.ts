import { canAsk, yesAtTerminal } from "../sidecar/src/run/ask-at-terminal.ts";
import { dataDirPath } from "./lib/data-dir.ts";
import { startLocalGateway } from "./lib/local-gateway.ts";
import { marketHoursSetting } from "./lib/market-hours-setting.ts";
import { whenNpmIsGone } from "./lib/npm-parent.ts";
import { portSetting } from "./lib/ports.ts";
import { orSaySorry } from "./lib/say.ts";

const PORT = 8787;
const SIMULATOR_PORT = 5055;
/** Everything is ended by then, or this process ends without it. */
const STOP_MS = 4_500;

/** `npm start`: the whole product on this machine, until it is told to stop. */
export function main(): Promise<void> {
  return orSaySorry(async () => {
    const { env } = process;
    const { signal, asked, fail } = stopSignal();
    const local = await startLocalGateway({
      port: portSetting(env, "PORT", PORT),
      marketHours: marketHoursSetting(env),
      simulatorPort: portSetting(env, "SIMULATOR_PORT", SIMULATOR_PORT),
      dataDir: dataDirPath(env),
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
