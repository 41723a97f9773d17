import type { Command } from "commander";
import { typedAs } from "../config/typed-as.ts";
import type { PlaceOptions } from "../sdk/order-types.ts";
import { TOOLS } from "../tool-list/tools.generated.ts";
import { accessFor, personIsThere } from "./access.ts";
import { addFlags, argumentsTyped, missingFlags } from "./flags.ts";
import { chosenGateway, type GlobalOptions, globalOptions } from "./globals.ts";
import { printAnswer } from "./print.ts";
import { UsageError } from "./usage-error.ts";

const EXAMPLE =
  "orders place --symbol AAPL --side BUY --order-type LMT --quantity 1 --limit-price 187.25 --idempotency-key my-first-order";

/** Whole orders in one command, over the library's steps; and the one command that is refused. */
export function register(program: Command): void {
  const orders = program.commands.find((command) => command.name() === "orders");
  const preview = TOOLS.find(({ name }) => name === "ibkr_order_preview");
  if (orders === undefined || preview === undefined) return;
  const place = orders
    .command("place")
    .description("Prepares an order, asks you to approve it, waits for you, and sends it.")
    .addHelpText("after", `\nExample:\n  ${typedAs(EXAMPLE)}`);
  addFlags(place, preview);
  place
    .option(
      "--idempotency-key <key>",
      "your name for this order; it is made once under it (required)",
    )
    .action(async () => {
      const order = argumentsTyped(preview, place);
      const { idempotencyKey } = place.opts<{ idempotencyKey?: string }>();
      const missing = [
        ...missingFlags(preview, order),
        ...(idempotencyKey === undefined ? ["--idempotency-key"] : []),
      ];
      if (missing.length > 0 || idempotencyKey === undefined) {
        throw new UsageError(`${missing.join(", ")} is missing. For example: ${typedAs(EXAMPLE)}`);
      }
      await withOrders(globalOptions(place), async (gateway, options) =>
        // The gateway checks it, as it checks every call.
        gateway.orders.place(JSON.parse(JSON.stringify(order)), { ...options, idempotencyKey }),
      );
    });
  const resume = orders
    .command("resume")
    .description("Goes on with an order of this computer from wherever it was left, by its key.")
    .requiredOption("--idempotency-key <key>", "the key it was placed with")
    .addHelpText(
      "after",
      `\nExample:\n  ${typedAs("orders resume --idempotency-key my-first-order")}`,
    )
    .action(async () => {
      const { idempotencyKey } = resume.opts<{ idempotencyKey: string }>();
      await withOrders(globalOptions(resume), async (gateway, options) =>
        gateway.orders.resume(idempotencyKey, options),
      );
    });
  const approve = orders
    .command("approve", { hidden: true })
    .argument("[id]")
    .description("Not here: an order is approved with your passkey, in the gateway's console.")
    .action(async () => {
      const resource = await chosenGateway(globalOptions(approve));
      const { IbkrError } = await import("../sdk/errors.ts");
      throw new IbkrError("READONLY_WRITE_FORBIDDEN", "This program cannot approve an order.", {
        userAction: `Open ${new URL("/approvals", resource)} and approve it with your passkey.`,
      });
    });
}

type Gateway = import("../sdk/connect.ts").Gateway;
type Result = import("../sdk/order-types.ts").OrderResult;

async function withOrders(
  globals: GlobalOptions,
  body: (gateway: Gateway, options: PlaceOptions) => Promise<Result>,
): Promise<void> {
  const resource = await chosenGateway(globals);
  const access = await accessFor(globals, resource, personIsThere());
  const [{ connect }, { IbkrError }] = await Promise.all([
    import("../sdk/connect.ts"),
    import("../sdk/errors.ts"),
  ]);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  await using gateway = await connect(resource, {
    auth: () => access,
    configDir: globals.configDir,
  });
  const { outcome, order } = await body(gateway, {
    signal: stop.signal,
    onAsked: ({ preview, approval }) => {
      if (preview !== null) process.stderr.write(`${preview.in_words}\n`);
      if (approval.state !== "pending") return;
      process.stderr.write(`Approve it here, with your passkey: ${approval.approval_url}\n`);
    },
  });
  printAnswer(JSON.parse(JSON.stringify({ outcome, order })), globals.json);
  if (outcome === "known") return;
  throw new IbkrError("OUTCOME_UNKNOWN", "It is not known yet what became of the order.", {
    outcome: "unknown",
    nextStep: "Look again with orders resume and the same key.",
  });
}
