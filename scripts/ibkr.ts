import { spawn } from "node:child_process";
import { buildClient } from "./lib/client-build.ts";
import { whenNpmIsGone } from "./lib/npm-parent.ts";
import { fromRoot } from "./lib/paths.ts";

/** `npm run -s ibkr -- <args>`: the client's command line from the checkout, as it is packed. */
export async function main(args: string[]): Promise<void> {
  const cli = await buildClient(fromRoot("client/dist"));
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: "inherit",
    // Where the person stands: npm itself goes to the checkout.
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  whenNpmIsGone(() => child.kill("SIGTERM"));
  process.exitCode = await new Promise<number>((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
