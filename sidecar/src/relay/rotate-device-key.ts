import { randomBytes } from "node:crypto";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { VERSION } from "../config/version.ts";
import { openAccountJournal } from "../journal/account-journal.ts";
import { createNextDeviceKey, openKeyRing } from "../trust/pc-keys/device-key.ts";
import { createRelayLink } from "./relay-link.ts";
import { connectWebSocket } from "./relay-socket.ts";

const CONNECT_MS = 15_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** The gateway does not take the key of this folder (any more). */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused";
}

/**
 * Makes a new device key, signs it with the present one and has the gateway take it; returns the new
 * key's six words. Whoever else holds the present key is thrown off its connection and gets none any
 * more. The session of this is short and offers nothing, so nothing is asked of it.
 * @throws UsageError when this PC is not paired or a sidecar runs on the folder; KeyRefused; Error
 */
export async function rotateDeviceKey(configDir: string): Promise<string> {
  const pairing = loadPairing(configDir);
  const ring = openKeyRing(configDir);
  if (pairing === null || ring === null) {
    throw new UsageError(`this PC is not paired; run: ${sidecarCommand("pair")}`);
  }
  const now = () => performance.timeOrigin + performance.now();
  // Held by a running sidecar: the rotation would throw it off its own connection.
  const journal = openAccountJournal(configDir, pairing, now, null, {
    onCopied: () => undefined,
  });
  let connected = () => {};
  let refused = (_why: Error) => {};
  const turnedAway = new Set<string>();
  const link = createRelayLink({
    pairing,
    deviceKey: ring.key,
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
        refused(new KeyRefused(`the gateway refused: ${state.link.reason}`));
      } else if (state.trouble?.code === "UNAUTHENTICATED") {
        turnedAway.add(ring.key.publicKey);
        // A rotation that was broken off leaves two keys, of which the gateway knows one.
        ring.refused();
        if (turnedAway.has(ring.key.publicKey)) refused(new KeyRefused(state.trouble.message));
      }
    },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connected = resolve;
      refused = reject;
      setTimeout(() => reject(troubleOf(link)), CONNECT_MS).unref();
      link.start();
    });
    const next = createNextDeviceKey(configDir);
    const refusal = await link.rotate(next);
    if (refusal !== null) throw new Error(`the gateway did not take the new key: ${refusal}`);
    // The next key is the first of the ring, and the gateway has just taken it.
    openKeyRing(configDir)?.accepted();
    return next.fingerprint;
  } finally {
    await link.stop("the key was rotated");
    journal.close();
  }
}

function troubleOf(link: ReturnType<typeof createRelayLink>): Error {
  const { trouble } = link.state();
  if (trouble?.code === "UNAUTHENTICATED") return new KeyRefused(trouble.message);
  return new Error(trouble?.message ?? "the gateway could not be reached");
}
