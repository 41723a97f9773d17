import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  isOperationName,
  OPERATIONS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { openJournal } from "../../sidecar/src/journal/relay-journal.ts";
import { askForCode, collect, pairingOf } from "../../sidecar/src/relay/pairing-client.ts";
import { createRelayLink } from "../../sidecar/src/relay/relay-link.ts";
import { connectWebSocket } from "../../sidecar/src/relay/relay-socket.ts";
import type { BrokerRig } from "./broker.ts";
import type { Gateway } from "./gateway.ts";
import { memoryDeviceKey } from "./relay/live-sidecar.ts";
import { until } from "./relay/until.ts";

/**
 * Pairs a broker rig with a gateway, so that a client at the real MCP endpoint is answered by a PC
 * whose clock stands where the test wants it. The relay keeps the time of day: its tokens need it.
 */
export async function pairPcAt(gateway: Gateway, rig: BrokerRig): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "ibkr-pc-at-"));
  const deviceKey = memoryDeviceKey();
  const offer = await askForCode(gateway.url, {
    device_public_key: deviceKey.publicKey,
    machine: "desk",
    version: "1",
    capabilities: ["broker.read", "events", "chunks"],
  });
  const owner = { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN };
  await confirmPairingAsOwner(owner, offer.user_code);
  const answer = await collect(gateway.url, offer, AbortSignal.timeout(20_000));
  if (answer.state !== "confirmed") throw new Error(`the pairing is ${answer.state}`);
  const journal = openJournal({ path: join(folder, "journal.sqlite"), now: Date.now });
  let turn: Promise<unknown> = Promise.resolve();
  const link = createRelayLink({
    pairing: pairingOf(gateway.url, offer, answer),
    deviceKey,
    policy: { offer: ["broker.read", "events", "chunks"], broker_accounts: null },
    journal,
    executor: {
      execute: (request) => {
        // Virtual time moves for one operation at a time.
        const work = turn.then(async () => {
          const { operation, input } = request;
          if (!isOperationName(operation)) throw new Error(`no operation ${operation}`);
          const read = await rig.run(operation, JSON.parse(JSON.stringify(input)));
          if (read.failed !== undefined) throw new GatewayError(read.failed);
          return JSON.parse(JSON.stringify(read.ok));
        });
        // The next one's turn comes either way; whoever asked hears of the failure.
        turn = work.catch(() => undefined);
        return work;
      },
      onEvent: (listener) => rig.broker.onEvent(listener),
      close: async () => {},
    },
    operations: (name) => (isOperationName(name) ? OPERATIONS[name] : null),
    version: "test",
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    connect: connectWebSocket,
    now: () => performance.timeOrigin + performance.now(),
    random: Math.random,
    random32: () => randomBytes(32).toString("base64url"),
    onChange: () => {},
  });
  link.start();
  await until(() => link.state().link.kind === "live", "the PC is connected");
  return async () => {
    await link.stop("test over");
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  };
}
