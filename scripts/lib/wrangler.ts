import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { fromRoot, ROOT } from "./paths.ts";

export interface WranglerAnswer {
  ok: boolean;
  output: string;
}

/** Runs this checkout's wrangler and returns what it said; `show` lets it talk to the terminal. */
export function wrangler(args: string[], { show = false } = {}): Promise<WranglerAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [fromRoot("node_modules/wrangler/bin/wrangler.js"), ...args],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          // The build command in wrangler.toml asks for `node`, and means this one.
          PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`,
          WRANGLER_SEND_METRICS: "false",
        },
        stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}
