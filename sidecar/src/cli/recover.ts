import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import * as z from "zod";
import type { RecoveryRequest } from "../../../src/protocol/relay/pairing.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { loadDeviceKey } from "../trust/device-key.ts";
import { globalOptions } from "./options.ts";

const TIMEOUT_MS = 10_000;
const Answer = z.object({ code: z.string().max(16) });

/** Adds `recover`: helps an owner who lost every passkey back into the gateway. */
export function register(program: Command): void {
  program
    .command("recover")
    .summary("get back into your gateway after losing every passkey")
    .description(
      "Proves to the gateway that this is its paired PC and shows a code. With that code and the\n" +
        "owner token you can sign in once and add a new passkey. Neither works without the other.",
    )
    .addHelpText("after", "\nExit status: 0 a code is shown, 1 there is none, 2 wrong use.")
    .action(recover);
}

async function recover(_flags: object, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const pairing = loadPairing(configDir);
  const key = loadDeviceKey(configDir);
  if (pairing === null || key === null) {
    throw new UsageError("this PC is not paired; run: ibkr-sidecar pair <gateway-url>");
  }
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const token = await key.recoveryToken({
    audience: origin,
    subject: sidecar_id,
    nowMs: Date.now(),
    jti: randomBytes(16).toString("base64url"),
  });
  const code = await askForCode(origin, { account_id, sidecar_id, token });
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`1. Open ${origin}/sign-in/recover`);
  say("2. Type the gateway's owner token (its OWNER_TOKEN).");
  say(`3. Type this code: ${code}   (10 minutes, once)`);
}

async function askForCode(origin: string, request: RecoveryRequest): Promise<string> {
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
  const answer = Answer.safeParse(await response.json().catch(() => null));
  if (response.status === 201 && answer.success) return answer.data.code;
  throw new Error(`the gateway answered HTTP ${response.status}`);
}
