import { randomBytes } from "node:crypto";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type * as z from "zod";
import { isUnfenced, UNFENCED } from "../backup/restored-marker.ts";
import { loadPairing, type Pairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { type DeviceClaims, type DeviceKey, loadDeviceKey } from "../trust/pc-keys/device-key.ts";

const TIMEOUT_MS = 10_000;

/** The gateway asks to come back after so many seconds. */
export class TooManyRequests extends Error {
  override readonly name = "TooManyRequests";
  readonly seconds: number;

  constructor(seconds: number) {
    super("too many requests; wait a minute and try again");
    this.seconds = seconds;
  }
}

/** The gateway does not know this PC, or not any more. */
export class NotKnownThere extends Error {
  override readonly name = "NotKnownThere";

  constructor() {
    super("the gateway does not know this PC; its pairing may have been revoked");
  }
}

/** @throws UsageError when this PC is not paired, or came out of a backup and is not the only one yet. */
export function pairedPc(configDir: string): { pairing: Pairing; key: DeviceKey } {
  if (isUnfenced(configDir)) throw new UsageError(UNFENCED);
  const pairing = loadPairing(configDir);
  const key = loadDeviceKey(configDir);
  if (pairing === null || key === null) {
    throw new UsageError(`this PC is not paired; run: ${sidecarCommand("pair")}`);
  }
  return { pairing, key };
}

/** What a single-use token of this PC says, now. */
export const claimsOf = ({ gateway_origin, sidecar_id }: Pairing): DeviceClaims => ({
  audience: gateway_origin,
  subject: sidecar_id,
  nowMs: Date.now(),
  jti: randomBytes(16).toString("base64url"),
});

/**
 * Posts what this PC signed to its gateway. The errors are sentences for whoever typed the command.
 * @throws Error when the gateway cannot be reached, does not know this PC, or answers anything else.
 */
export async function askGateway<Answer extends z.ZodType>(
  url: { origin: string; path: string },
  request: object,
  expected: {
    statuses: readonly number[];
    answer: Answer;
    /** What another status means, by its number. */
    says?: Readonly<Record<number, string>>;
  },
): Promise<z.output<Answer>> {
  let response: Response;
  try {
    response = await fetch(`${url.origin}${url.path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Error(`${url.origin} could not be reached`);
  }
  if (response.status === 401) throw new NotKnownThere();
  if (response.status === 429) {
    const seconds = Number(response.headers.get("Retry-After"));
    throw new TooManyRequests(seconds >= 1 && seconds <= 600 ? Math.ceil(seconds) : 60);
  }
  const meant = expected.says?.[response.status];
  if (meant !== undefined) throw new Error(meant);
  const answer = expected.answer.safeParse(await response.json().catch(() => null));
  if (expected.statuses.includes(response.status) && answer.success) return answer.data;
  throw new Error(`the gateway answered HTTP ${response.status}`);
}
