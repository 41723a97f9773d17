import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { readEdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import {
  normaliseUserCode,
  type PairingRequest,
} from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { PairedSidecar } from "../../durable-objects/account/rpc/account-types.ts";
import type { ConfirmedPairing } from "../../durable-objects/pairing.ts";
import { accountObject, type Env } from "../web/env.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/** What the owner compares with the sidecar's terminal before confirming. */
export interface PairingDetails {
  ok: true;
  /** What the machine calls itself: outside text, to be escaped. */
  machine: string;
  version: string;
  /** Six words over the device key, computed here and never taken from the sidecar. */
  fingerprintWords: string[];
  capabilitiesOffered: Capability[];
  /** RFC 3339, UTC. */
  expiresAt: string;
}

export interface PairingRefusal {
  ok: false;
  reason:
    | "code_malformed"
    | "code_unknown"
    | "already_confirmed"
    | "too_many_tries"
    | "capability_not_offered"
    | "not_configured";
  /** For the owner. */
  message: string;
}

const UNKNOWN: PairingRefusal = {
  ok: false,
  reason: "code_unknown",
  message: `No pairing is waiting under this code. Run \`${sidecarCommand("pair")}\` again for a new one.`,
};

/** What stands behind a code that the signed-in owner typed. Wrong codes are counted: five in ten minutes. */
export async function lookupPairing(
  env: Env,
  owner: Owner,
  code: string,
): Promise<PairingDetails | PairingRefusal> {
  const found = await find(env, owner, code);
  return found.ok ? found.details : found;
}

/**
 * Pairs the sidecar behind a code with the account. `capabilities` must be among those it offered.
 * The caller has proved the owner (and, later, the passkey); calling twice is harmless.
 */
export async function confirmPairing(
  env: Env,
  owner: Owner,
  code: string,
  capabilities: Capability[],
  requestId: string,
): Promise<{ ok: true; sidecar: PairedSidecar } | PairingRefusal> {
  const found = await find(env, owner, code);
  if (!found.ok) return found;
  const { pairing, request, details } = found;
  if (capabilities.some((capability) => !details.capabilitiesOffered.includes(capability))) {
    return {
      ok: false,
      reason: "capability_not_offered",
      message: "This sidecar's local policy does not offer one of the chosen capabilities.",
    };
  }
  const { accountId, account } = owner;
  const fingerprint = details.fingerprintWords.join(" ");
  const { undo, ...sidecar } = await account.sidecars.addSidecar({
    devicePublicKey: request.device_public_key,
    machine: details.machine,
    version: details.version,
    fingerprint,
    capabilities,
  });
  const { sidecarId } = sidecar;
  const confirmed = { accountId, sidecarId, capabilities, undo };
  if (!(await pairing.confirm(confirmed))) {
    await undoPairing(env, confirmed, requestId);
    return UNKNOWN;
  }
  return { ok: true, sidecar };
}

/** The PC does not want it after all; what its owner did since stays as it is. */
export async function undoPairing(
  env: Env,
  { accountId, sidecarId, undo }: ConfirmedPairing,
  requestId: string,
): Promise<void> {
  if (undo === undefined) return;
  await accountObject(env, accountId).gateway.undoPairing(sidecarId, undo, requestId);
}

type Found =
  | {
      ok: true;
      details: PairingDetails;
      request: PairingRequest;
      pairing: DurableObjectStub<import("../../durable-objects/pairing.ts").Pairing>;
    }
  | PairingRefusal;

async function find(env: Env, { account }: Owner, typed: string): Promise<Found> {
  const identity = readEdgeIdentity(env.EDGE_IDENTITY_KEY);
  if (identity === null) {
    return {
      ok: false,
      reason: "not_configured",
      message: "This gateway has no valid EDGE_IDENTITY_KEY, so nothing can be paired with it.",
    };
  }
  const code = normaliseUserCode(typed);
  if (code === null) {
    return {
      ok: false,
      reason: "code_malformed",
      message: "A pairing code has eight letters, like BCDF-GHJK.",
    };
  }
  if (!(await account.sidecars.pairingTryAllowed())) {
    return {
      ok: false,
      reason: "too_many_tries",
      message: "Five wrong codes in ten minutes. Wait ten minutes, then try a new code.",
    };
  }
  const pairing = env.PAIRING.getByName(identity.pairingName(code));
  const view = await pairing.view();
  if (view === null || view.state === "revoked") {
    await account.sidecars.pairingTryFailed();
    return UNKNOWN;
  }
  await account.sidecars.pairingTryReturned();
  if (view.state !== "pending") {
    return {
      ok: false,
      reason: "already_confirmed",
      message: "This code was used already.",
    };
  }
  return {
    ok: true,
    pairing,
    request: view.request,
    details: {
      ok: true,
      machine: view.request.machine,
      version: view.request.version,
      fingerprintWords: fingerprintWords(view.request.device_public_key),
      capabilitiesOffered: view.request.capabilities,
      expiresAt: new Date(view.expiresAt).toISOString(),
    },
  };
}
