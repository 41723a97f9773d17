import { setTimeout as sleep } from "node:timers/promises";
import {
  PairingOffer,
  PairingPoll,
  type PairingRequest,
} from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { isAllowedAddress } from "../config/gateway-url.ts";
import type { Pairing } from "../config/pairing-file.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const BODY_MAX_CHARS = 16 * 1024;
/** Polls that may fail in a row before the gateway counts as gone. */
const POLL_FAILURES_MAX = 15;

/** Asks the gateway for a code. */
export async function askForCode(origin: string, request: PairingRequest): Promise<PairingOffer> {
  const response = await ask(origin, {
    method: "POST",
    body: JSON.stringify(request),
    headers: { "Content-Type": "application/json" },
  });
  if (response.status === 429) {
    throw new Error("the gateway says: too many requests; wait a minute and try again");
  }
  const offer = PairingOffer.safeParse(response.body);
  if (response.status === 201 && offer.success) return offer.data;
  throw new Error(
    `${origin} did not answer like an ibkr-edge-gateway (HTTP ${response.status}); is the address right?`,
  );
}

type Confirmed = Extract<PairingPoll, { state: "confirmed" }>;
export type Collected = Confirmed | { state: "expired" | "revoked" | "given_up" };

/** Polls until the owner has decided, the code has expired, or the signal says to stop. */
export async function collect(
  origin: string,
  offer: PairingOffer,
  signal: AbortSignal,
): Promise<Collected> {
  let failures = 0;
  while (!signal.aborted) {
    await sleep(offer.poll_interval_ms, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const poll = await poll1(origin, offer);
    if (poll === null) {
      failures += 1;
      if (failures > POLL_FAILURES_MAX) throw new Error("the gateway stopped answering");
      continue;
    }
    failures = 0;
    if (poll.state !== "pending") return poll;
  }
  return { state: "given_up" };
}

async function poll1(origin: string, offer: PairingOffer): Promise<PairingPoll | null> {
  try {
    const response = await ask(origin, { method: "GET", headers: bearer(offer) });
    const poll = PairingPoll.safeParse(response.body);
    return response.status === 200 && poll.success ? poll.data : null;
  } catch {
    return null;
  }
}

/**
 * Tells the gateway that this PC does not want the pairing: a code that waits ends, and one that was
 * confirmed is undone. A failure changes nothing here; the owner can revoke it in the console.
 */
export async function giveUpPairing(origin: string, offer: PairingOffer): Promise<void> {
  await ask(origin, { method: "DELETE", headers: bearer(offer) }).catch(() => undefined);
}

/**
 * What is kept of a confirmed pairing. The gateway's own name for itself is what its tokens and
 * signatures are about, so it is taken from the answer, but it must be the place that was typed.
 */
export function pairingOf(origin: string, offer: PairingOffer, answer: Confirmed): Pairing {
  const typed = new URL(origin);
  const relay = new URL(answer.relay_url);
  const same = relay.host === typed.host || (isLoopback(relay) && isLoopback(typed));
  if (!same || !isAllowedAddress(answer.relay_url, ["wss:", "ws:"])) {
    throw new Error(`the gateway calls itself ${relay.host}, which is not the address you typed`);
  }
  const scheme = relay.protocol === "wss:" ? "https:" : "http:";
  return {
    gateway_origin: `${scheme}//${relay.host}`,
    relay_url: answer.relay_url,
    account_id: answer.account_id,
    sidecar_id: answer.sidecar_id,
    edge_identity_key: offer.edge_identity_key,
    capabilities: answer.capabilities,
    paired_at: new Date().toISOString(),
  };
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

function bearer(offer: PairingOffer): Record<string, string> {
  return { Authorization: `Bearer ${offer.poll_token}` };
}

async function ask(origin: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  let response: Response;
  try {
    response = await fetch(`${origin}/pairing`, {
      ...init,
      redirect: "error",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch {
    throw new Error(`${origin} could not be reached`);
  }
  const text = (await response.text()).slice(0, BODY_MAX_CHARS);
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: null };
  }
}
