import type { Command } from "commander";
import { hostedSha256 } from "../approval-page-server/check-hosted-page.ts";
import { UsageError } from "../config/usage-error.ts";
import { typedAtTerminal } from "../run/ask-at-terminal.ts";
import { acceptSeen, hostedPageRows } from "../trust/tables/hosted-page.ts";
import { withStoreAsync } from "./approvers.ts";

/** Adds `approver-page accept`: the owner's word that another file than this PC made is right. */
export function registerAccept(approverPage: Command): void {
  approverPage
    .command("accept")
    .summary("take answers of your hosted page again after its file changed")
    .description(
      "Reads each page that you host anew and shows the SHA-256 of what stands there. Compare it with a\n" +
        "file that you made yourself with `approver-page --out`; accept no other.",
    )
    .option("--sha256 <hash>", "the one to accept; nobody is asked")
    .addHelpText(
      "after",
      "\nExit status: 0 nothing stands in the way, 1 left as it is, 2 wrong use.",
    )
    .action(async (flags: { sha256?: string }, command: Command) => {
      await withStoreAsync(command, async ({ db }) => {
        for (const { url, otherSha256 } of hostedPageRows(db)) {
          if (otherSha256 === null) {
            process.stdout.write(`${url}: as it should be.\n`);
            continue;
          }
          const seen = await hostedSha256(url, fetch);
          if (seen === null)
            throw new UsageError(`${url} cannot be read now; nothing was accepted`);
          process.stdout.write(`${url}\n  SHA-256 ${seen}\n`);
          const agreed =
            flags.sha256 === undefined
              ? await typedAtTerminal("Is this the file that you put there?", "yes")
              : flags.sha256.toLowerCase() === seen;
          if (agreed) {
            acceptSeen(db, url, seen);
            process.stdout.write("Accepted. Answers of this page are taken again.\n");
          } else {
            process.stdout.write("Left as it is.\n");
            process.exitCode = 1;
          }
        }
      });
    });
}
