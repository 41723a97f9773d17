import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import type {
  EdgeEffect,
  EdgeInput,
  TokenVerdict,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import {
  type EdgeIdentity,
  verifyEd25519,
} from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { hasTables } from "../tables/migrations.ts";
import { checkDeviceToken } from "./device-token-check.ts";
import { chosenSidecar, findSidecar, isKnownKey } from "./tables/sidecars.ts";

/** What the protocol machine asks of keys: each ends as one input of the machine. */
export type KeyEffect = Extract<
  EdgeEffect,
  { kind: "check_token" | "check_answer" | "check_refresh" | "check_rotation" | "sign_proof" }
>;

export interface KeyCheckParts {
  readonly sql: SqlStorage;
  readonly origin: string;
  /** The gateway's own key; null where none is configured, and then nobody is let in. */
  readonly identity: EdgeIdentity | null;
}

/** Verifies or signs; null when there is nothing to tell the machine. */
export async function checkKey(parts: KeyCheckParts, effect: KeyEffect): Promise<EdgeInput | null> {
  const { conn } = effect;
  switch (effect.kind) {
    case "check_token":
      return { kind: "token_checked", conn, verdict: await tokenVerdict(parts, effect) };
    case "check_answer": {
      const valid = await verifyEd25519(effect.publicKey, effect.message, effect.signature);
      return { kind: "answer_checked", conn, valid };
    }
    case "check_refresh": {
      const key = findSidecar(parts.sql, effect.sidecarId)?.publicKey ?? "";
      const valid = await verifyEd25519(key, effect.message, effect.signature);
      return { kind: "answer_checked", conn, valid };
    }
    case "check_rotation": {
      const { requestId, publicKey } = effect;
      const valid = await rotationHolds(parts.sql, effect);
      return { kind: "rotation_checked", conn, requestId, publicKey, valid };
    }
    case "sign_proof":
      return parts.identity === null
        ? null
        : { kind: "proof_signed", conn, proof: await parts.identity.sign(effect.message) };
  }
}

async function tokenVerdict(
  { sql, origin, identity }: KeyCheckParts,
  effect: Extract<KeyEffect, { kind: "check_token" }>,
): Promise<TokenVerdict> {
  if (identity === null || !hasTables(sql)) {
    const message = "this sidecar is not paired here";
    return { ok: false, code: "UNAUTHENTICATED", message, verdict: "unauthenticated" };
  }
  const clock = { origin, now: Date.now };
  return checkDeviceToken(sql, DEVICE_TOKEN.open, effect, clock);
}

/** Both keys signed it, the old one still stands, and the new one was never anybody's. */
async function rotationHolds(
  sql: SqlStorage,
  effect: Extract<KeyEffect, { kind: "check_rotation" }>,
): Promise<boolean> {
  const { publicKey, message } = effect;
  const old = findSidecar(sql, effect.sidecarId)?.publicKey ?? "";
  const [byOld, byNew] = await Promise.all([
    verifyEd25519(old, message, effect.oldSignature),
    verifyEd25519(publicKey, message, effect.newSignature),
  ]);
  return (
    byOld &&
    byNew &&
    findSidecar(sql, effect.sidecarId)?.publicKey === old &&
    !isKnownKey(sql, publicKey)
  );
}

/** A paired PC that its owner did not choose is told so, and is given no session. */
export function unlessStandby(sql: SqlStorage, verdict: TokenVerdict): TokenVerdict {
  if (!verdict.ok) return verdict;
  const chosen = chosenSidecar(sql);
  if (chosen === null || chosen.sidecarId === verdict.known.sidecarId) return verdict;
  const message = standbyText(chosen.machine);
  return { ok: false, code: "STANDBY", message, verdict: "unauthenticated" };
}

/** What a PC reads that stands by for the one named `machine`. */
export function standbyText(machine: string): string {
  return `this PC stands by: "${machine.slice(0, 80)}" is the one in use; to switch, run \`${sidecarCommand("use")}\` here, or choose this PC in the console, under Sidecars`;
}
