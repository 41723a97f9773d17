import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { ORDER_LIMITS } from "../orders/limits.ts";
import { orderStorePath } from "../orders/local-files.ts";
import { type OrderStore, openOrderStore } from "../orders/store.ts";
import { orderInWords } from "../orders/ticket-line.ts";
import { requestsSince, triesLeft } from "../trust/shown-numbers.ts";
import { globalOptions } from "./options.ts";

/** Adds `requests`: what is asked to be approved, with the number of each that has one. */
export function register(program: Command): void {
  program
    .command("requests")
    .summary("show what agents ask you to approve, with the number")
    .description(
      "The requests of the last five minutes, from this PC's own tickets. The approval page asks for\n" +
        "the two-digit number of a large or live order. It is shown here, on the terminal of\n" +
        "`ibkr-sidecar run` and as a desktop notification, and nowhere else.",
    )
    .option("--json", "print one JSON object a line")
    .action((flags: { json?: boolean }, command: Command) => {
      const { configDir } = globalOptions(command);
      const pairing = loadPairing(configDir);
      if (pairing === null) {
        throw new UsageError("this PC is not paired yet; run: ibkr-sidecar pair <gateway-url>");
      }
      const store = openOrderStore(orderStorePath(configDir, pairing));
      try {
        show(store, flags.json === true, Date.now());
      } finally {
        store.close();
      }
    });
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
        order: orderInWords(kept.ticket),
        tier: request.tier,
        number: left > 0 ? kept.echo : null,
        tries_left: left,
      },
    ];
  });
  if (json) {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    return;
  }
  if (rows.length === 0) process.stdout.write("Nothing was asked in the last five minutes.\n");
  for (const { asked_at, requested_by, order, tier, number, tries_left } of rows) {
    const needed =
      tries_left === 0
        ? "  Too many wrong numbers came; its number is worth nothing any more.\n"
        : number === null
          ? ""
          : `  Number for the approval page: ${number}\n`;
    process.stdout.write(`${asked_at}, asked for by "${requested_by}":\n  ${order}\n`);
    process.stdout.write(tier === 2 || number !== null ? needed : "");
  }
}
