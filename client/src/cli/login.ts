import { ACCESS_CHOICES } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { Argument, type Command, Option } from "commander";
import { typedAs } from "../config/typed-as.ts";
import { CLIENT_NAME, personIsThere, sendToBrowser } from "./access.ts";
import { chosenGateway, globalOptions } from "./globals.ts";

interface LoginOptions {
  access: string;
  scope?: string;
  browser: boolean;
}

export function register(program: Command): void {
  program
    .command("login")
    .description("Signs this program in to your gateway; you choose in the browser what it may do.")
    .addArgument(new Argument("[url]", "your gateway's address, https://…"))
    .addOption(
      new Option("--access <choice>", "what to ask for; you can give less or more on the page")
        .choices(ACCESS_CHOICES.map(({ id }) => id))
        .default("read"),
    )
    .option("--scope <scopes>", "single permissions instead, separated by spaces")
    .option("--no-browser", "print the page's address instead of opening it")
    .addHelpText("after", `\nExample:\n  ${typedAs("login http://localhost:8787 --access paper")}`)
    .action(async (url: string | undefined, options: LoginOptions, command: Command) => {
      const globals = globalOptions(command);
      const resource = await chosenGateway(
        url === undefined ? globals : { ...globals, gateway: url },
      );
      const [{ signIn }, { loginStore }] = await Promise.all([
        import("../sdk/login.ts"),
        import("../sdk/login-store.ts"),
      ]);
      const choice = ACCESS_CHOICES.find(({ id }) => id === options.access);
      const store = loginStore(globals.configDir);
      await signIn({
        store,
        resource,
        scope: options.scope ?? choice?.scopes.join(" ") ?? null,
        clientName: CLIENT_NAME,
        open: options.browser ? sendToBrowser : printPage,
        ...(!options.browser && personIsThere() ? { pasted: askForAddress } : {}),
      });
      const { tokens } = await store.read(resource);
      const { accessInWords } = await import("@ibkr-edge-gateway/protocol/access-choices.ts");
      const held = tokens?.scope?.split(" ").filter(Boolean) ?? [];
      process.stderr.write(
        `Signed in to ${new URL(resource).origin}. This program may: ${accessInWords(held)}.\n`,
      );
    });
}

async function printPage(url: string): Promise<void> {
  process.stderr.write(`Open this page in a browser:\n${url}\n`);
}

/** A browser on another computer ends at an address that only this computer would answer. */
async function askForAddress(signal: AbortSignal): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(
      "If that browser is on another computer, it ends at a page that it cannot open.\nPaste the address of that page here: ",
      { signal },
    );
  } finally {
    reader.close();
  }
}
