import type { Command } from "commander";
import { configDir } from "../config/config-dir.ts";
import { typedAs } from "../config/typed-as.ts";
import { UsageError } from "./usage-error.ts";

export interface GlobalOptions {
  gateway?: string;
  configDir: string;
  json: boolean;
}

/** Adds what every command understands. */
export function addGlobalOptions(program: Command): void {
  program
    .option("--gateway <url>", "the gateway to ask; the one you signed in to last unless said")
    .option("--config-dir <folder>", "where your sign-in is kept", configDir())
    .option("--json", "print the answer as JSON, unchanged", false);
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** The address of the MCP endpoint that is meant: named, in IBKR_GATEWAY, or the latest sign-in's. */
export async function chosenGateway(options: GlobalOptions): Promise<string> {
  const { mcpAddress } = await import("../sdk/gateway-address.ts");
  const named = options.gateway ?? process.env.IBKR_GATEWAY;
  if (named) return mcpAddress(named);
  const { loginStore } = await import("../sdk/login-store.ts");
  const latest = await loginStore(options.configDir).latest();
  if (latest !== null) return latest;
  throw new UsageError(
    `Which gateway? Sign in to yours first: ${typedAs("login https://<your gateway>")}`,
  );
}
