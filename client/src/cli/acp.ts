import { type Command, Option } from "commander";
import { acpFolder } from "../config/config-dir.ts";
import { programFile, typedAs } from "../config/typed-as.ts";
import { globalOptions } from "./globals.ts";
import { UsageError } from "./usage-error.ts";

const EDITORS = ["zed", "jetbrains", "codecompanion", "avante"] as const;

interface AcpOptions {
  name: string;
  printConfig?: (typeof EDITORS)[number];
}

export function register(program: Command): void {
  program
    .command("acp")
    .description("Runs an ACP agent with this gateway's tools in each of its sessions.")
    .argument("[agent...]", "the agent's command and its arguments, after --")
    .option("--name <name>", "what the agent calls the gateway's tools by", "ibkr")
    .addOption(
      new Option("--print-config <editor>", "print the setting for an editor, and end").choices(
        EDITORS,
      ),
    )
    .addHelpText("after", `\nExample:\n  ${typedAs("acp --print-config zed -- my-agent --acp")}`)
    .action(async (agent: string[], options: AcpOptions, command: Command) => {
      const globals = globalOptions(command);
      const [run, ...args] = agent;
      if (run === undefined) {
        throw new UsageError(`Say which agent: ${typedAs("acp -- <agent command>")}`);
      }
      const gateway = globals.gateway ?? process.env.IBKR_GATEWAY;
      const before = [
        programFile(),
        "--config-dir",
        globals.configDir,
        ...(gateway ? ["--gateway", gateway] : []),
      ];
      if (options.printConfig !== undefined) {
        const { editorConfig } = await import("../acp/editor-config.ts");
        const line = [process.execPath, ...before, "acp", "--", ...agent];
        process.stdout.write(`${editorConfig(options.printConfig, line)}\n`);
        return;
      }
      const { runAcp } = await import("../acp/run-acp.ts");
      const stop = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.on(signal, () => stop.abort());
      }
      const code = await runAcp({
        command: run,
        args,
        client: { input: process.stdin, output: process.stdout },
        linkFolder: acpFolder(globals.configDir),
        serverWith: (token) => ({
          name: options.name,
          command: process.execPath,
          args: [...before, "mcp", "serve", "--transport", "stdio"],
          env: [{ name: "IBKR_ACP_SESSION", value: token }],
        }),
        say: (text) => process.stderr.write(`ibkr acp: ${text}\n`),
        signal: stop.signal,
      });
      // A client that neither reads nor closes must not keep the process.
      process.exit(code);
    });
}
