import { mandateInWords } from "@ibkr-edge-gateway/protocol/approval/mandate-words.ts";
import type { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import type { OrderStore } from "../orders/journal/order-store.ts";
import { typedAtTerminal } from "../run/ask-at-terminal.ts";
import {
  forgetWrongNumbers,
  type KeptMandate,
  listMandates,
  revokeMandate,
} from "../trust/tables/mandates.ts";
import { withStore } from "./approvers.ts";

/** Adds `mandates`: the bounds inside which orders need no tap, as this PC knows them. */
export function register(program: Command): void {
  const mandates = program
    .command("mandates")
    .summary("show or end the bounds inside which orders need no tap")
    .description(
      "The mandates this PC has verified, with the number of each that still waits for it. A\n" +
        "mandate that is ended here stays ended, whatever the gateway says.",
    )
    .option("--json", "print one JSON object a line")
    .action((flags: { json?: boolean }, command: Command) => {
      withStore(command, (store) => list(store, flags.json === true));
    });
  mandates
    .command("list")
    .summary("show them")
    .option("--json", "print one JSON object a line")
    .action((_flags: object, command: Command) => {
      withStore(command, (store) => list(store, command.optsWithGlobals().json === true));
    });
  mandates
    .command("revoke")
    .summary("end a mandate, from the next order on")
    .argument("<id>", "its id, or `all`")
    .addHelpText("after", "\nExit status: 0 ended, 2 there is no such mandate in force.")
    .action((id: string, _flags: object, command: Command) => {
      withStore(command, (store) => revoke(store, id));
    });
  mandates
    .command("unlock")
    .summary("take mandates again after too many wrong numbers")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExit status: 0 unlocked or not locked, 1 left as it is, 2 wrong use.")
    .action(async (flags: { yes?: boolean }, command: Command) => {
      const question =
        "After three wrong numbers in a week this PC takes no new mandate: somebody may be guessing.\n" +
        "Was it you who typed them?";
      if (flags.yes !== true && !(await typedAtTerminal(question, "yes"))) {
        process.stdout.write("Left as it is.\n");
        process.exitCode = 1;
        return;
      }
      withStore(command, (store) => {
        forgetWrongNumbers(store.db);
        process.stdout.write("Mandates are taken again.\n");
      });
    });
}

function list(store: OrderStore, json: boolean): void {
  const kept = listMandates(store.db);
  const nowMs = Date.now();
  if (json) {
    for (const one of kept) {
      const { mandate, hash, number } = one;
      const state = stateOf(one, nowMs);
      const shown = { mandate_id: mandate.mandate_id, mandate_hash: hash, state, mandate };
      process.stdout.write(
        `${JSON.stringify(state === "waiting" ? { ...shown, number } : shown)}\n`,
      );
    }
    return;
  }
  if (kept.length === 0) {
    process.stdout.write("This PC knows no mandate; every order needs your tap.\n");
  }
  for (const one of kept) {
    const state = stateOf(one, nowMs);
    const waits = state === "waiting" ? `, its number for the mandate's page: ${one.number}` : "";
    process.stdout.write(`${plain(one.mandate.mandate_id)}: ${state}${waits}\n`);
    for (const { name, says } of mandateInWords(one.mandate)) {
      process.stdout.write(`  ${name}: ${plain(says)}\n`);
    }
  }
}

function revoke(store: OrderStore, id: string): void {
  const ending = listMandates(store.db).filter(
    ({ mandate, state }) => state !== "revoked" && (id === "all" || mandate.mandate_id === id),
  );
  if (ending.length === 0) throw new UsageError("there is no such mandate in force at this PC");
  for (const { hash } of ending) revokeMandate(store.db, hash, Date.now());
  process.stdout.write("Ended. An order under it is refused from now on.\n");
}

const stateOf = ({ state, mandate }: KeptMandate, nowMs: number): string =>
  state !== "revoked" && Date.parse(mandate.not_after) <= nowMs ? "over" : state;

/** Ids come from the gateway: nothing in them may move the cursor. */
const plain = (text: string): string => text.replace(/\p{C}/gu, "");
