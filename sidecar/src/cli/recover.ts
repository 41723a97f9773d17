import { randomBytes } from "node:crypto";
import { RecoveryAnswer, type RecoveryRequest } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { loadDeviceKey } from "../trust/device-key.ts";
import { globalOptions } from "./options.ts";

const TIMEOUT_MS = 10_000;

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
  const pairing = loadPairing(configDir);
  const key = loadDeviceKey(configDir);
  if (pairing === null || key === null) {
    throw new UsageError(`this PC is not paired; run: ${sidecarCommand("pair")} <gateway-url>`);
  }
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const token = await key.recoveryToken({
    audience: origin,
    subject: sidecar_id,
    nowMs: Date.now(),
    jti: randomBytes(16).toString("base64url"),
  });
  const answer = await askForCode(origin, { account_id, sidecar_id, token });
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

async function askForCode(origin: string, request: RecoveryRequest): Promise<RecoveryAnswer> {
  let response: Response;
  try {
    response = await fetch(`${origin}/recovery`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Error(`${origin} could not be reached`);
  }
  if (response.status === 401) {
    throw new Error("the gateway does not know this PC; its pairing may have been revoked");
  }
  if (response.status === 429) throw new Error("too many requests; wait a minute and try again");
  const answer = RecoveryAnswer.safeParse(await response.json().catch(() => null));
  if ((response.status === 201 || response.status === 202) && answer.success) return answer.data;
  throw new Error(`the gateway answered HTTP ${response.status}`);
}
