import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayAccountIdOf } from "@ibkr-edge-gateway/protocol/account-id.ts";
import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { readEdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { PairedSidecar } from "../../../durable-objects/account/rpc/account-types.ts";
import { buildWorker, type WorkerBundle } from "../../../scripts/lib/bundle.ts";
import { type Gateway, type GatewayOptions, launchGateway } from "../../../scripts/lib/gateway.ts";
import { fromRoot } from "../../../scripts/lib/paths.ts";
import type { Pairing } from "../../../sidecar/src/config/pairing-file.ts";
import type { TestJob } from "./test-job.ts";

export interface RelayGateway extends Gateway {
  /** Calls one of the account object's methods, or one of the test's own. */
  rpc<T>(method: string, ...args: unknown[]): Promise<T>;
  job(job: Partial<TestJob> & Pick<TestJob, "operation">): Promise<JobSettlement>;
  /** Pairs a device key without the detour over the console. */
  pairKey(devicePublicKey: string, capabilities?: Capability[]): Promise<Pairing>;
}

export const TEST_ACCOUNT = gatewayAccountIdOf(new Uint8Array(16).fill(7));
const ALL: Capability[] = ["broker.read", "orders.paper", "events", "chunks"];

/** The product's Worker with the test door, built into a folder of its own. */
export async function buildRelayWorker(): Promise<WorkerBundle & { remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-relay-"));
  const bundle = await buildWorker(directory, fromRoot("test/support/relay/test-worker.ts"));
  return { ...bundle, remove: () => rm(directory, { recursive: true, force: true }) };
}

export async function startRelayGateway(
  bundle: WorkerBundle,
  options: Omit<GatewayOptions, "bundle"> = {},
  account = TEST_ACCOUNT,
): Promise<RelayGateway> {
  const gateway = await launchGateway({
    rateLimits: { RELAY_LIMIT: 1_000_000 },
    ...options,
    bundle,
  });

  async function rpc<T>(method: string, ...args: unknown[]): Promise<T> {
    const response = await fetch(`${gateway.url}/__test`, {
      method: "POST",
      body: JSON.stringify({ account, method, args }),
    });
    if (response.status !== 200) {
      throw new Error(`${method}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    }
    return response.json() as Promise<T>;
  }

  return {
    ...gateway,
    rpc,
    job: (job) =>
      rpc("testJob", { jobId: ulid(Date.now()), input: {}, deadlineMs: 10_000, ...job }),
    async pairKey(devicePublicKey, capabilities = ALL) {
      const paired = await rpc<PairedSidecar>(
        "addSidecar",
        {
          devicePublicKey,
          machine: "test",
          version: "test",
          fingerprint: fingerprintWords(devicePublicKey).join(" "),
          capabilities,
        },
        "test",
      );
      return {
        gateway_origin: gateway.url,
        relay_url: `${gateway.url.replace(/^http/, "ws")}/relay/${account}`,
        account_id: account,
        sidecar_id: paired.sidecarId,
        edge_identity_key: readEdgeIdentity(gateway.secrets.EDGE_IDENTITY_KEY)?.publicKey ?? "",
        capabilities,
        paired_at: new Date().toISOString(),
      };
    },
  };
}
