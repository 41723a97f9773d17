import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { fromRoot, ROOT } from "./lib/paths.ts";
import { generateSecrets } from "./lib/secrets.ts";

/**
 * What `npx wrangler dev` needs before its first request: secrets of its own in .dev.vars and the
 * tables in its local D1. Wrangler runs this before every build and says which command it is for.
 */
export async function main(): Promise<void> {
  if (process.env.WRANGLER_COMMAND !== "dev") return;
  const file = fromRoot(".dev.vars");
  if (!existsSync(file)) {
    const secrets = await generateSecrets();
    const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`);
    writeFileSync(file, lines.join(""), { mode: 0o600 });
    console.log("Made .dev.vars. The owner sign-in token is its OWNER_TOKEN.");
  }
  const wrangler = fromRoot("node_modules/wrangler/bin/wrangler.js");
  execFileSync(process.execPath, [wrangler, "d1", "migrations", "apply", "DB", "--local"], {
    cwd: ROOT,
    env: { ...process.env, CI: "1" },
    stdio: "pipe",
  });
}
