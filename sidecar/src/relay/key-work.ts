import { verifyEd25519 } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import type {
  SidecarEffect,
  SidecarInput,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import { rotationTranscript } from "@ibkr-edge-gateway/protocol/relay/transcript.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { DeviceKey } from "../trust/pc-keys/device-key.ts";
import type { RelayLinkOptions } from "./relay-link-interface.ts";

type KeyParts = Pick<RelayLinkOptions, "pairing" | "deviceKey" | "now">;

/** What the protocol machine asks of keys: each ends as one input of the machine. */
export type KeyEffect = Extract<
  SidecarEffect,
  { kind: "sign_token" | "sign_answer" | "check_proof" }
>;

/** Signs at once, or verifies and signs a token by and by. */
export function useKey(
  { pairing, deviceKey, now }: KeyParts,
  effect: KeyEffect,
): SidecarInput | Promise<SidecarInput> {
  const { dial } = effect;
  switch (effect.kind) {
    case "sign_answer":
      return { kind: "answer_signed", dial, response: deviceKey.sign(effect.message) };
    case "sign_token":
      return deviceKey
        .openToken({
          audience: pairing.gateway_origin,
          subject: pairing.sidecar_id,
          nowMs: now() + effect.skewMs,
          jti: ulid(now()),
        })
        .then((token) => ({ kind: "token_signed", dial, token }));
    case "check_proof":
      return verifyEd25519(pairing.edge_identity_key, effect.message, effect.proof).then(
        (valid) => ({ kind: "proof_checked", dial, valid }),
      );
  }
}

/** The token for the header of one dial. */
export function upgradeToken(
  { pairing, deviceKey, now }: KeyParts,
  skewMs: number,
): Promise<string> {
  return deviceKey.upgradeToken({
    audience: pairing.gateway_origin,
    subject: pairing.sidecar_id,
    nowMs: now() + skewMs,
    jti: ulid(now()),
  });
}

/** What asks the edge to take a new device key in this session: both keys sign it. */
export function rotationTo(
  { pairing, deviceKey }: KeyParts,
  newKey: DeviceKey,
  sessionId: string,
): Extract<SidecarInput, { kind: "rotate" }> {
  const { publicKey } = newKey;
  const message = rotationTranscript({
    origin: pairing.gateway_origin,
    account: pairing.account_id,
    sidecar: pairing.sidecar_id,
    sessionId,
    publicKey,
  });
  return {
    kind: "rotate",
    publicKey,
    oldSignature: deviceKey.sign(message),
    newSignature: newKey.sign(message),
  };
}
