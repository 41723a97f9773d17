import type { Command } from "commander";
import { typedAs } from "../config/typed-as.ts";
import { chosenGateway, globalOptions } from "./globals.ts";

export function register(program: Command): void {
  program
    .command("whoami")
    .description(
      "Says which gateway is asked, what this program may do, and where its sign-in is kept.",
    )
    .addHelpText("after", `\nExample:\n  ${typedAs("whoami")}`)
    .action(async (_options: object, command: Command) => {
      const globals = globalOptions(command);
      const resource = await chosenGateway(globals);
      const [{ loginStore }, { accessInWords }] = await Promise.all([
        import("../sdk/login-store.ts"),
        import("@ibkr-edge-gateway/protocol/access-choices.ts"),
      ]);
      const store = loginStore(globals.configDir);
      const { tokens } = await store.read(resource);
      const byToken = Boolean(process.env.IBKR_TOKEN);
      const scopes = tokens?.scope?.split(" ").filter(Boolean) ?? [];
      const facts = {
        gateway: new URL(resource).origin,
        signed_in: byToken || tokens !== null,
        by: byToken ? "IBKR_TOKEN" : store.path,
        scopes: byToken ? null : scopes,
      };
      if (globals.json) {
        process.stdout.write(`${JSON.stringify(facts)}\n`);
        return;
      }
      const may = byToken
        ? "what the token in IBKR_TOKEN allows"
        : tokens === null
          ? `nothing: not signed in (${typedAs("login")})`
          : accessInWords(scopes);
      process.stdout.write(`Gateway:  ${facts.gateway}\nMay:      ${may}\nSign-in:  ${facts.by}\n`);
    });
}
