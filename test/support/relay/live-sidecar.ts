import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import type { SidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import { SignJWT } from "jose";
import { openJournal } from "../../../sidecar/src/journal/relay-journal.ts";
import { createRelayLink } from "../../../sidecar/src/relay/relay-link.ts";
import type { RelayLink } from "../../../sidecar/src/relay/relay-link-interface.ts";
import { connectWebSocket } from "../../../sidecar/src/relay/relay-socket.ts";
import type { DeviceKey } from "../../../sidecar/src/trust/pc-keys/device-key.ts";
import type { RelayGateway } from "./gateway.ts";
import { testExecutor, testOperations } from "./test-executor.ts";
import { until } from "./until.ts";

const ALL: Capability[] = ["broker.read", "orders.paper", "events", "chunks"];
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A device key that no file holds. */
export function memoryDeviceKey(): DeviceKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  const token =
    (typ: string): DeviceKey["openToken"] =>
    ({ audience, subject, nowMs, jti }) =>
      new SignJWT({})
        .setProtectedHeader({ alg: "EdDSA", typ })
        .setAudience(audience)
        .setSubject(subject)
        .setJti(jti)
        .setIssuedAt(Math.floor(nowMs / 1000))
        .setExpirationTime(Math.floor(nowMs / 1000) + 60)
        .sign(privateKey);
  return {
    publicKey: x,
    fingerprint: fingerprintWords(x).join(" "),
    sign: (message) => sign(null, message, privateKey).toString("base64url"),
    openToken: token(DEVICE_TOKEN.open),
    upgradeToken: token(DEVICE_TOKEN.upgrade),
    recoveryToken: token(DEVICE_TOKEN.recovery),
    useToken: token(DEVICE_TOKEN.use),
    leaveToken: token(DEVICE_TOKEN.leave),
    auditExportToken: token(DEVICE_TOKEN.auditExport),
  };
}

/** The product's own sidecar end over a real socket, with the test's executor behind it. */
export async function liveSidecar(
  gateway: RelayGateway,
  options: { port?: number; capabilities?: Capability[]; deviceKey?: DeviceKey } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "ibkr-sidecar-live-"));
  const deviceKey = options.deviceKey ?? memoryDeviceKey();
  const pairing = await gateway.pairKey(deviceKey.publicKey, options.capabilities ?? ALL);
  if (options.port !== undefined) {
    pairing.relay_url = pairing.relay_url.replace(/:\d+/, `:${options.port}`);
  }
  const executor = testExecutor();
  const journal = openJournal({ path: join(folder, "journal.sqlite"), now: Date.now });
  const states: SidecarState[] = [];
  const link: RelayLink = createRelayLink({
    pairing,
    deviceKey,
    policy: { offer: ALL, broker_accounts: null },
    journal,
    executor,
    operations: testOperations,
    version: "test",
    logger: quiet,
    connect: connectWebSocket,
    now: () => performance.timeOrigin + performance.now(),
    random: Math.random,
    random32: () => randomBytes(32).toString("base64url"),
    onChange: (state) => states.push(state),
  });
  const connected = () =>
    until(() => link.state().link.kind === "live", "the sidecar is connected");
  return {
    link,
    journal,
    executor,
    states,
    sidecarId: pairing.sidecar_id,
    pairing,
    connected,
    async start() {
      link.start();
      await connected();
    },
    async stop() {
      await link.stop("test over");
      journal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
