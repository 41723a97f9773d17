import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { type OrderStore, openOrderStore } from "../orders/journal/order-store.ts";
import { ORDER_LIMITS } from "../orders/limits.ts";
import { orderStorePath } from "../orders/local-policy/order-settings.ts";
import { questionText } from "../orders/notify/order-notices.ts";
import { typedAtTerminal } from "../run/ask-at-terminal.ts";
import { requestsSince } from "../trust/tables/approval-requests.ts";
import { questionNumber } from "../trust/tables/question-numbers.ts";
import { numbersLocked, triesLeft, unlockNumbers } from "../trust/verify/shown-numbers.ts";
import { withStore } from "./approvers.ts";
import { globalOptions } from "./options.ts";

/** Adds `requests`: what is asked to be approved, with the number of each that has one. */
export function register(program: Command): void {
  const requests = program
    .command("requests")
    .summary("show what agents ask you to approve, with the number")
    .description(
      "The requests of the last five minutes, from this PC's own tickets. The approval page asks for\n" +
        "the four-digit number of an order, and so does the page of a broker's question about\n" +
        `one. It is shown here, on the terminal of \`${sidecarCommand("run")}\` and as a desktop\n` +
        "notification, and nowhere else.",
    )
    .option("--json", "print one JSON object a line")
    .action((flags: { json?: boolean }, command: Command) => {
      const { configDir } = globalOptions(command);
      const pairing = loadPairing(configDir);
      if (pairing === null) {
        throw new UsageError(`this PC is not paired yet; run: ${sidecarCommand("pair")}`);
      }
      const store = openOrderStore(orderStorePath(configDir, pairing));
      try {
        show(store, flags.json === true, Date.now());
      } finally {
        store.close();
      }
    });
  requests
    .command("unlock")
    .summary("take numbers again after too many wrong ones")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 unlocked or not locked, 1 left as it is, 2 wrong use.")
    .action(async (flags: { yes?: boolean }, command: Command) => {
      const question =
        "After six wrong numbers in a week this PC takes no number for an order: somebody may be\n" +
        "guessing. Was it you who typed them?";
      if (flags.yes !== true && !(await typedAtTerminal(question, "yes"))) {
        process.stdout.write("Left as it is.\n");
        process.exitCode = 1;
        return;
      }
      withStore(command, (store) => {
        unlockNumbers(store.db);
        process.stdout.write("Numbers are taken again.\n");
      });
    });
}

/** The broker's questions that wait for the owner, each with the number of a yes where it has one. */
function openQuestions(store: OrderStore) {
  return store.open().flatMap(({ coid, state, ticket, question }) =>
    state !== "awaiting_confirmation" || question === null
      ? []
      : [
          {
            coid,
            asked_at: question.asked_at,
            order: ticketText(ticket),
            question: questionText(question),
            number: questionNumber(store.db, coid, question.reply_id),
          },
        ],
  );
}

function show(store: OrderStore, json: boolean, nowMs: number): void {
  const rows = requestsSince(store.db, nowMs - ORDER_LIMITS.requestListedMs).flatMap((request) => {
    const kept = store.preview(request.previewId, nowMs);
    if (kept === null) return [];
    const left = triesLeft(store.db, request.previewId);
    return [
      {
        preview_id: request.previewId,
        asked_at: new Date(request.askedAt).toISOString(),
        requested_by: request.requestedBy,
        order: ticketText(kept.ticket),
        tier: request.tier,
        number: left > 0 ? kept.echo : null,
        tries_left: left,
      },
    ];
  });
  const open = openQuestions(store);
  if (json) {
    for (const row of [...rows, ...open]) process.stdout.write(`${JSON.stringify(row)}\n`);
    return;
  }
  if (numbersLocked(store.db, nowMs)) {
    process.stdout.write(
      `Too many wrong numbers came; none is taken: ${sidecarCommand("requests")} unlock\n`,
    );
  }
  if (rows.length === 0 && open.length === 0) {
    process.stdout.write("Nothing was asked in the last five minutes.\n");
  }
  for (const { asked_at, order, question, number } of open) {
    process.stdout.write(`${asked_at}, asked by the broker:\n`);
    for (const line of [...order, ...question]) process.stdout.write(`  ${line}\n`);
    if (number !== null) {
      process.stdout.write(`  Number for your yes on the question's page: ${number}\n`);
    }
  }
  for (const { asked_at, requested_by, order, tier, number, tries_left } of rows) {
    const needed =
      tries_left === 0
        ? "  Too many wrong numbers came; its number is worth nothing any more.\n"
        : number === null
          ? ""
          : `  Number for the approval page: ${number}\n`;
    process.stdout.write(`${asked_at}, asked for by "${requested_by}":\n`);
    for (const line of order) process.stdout.write(`  ${line}\n`);
    process.stdout.write(tier === 2 || number !== null ? needed : "");
  }
}
