import { spawn } from "node:child_process";
import { fromRoot } from "./lib/paths.ts";

/** `npm run chaos -- --minutes N --seed S`: breaks the relay in every way it knows, and counts. */
export async function main(args: string[]): Promise<void> {
  const child = spawn(process.execPath, [fromRoot("test/chaos/main.ts"), ...args], {
    stdio: "inherit",
  });
  process.exitCode = await new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}
