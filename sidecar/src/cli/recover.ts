import { RecoveryAnswer, type RecoveryRequest } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import type { Command } from "commander";
import { askGateway, claimsOf, pairedPc } from "./ask-gateway.ts";
import { globalOptions } from "./options.ts";

/** Adds `recover`: helps an owner who lost every passkey back into the gateway. */
export function register(program: Command): void {
  program
    .command("recover")
    .summary("get back into your gateway after losing every passkey")
    .description(
      "Proves to the gateway that this is its paired PC and shows a code. With that code and the\n" +
        "owner token you can sign in once and add a new passkey. Neither works without the other.\n" +
        "On a gateway whose owner token you do not have, the code comes a day after you first ask,\n" +
        "and whoever is signed in until then can stop it.",
    )
    .addHelpText(
      "after",
      "\nExit status: 0 a code is shown or the wait goes on, 1 refused, 2 wrong use.",
    )
    .action(recover);
}

async function recover(_flags: object, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const { pairing, key } = pairedPc(configDir);
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const token = await key.recoveryToken(claimsOf(pairing));
  const request: RecoveryRequest = { account_id, sidecar_id, token };
  const answer = await askGateway({ origin, path: "/recovery" }, request, {
    statuses: [201, 202],
    answer: RecoveryAnswer,
  });
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if ("ready_at" in answer) {
    say(`Asked for. Run this again after ${answer.ready_at}: it shows a code that signs you in.`);
    say("Until then every page of your console says so, and whoever is signed in can stop it.");
    return;
  }
  const page = `${origin}/sign-in/recover`;
  const steps = [
    ...(answer.needs_owner_token
      ? [`Open ${page}`, "Type the gateway's owner token (its OWNER_TOKEN)."]
      : [`Open ${page}?account=${account_id}`]),
    `Type this code: ${answer.code}   (10 minutes, once)`,
  ];
  for (const [index, step] of steps.entries()) say(`${index + 1}. ${step}`);
}
