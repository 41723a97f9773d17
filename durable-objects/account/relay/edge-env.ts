import type { EdgeEnv } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { EdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { randomToken } from "../platform/random.ts";

/** Identity, time and chance for the protocol machine, read anew for each step. */
export function edgeEnvOf(options: {
  readonly origin: string;
  readonly accountId: string;
  readonly version: string;
  readonly identity: EdgeIdentity | null;
}): () => EdgeEnv {
  const { origin, accountId, version, identity } = options;
  const edgeFingerprint = identity === null ? "" : fingerprintWords(identity.publicKey).join(" ");
  return () => ({
    now: Date.now(),
    origin,
    account: accountId,
    edgeFingerprint,
    edgeVersion: version,
    ulid: () => ulid(Date.now()),
    random32: () => randomToken(32),
  });
}
