import { hostname } from "node:os";
import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { renderUnicodeCompact } from "uqr";
import { isUnfenced, markFenced } from "../backup/restored-marker.ts";
import { parseGatewayUrl } from "../config/gateway-url.ts";
import { loadPairing, type Pairing, storePairing } from "../config/pairing-file.ts";
import { ensureConfigDir } from "../config/private-files.ts";
import { UsageError } from "../config/usage-error.ts";
import { VERSION } from "../config/version.ts";
import { openOrderStore } from "../orders/journal/order-store.ts";
import { orderStorePath } from "../orders/local-policy/order-settings.ts";
import { askForCode, collect, giveUpPairing, pairingOf } from "../relay/pairing-client.ts";
import { canAsk, lineAtTerminal } from "../run/ask-at-terminal.ts";
import { loadLocalPolicy } from "../trust/limits/local-policy-file.ts";
import { forgetDeviceKey, loadOrCreateDeviceKey } from "../trust/pc-keys/device-key.ts";
import { forgetUnasked } from "../trust/tables/approvers.ts";
import { globalOptions } from "./options.ts";

interface Flags {
  json?: boolean;
  replace?: boolean;
  name?: string;
  simulated?: boolean;
}

/** Adds `pair`: makes this PC known to a gateway, with its owner's consent in the console. */
export function register(program: Command): void {
  program
    .command("pair")
    .argument(
      "[gateway-url]",
      "your gateway, for example https://gateway.example.com; without it the one that this PC\n" +
        "is paired with already, or the one you type when you are asked",
    )
    .summary("pair this PC with your gateway")
    .description(
      "Makes this PC's key, shows a code and six words, and waits until you have typed the code\n" +
        "into the gateway's console and compared the words. Nothing is paired before that, and if you\n" +
        "end it with Ctrl-C, or it cannot be kept here, nothing is left at the gateway either.\n" +
        "Pairing lets no passkey approve orders: `run` asks about each, here at the PC.",
    )
    .option("--json", "print one JSON object a line instead of text")
    .option("--replace", "pair anew although this PC is paired already")
    .option("--name <name>", "what this machine is called in the console")
    .option("--simulated", "for `run --simulated` alone: this pairing serves no real broker")
    .addHelpText("after", "\nExit status: 0 paired, 1 not paired, 2 wrong use.")
    .action(pair);
}

async function pair(gatewayUrl: string | undefined, flags: Flags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const named = gatewayUrl === undefined ? null : parseGatewayUrl(gatewayUrl);
  ensureConfigDir(configDir);
  const existing = pairedBefore(configDir, flags.replace === true);
  if (existing !== null && flags.replace !== true) {
    throw new UsageError(
      `this PC is paired with ${existing.gateway_origin} already; add --replace to pair it anew`,
    );
  }
  const origin = named ?? existing?.gateway_origin ?? (await askForGateway());
  // The PC that the backup was made on may still hold the old one.
  if (isUnfenced(configDir)) forgetDeviceKey(configDir);
  const key = loadOrCreateDeviceKey(configDir);
  const policy = loadLocalPolicy(configDir);
  const say = speaker(flags.json === true);

  const offer = await askForCode(origin, {
    device_public_key: key.publicKey,
    machine: machineName(flags.name),
    version: VERSION,
    capabilities: policy.offer,
  });
  const given = new AbortController();
  const giveUp = () => given.abort();
  process.once("SIGINT", giveUp);
  process.once("SIGTERM", giveUp);
  say.code({ ...offer, fingerprint: key.fingerprint });

  const answer = await collect(origin, offer, given.signal);
  process.off("SIGINT", giveUp);
  process.off("SIGTERM", giveUp);
  if (answer.state !== "confirmed") {
    if (answer.state === "given_up") await giveUpPairing(origin, offer);
    say.failed(answer.state);
    process.exitCode = 1;
    return;
  }
  let pairing: Pairing;
  try {
    pairing = keep(configDir, {
      ...pairingOf(origin, offer, answer),
      ...(flags.simulated === true ? { simulated: true } : {}),
    });
  } catch (error) {
    // What is not kept here must not stand as paired there.
    await giveUpPairing(origin, offer);
    throw error;
  }
  say.paired({
    gateway: pairing.gateway_origin,
    account_id: pairing.account_id,
    sidecar_id: pairing.sidecar_id,
    capabilities: pairing.capabilities,
  });
}

/** A pairing that cannot be read is none for who wants it replaced. */
function pairedBefore(configDir: string, replace: boolean): Pairing | null {
  try {
    return loadPairing(configDir);
  } catch (error) {
    if (replace && error instanceof UsageError) return null;
    throw error;
  }
}

async function askForGateway(): Promise<string> {
  const name = `name your gateway: ${sidecarCommand("pair https://gateway.example.com")}`;
  if (!canAsk()) throw new UsageError(name);
  const typed = (await lineAtTerminal("Address of your gateway (https://…): "))?.trim() ?? "";
  if (typed === "") throw new UsageError(name);
  return parseGatewayUrl(typed);
}

function keep(configDir: string, pairing: Pairing): Pairing {
  const store = openOrderStore(orderStorePath(configDir, pairing));
  try {
    // The same key paired before, for the simulator: what nobody was asked about ends here.
    if (pairing.simulated !== true) forgetUnasked(store.db);
  } finally {
    store.close();
  }
  storePairing(configDir, pairing);
  markFenced(configDir);
  return pairing;
}

interface Shown {
  user_code: string;
  verification_url: string;
  fingerprint: string;
  expires_at: string;
}

interface Paired {
  gateway: string;
  account_id: string;
  sidecar_id: string;
  capabilities: string[];
}

const WHY = {
  expired: "The code has expired. Run the command again for a new one.",
  revoked: "The pairing was called off.",
  given_up: "Given up; nothing was paired.",
} as const;

/** The same three things for a person or for a script. */
function speaker(json: boolean) {
  const line = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
  if (json) {
    return {
      code: ({ user_code, verification_url, fingerprint, expires_at }: Shown) =>
        line({
          event: "code",
          user_code,
          verification_url,
          fingerprint: fingerprint.split(" "),
          expires_at,
        }),
      paired: (paired: Paired) => line({ event: "paired", ...paired }),
      failed: (reason: keyof typeof WHY) => line({ event: "failed", reason, message: WHY[reason] }),
    };
  }
  const say = (text: string) => process.stdout.write(`${text}\n`);
  return {
    code({ user_code, verification_url, fingerprint, expires_at }: Shown) {
      const minutes = Math.round((Date.parse(expires_at) - Date.now()) / 60_000);
      say("");
      say(renderUnicodeCompact(verification_url));
      say(`1. Open ${verification_url} and sign in.`);
      say(`2. Type this code:        ${user_code}   (${counted(minutes, "minute")})`);
      say(`3. Compare the six words: ${fingerprint}`);
      say("   Confirm only if the console shows the same words.");
      say("");
      say("Waiting for you to confirm …");
    },
    paired({ gateway, capabilities }: Paired) {
      say(`Paired with ${gateway}. Granted: ${capabilities.join(", ") || "nothing"}.`);
      say(`Now run: ${sidecarCommand("run")}`);
    },
    failed: (reason: keyof typeof WHY) => process.stderr.write(`error: ${WHY[reason]}\n`),
  };
}

function machineName(given: string | undefined): string {
  const name = (given ?? hostname())
    .replace(/[\p{C}]/gu, "")
    .trim()
    .slice(0, 64);
  return name === "" ? "PC" : name;
}
