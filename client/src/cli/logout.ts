import type { Command } from "commander";
import { typedAs } from "../config/typed-as.ts";
import { chosenGateway, globalOptions } from "./globals.ts";

export function register(program: Command): void {
  program
    .command("logout")
    .description("Ends this program's access at the gateway, and forgets it here.")
    .addHelpText("after", `\nExample:\n  ${typedAs("logout")}`)
    .action(async (_options: object, command: Command) => {
      const globals = globalOptions(command);
      const resource = await chosenGateway(globals);
      const [{ loginStore }, { revoke }] = await Promise.all([
        import("../sdk/login-store.ts"),
        import("../sdk/revoke.ts"),
      ]);
      const store = loginStore(globals.configDir);
      const ended = await revoke(await store.read(resource), resource);
      await store.forget(resource);
      process.stderr.write(
        ended
          ? "Signed out.\n"
          : "Forgotten here. The gateway could not be told: end this client in its console, under Clients.\n",
      );
    });
}
