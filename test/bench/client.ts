import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenAccess } from "../../client/src/sdk/access.ts";
import { openConnection } from "../../client/src/sdk/connection.ts";
import { mcpAddress } from "../../client/src/sdk/gateway-address.ts";
import { buildClient } from "../../scripts/lib/client-build.ts";
import type { Bench } from "./setup.ts";

const RUNS = 20;
const TOOL = "ibkr_accounts_list";

/** What the client's command line costs beside the call that it makes. */
export async function benchClient({ gateway, token }: Pick<Bench, "gateway" | "token">) {
  const folder = await mkdtemp(join(tmpdir(), "ibkr-bench-client-"));
  try {
    const cli = await buildClient(join(folder, "client"));
    const env = {
      ...process.env,
      IBKR_CONFIG_DIR: folder,
      IBKR_GATEWAY: gateway.url,
      IBKR_TOKEN: token,
    };
    const run = (...args: string[]) => timed(() => ended(cli, args, env));
    const connection = await openConnection(mcpAddress(gateway.url), tokenAccess(token));
    const help = await p50(() => run("--help"));
    const bare = await p50(() => timed(() => ended("-e", ["0"], env)));
    const read = await p50(() => run("accounts", "list", "--json"));
    const call = await p50(() => timed(() => connection.call(TOOL, {}, false)));
    await connection.close();
    return {
      help_p50_ms: help,
      node_alone_p50_ms: bare,
      read_p50_ms: read,
      call_alone_p50_ms: call,
      read_over_call_p50_ms: Math.round((read - call) * 10) / 10,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

async function p50(run: () => Promise<number>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let n = 0; n < RUNS; n += 1) times.push(await run());
  times.sort((a, b) => a - b);
  return Math.round((times[RUNS / 2] ?? Number.NaN) * 10) / 10;
}

function ended(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { env, stdio: "ignore" });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(" ")} ended with ${code}`)),
    );
  });
}
