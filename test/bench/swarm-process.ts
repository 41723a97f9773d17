import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  isOperationName,
  OPERATIONS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { openJournal } from "../../sidecar/src/journal/relay-journal.ts";
import type { OperationExecutor } from "../../sidecar/src/operation-handlers/executor-interface.ts";
import { createRelayLink } from "../../sidecar/src/relay/relay-link.ts";
import type { RelayLink } from "../../sidecar/src/relay/relay-link-interface.ts";
import { connectWebSocket } from "../../sidecar/src/relay/relay-socket.ts";
import { loadOrCreateDeviceKey } from "../../sidecar/src/trust/pc-keys/device-key.ts";
import { callAccount } from "./account-calls.ts";

/**
 * Sidecars without a broker: the real dialling end, journal and keys, over answers that cost
 * nothing. Told by lines of JSON: `{connect: [account, …]}`; says how long until all were live.
 */
interface Settings {
  url: string;
  edgeKey: string;
  folder: string;
}
const settings = JSON.parse(process.argv[2] ?? "{}") as Settings;
const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
const CAPABILITIES = ["broker.read", "events", "chunks"] as const;
const BIG_ANSWER = "x".repeat(1024 * 1024);

const executor: OperationExecutor = {
  async execute({ operation }) {
    return operation === "notifications.list" ? BIG_ANSWER : "ok";
  },
  onEvent: () => () => undefined,
  async close() {},
};

async function link(account: string, onLive: () => void): Promise<RelayLink> {
  const folder = join(settings.folder, account);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const deviceKey = loadOrCreateDeviceKey(folder);
  const { sidecarId } = (await callAccount(settings.url, account, "addSidecar", [
    {
      devicePublicKey: deviceKey.publicKey,
      machine: "bench",
      version: "bench",
      fingerprint: deviceKey.fingerprint,
      capabilities: [...CAPABILITIES],
    },
    "bench",
  ])) as { sidecarId: string };
  let live = false;
  return createRelayLink({
    pairing: {
      gateway_origin: settings.url,
      relay_url: `${settings.url.replace("http", "ws")}/relay/${account}`,
      account_id: account,
      sidecar_id: sidecarId,
      edge_identity_key: settings.edgeKey,
      capabilities: [...CAPABILITIES],
      paired_at: new Date().toISOString(),
    },
    deviceKey,
    policy: { offer: [...CAPABILITIES], broker_accounts: null },
    journal: openJournal({ path: join(folder, "journal.sqlite"), now: Date.now }),
    executor,
    operations: (name) => (isOperationName(name) ? OPERATIONS[name] : null),
    version: "bench",
    logger: quiet,
    connect: connectWebSocket,
    now: () => performance.timeOrigin + performance.now(),
    random: Math.random,
    random32: () => randomBytes(32).toString("base64url"),
    onChange(state) {
      if (state.link.kind !== "live") live = false;
      else if (!live) {
        live = true;
        onLive();
      }
    },
  });
}

async function connect(accounts: string[]): Promise<number> {
  let live = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const links = [];
  for (const account of accounts) {
    links.push(
      await link(account, () => {
        live += 1;
        if (live === accounts.length) done();
      }),
    );
  }
  const started = performance.now();
  for (const one of links) one.start();
  await all;
  return performance.now() - started;
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { accounts } = JSON.parse(line) as { accounts: string[] };
  console.log(JSON.stringify({ connected: accounts.length, ms: await connect(accounts) }));
}
process.exit(0);
