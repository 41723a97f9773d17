import { type Command, Option } from "commander";
import { programFile, typedAs } from "../config/typed-as.ts";
import { accessFor } from "./access.ts";
import { chosenGateway, type GlobalOptions, globalOptions } from "./globals.ts";

interface ServeOptions {
  describe: boolean;
  printConfig: boolean;
}

/** With absolute paths: a host starts it from anywhere, and without a shell's PATH. */
function hostConfig({ configDir, gateway }: GlobalOptions) {
  const args = [
    ...[programFile(), "--config-dir", configDir],
    ...(gateway === undefined ? [] : ["--gateway", gateway]),
    ...["mcp", "serve", "--transport", "stdio"],
  ];
  return { mcpServers: { ibkr: { command: process.execPath, args } } };
}

export function register(program: Command): void {
  const mcp = program
    .command("mcp")
    .description("This gateway for MCP clients that start a program.");
  mcp
    .command("serve")
    .description("Serves every tool, resource and prompt of your grant on stdin and stdout.")
    .addOption(new Option("--transport <kind>").choices(["stdio"]).default("stdio"))
    .option("--describe", "print what would be served, and end", false)
    .option("--print-config", "print the setting for a host that starts a program, and end", false)
    .addHelpText("after", `\nExample:\n  ${typedAs("mcp serve --transport stdio --describe")}`)
    .action(async ({ describe, printConfig }: ServeOptions, command: Command) => {
      const globals = globalOptions(command);
      if (printConfig) {
        process.stdout.write(`${JSON.stringify(hostConfig(globals), null, 2)}\n`);
        return;
      }
      if (describe) {
        const { describeServer } = await import("../mcp/describe.ts");
        process.stdout.write(`${JSON.stringify(describeServer(), null, 2)}\n`);
        return;
      }
      const resource = await chosenGateway(globals);
      const [{ runServe }, { loginStore }] = await Promise.all([
        import("../mcp/run-serve.ts"),
        import("../sdk/login-store.ts"),
      ]);
      const { client } = await loginStore(globals.configDir).read(resource);
      await runServe({
        resource,
        access: await accessFor(globals, resource, false),
        holder: `${resource} ${process.env.IBKR_TOKEN ? "token" : (client?.client_id ?? "nobody")}`,
        configDir: globals.configDir,
        acpToken: process.env.IBKR_ACP_SESSION ?? null,
        say: (text) => process.stderr.write(`ibkr: ${text}\n`),
      });
      // Connections that are kept for a next call must not keep the process.
      process.exit(0);
    });
}
