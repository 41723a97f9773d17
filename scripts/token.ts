import { parseArgs } from "node:util";
import { isScope, READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { Browser } from "./lib/browser.ts";
import { connect, signIn } from "./lib/oauth-client.ts";
import { findGateway, reach } from "./lib/running.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

/**
 * `npm run -s token -- --scope "ibkr:accounts:read …"`: acts as an OAuth client of the local
 * gateway, with its owner at the browser, and prints the access token and nothing else.
 */
export function main(args: string[]): Promise<void> {
  return orSaySorry(async () => {
    const scope = scopesFrom(args);
    const gateway = await findGateway(process.env);
    const { tokens } = await reach(gateway, async () => {
      const browser = new Browser(gateway.url);
      await signIn(browser, gateway.ownerToken);
      return connect(browser, { scope, clientName: "npm run token" });
    });
    console.log(tokens.access_token);
  });
}

function scopesFrom(args: string[]): string {
  let values: { scope?: string };
  try {
    ({ values } = parseArgs({ args, options: { scope: { type: "string" } } }));
  } catch (error) {
    throw new Sorry(error instanceof Error ? error.message : String(error));
  }
  const scopes = values.scope?.split(/\s+/).filter(Boolean) ?? READ_SCOPES;
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined) throw new Sorry(`There is no scope named ${unknown}.`);
  if (scopes.length === 0) throw new Sorry("--scope names no scope.");
  return scopes.join(" ");
}
