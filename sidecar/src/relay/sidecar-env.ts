import type { SidecarEnv } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { RelayLinkOptions } from "./relay-link-interface.ts";

/** Identity, time and chance for the protocol machine, read anew for each step. */
export function sidecarEnv(options: RelayLinkOptions): SidecarEnv {
  const { pairing, policy, now, version, deviceKey, operations } = options;
  return {
    now: now(),
    origin: pairing.gateway_origin,
    account: pairing.account_id,
    sidecar: pairing.sidecar_id,
    version,
    fingerprint: deviceKey.fingerprint,
    offered: policy.offer,
    brokerAccounts: policy.broker_accounts,
    operations,
    ulid: () => ulid(now()),
    random32: options.random32,
    random: options.random,
  };
}
