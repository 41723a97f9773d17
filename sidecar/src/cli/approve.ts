import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { storedPort } from "../approval-page-server/loopback-port.ts";
import { openInBrowser, pageLink } from "../approval-page-server/open-page.ts";
import { UsageError } from "../config/usage-error.ts";
import { withStoreAsync } from "./approvers.ts";
import { globalOptions } from "./options.ts";

/** Adds `approve`: opens this PC's own approval page. */
export function register(program: Command): void {
  program
    .command("approve")
    .summary("open this PC's own approval page in your browser")
    .description(
      "Makes a link to the page that the running sidecar serves on this PC, and opens it. The link is for\n" +
        "one page and ends a minute after that is closed; a new one ends the one before it. Over ssh, forward\n" +
        "the port that the link names: `ssh -L <port>:localhost:<port> <this PC>`.",
    )
    .option("--print", "print the link instead of opening it")
    .addHelpText("after", "\nExit status: 0 opened or printed, 2 wrong use.")
    .action(async (flags: { print?: boolean }, command: Command) => {
      const port = storedPort(globalOptions(command).configDir);
      if (port === null) {
        throw new UsageError(`the sidecar serves no page yet; start it: ${sidecarCommand("run")}`);
      }
      await withStoreAsync(command, async ({ db }) => {
        const link = await pageLink(db, port, null, Date.now());
        if (flags.print !== true && (await openInBrowser(link))) {
          process.stdout.write("Opened in your browser.\n");
          return;
        }
        process.stdout.write(`${link}\n`);
      });
    });
}
