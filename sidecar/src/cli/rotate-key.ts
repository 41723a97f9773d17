import { randomBytes } from "node:crypto";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { VERSION } from "../config/version.ts";
import { openAccountJournal } from "../journal/account-journal.ts";
import { createRelayLink } from "../relay/link.ts";
import { connectWebSocket } from "../relay/relay-socket.ts";
import { createNextDeviceKey, openKeyRing } from "../trust/pc-keys/device-key.ts";
import { globalOptions } from "./options.ts";

const CONNECT_MS = 15_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Adds `rotate-key`: gives this PC a new device key, signed by the old one. */
export function register(program: Command): void {
  program
    .command("rotate-key")
    .summary("give this PC a new device key")
    .description(
      "Makes a new key, signs it with the present one and has the gateway take it. The pairing\n" +
        `stays. Stop \`${sidecarCommand("run")}\` first; start it again afterwards.`,
    )
    .addHelpText("after", "\nExit status: 0 rotated, 1 not rotated, 2 wrong use.")
    .action(rotate);
}

async function rotate(_flags: object, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const pairing = loadPairing(configDir);
  const ring = openKeyRing(configDir);
  if (pairing === null || ring === null) {
    throw new UsageError(`this PC is not paired; run: ${sidecarCommand("pair")}`);
  }
  const now = () => performance.timeOrigin + performance.now();
  // Held by a running sidecar: the rotation would throw it off its own connection.
  const journal = openAccountJournal(configDir, pairing, now, null, () => undefined);
  let connected = () => {};
  let refused = (_why: string) => {};
  const link = createRelayLink({
    pairing,
    deviceKey: ring.key,
    // Nothing is offered, so nothing is asked of this short session.
    policy: { offer: [], broker_accounts: [] },
    journal,
    executor: {
      execute: () =>
        Promise.reject(
          new GatewayError(failure("SIDECAR_UNAVAILABLE", "The sidecar is changing its key.")),
        ),
      onEvent: () => () => undefined,
      close: async () => undefined,
    },
    operations: () => null,
    version: VERSION,
    logger: SILENT,
    connect: connectWebSocket,
    now,
    random: Math.random,
    random32: () => randomBytes(32).toString("base64url"),
    onChange(state) {
      if (state.link.kind === "live") {
        ring.accepted();
        connected();
      } else if (state.link.kind === "stopped" && state.link.code !== 1000) {
        refused(state.link.reason);
      } else if (state.trouble?.code === "UNAUTHENTICATED") {
        ring.refused();
      }
    },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connected = resolve;
      refused = (why) => reject(new Error(`the gateway refused: ${why}`));
      setTimeout(() => reject(new Error(troubleOf(link))), CONNECT_MS).unref();
      link.start();
    });
    const next = createNextDeviceKey(configDir);
    const refusal = await link.rotate(next);
    if (refusal !== null) throw new Error(`the gateway did not take the new key: ${refusal}`);
    const changed = openKeyRing(configDir);
    // The next key is the first of the ring, and the gateway has just taken it.
    changed?.accepted();
    process.stdout.write(`This PC's key is now: ${next.fingerprint}\n`);
  } finally {
    await link.stop("the key was rotated");
    journal.close();
  }
}

function troubleOf(link: ReturnType<typeof createRelayLink>): string {
  return link.state().trouble?.message ?? "the gateway could not be reached";
}
