import { createHash, randomBytes } from "node:crypto";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Clock } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import type { Wire, WireOutcome } from "../paced-wire.ts";
import type { PaceName } from "../pacing/rate-windows.ts";
import { readAuthStatus, readPrime, readSso, readTickle } from "./read-auth.ts";
import type { Observation, Probe } from "./session-state.ts";

const PROBES: Record<
  Exclude<Probe, "prime">,
  { method: "GET" | "POST"; path: string; pace: PaceName; body?: unknown; timeoutMs?: number }
> = {
  status: { method: "POST", path: "/iserver/auth/status", pace: "any" },
  tickle: { method: "POST", path: "/tickle", pace: "tickle" },
  validate: { method: "GET", path: "/sso/validate", pace: "sso_validate" },
  init: {
    method: "POST",
    path: "/iserver/auth/ssodh/init",
    pace: "any",
    body: { publish: true, compete: false },
    timeoutMs: LIMITS.loginTimeoutMs,
  },
  takeover: {
    method: "POST",
    path: "/iserver/auth/ssodh/init",
    pace: "any",
    body: { publish: true, compete: true },
    timeoutMs: LIMITS.loginTimeoutMs,
  },
};

const MAX_WAIT_MS = 10_000;

/** Asks the broker one probe at a time, and says what the answer means. */
export interface Prober {
  /** Rejects only with what no answer of the broker's explains. */
  ask(probe: Probe): Promise<Observation>;
  /** The WebSocket's credential, from the last tickle; null while there is none. */
  credential(): string | null;
}

export function createProber(options: {
  wire: Wire;
  clock: Clock;
  /** The reads that make a generation usable, besides `/iserver/accounts`. */
  warm(): Promise<boolean>;
  signal: AbortSignal;
}): Prober {
  const { wire, signal } = options;
  const identityOf = createIdentityMark();
  let credential: string | null = null;

  const send = async (probe: Probe): Promise<Observation> => {
    const { priority, ...request } =
      probe === "prime" ? PRIME : { ...PROBES[probe], priority: "keepalive" as const };
    const outcome = await wire.call({ ...request, priority, maxWaitMs: MAX_WAIT_MS, signal });
    if (outcome.kind !== "ok") return meaningOf(probe, outcome, options.clock.now());
    if (probe === "prime") return primed(outcome.json, options.warm);
    if (probe !== "tickle") return readAnswer(probe, outcome.json);
    const facts = readTickle(outcome.json);
    if (facts === null) return { kind: "unavailable", probe };
    credential = facts.session;
    const identity = identityOf(facts.session, facts.userId);
    return { kind: "auth", probe, auth: facts.auth, identity };
  };

  return {
    credential: () => credential,
    async ask(probe) {
      try {
        return await send(probe);
      } catch (error) {
        if (error instanceof GatewayError) return { kind: "not_asked", probe };
        throw error;
      }
    },
  };
}

/** `/iserver/accounts` first; everything else of the broker refuses to answer before it. */
const PRIME = {
  method: "GET",
  path: "/iserver/accounts",
  pace: "any",
  priority: "reconcile",
} as const;

async function primed(json: unknown, warm: () => Promise<boolean>): Promise<Observation> {
  const facts = readPrime(json);
  const usable = facts !== null && facts.accounts.length > 0 && (await warm());
  return usable ? { kind: "primed", facts } : { kind: "unavailable", probe: "prime" };
}

function readAnswer(probe: Exclude<Probe, "prime" | "tickle">, json: unknown): Observation {
  if (probe === "validate") {
    const sso = readSso(json);
    return sso === null ? { kind: "unavailable", probe } : { kind: "sso", sso };
  }
  const auth = readAuthStatus(json);
  return auth === null
    ? { kind: "unavailable", probe }
    : { kind: "auth", probe, auth, identity: null };
}

function meaningOf(
  probe: Probe,
  outcome: Exclude<WireOutcome, { kind: "ok" }>,
  nowMs: number,
): Observation {
  switch (outcome.kind) {
    case "failed":
      if (outcome.error.fault === "dial_refused") return { kind: "dial_refused" };
      if (outcome.error.fault === "certificate_changed") return { kind: "certificate_changed" };
      return { kind: "unavailable", probe };
    case "denied":
      return { kind: "access_denied" };
    case "rate_limited":
      return { kind: "rate_limited", until: nowMs + LIMITS.penaltyMs };
    case "unauthorized":
      return { kind: "unauthorized", probe };
    case "no_brokerage":
      return { kind: "auth", probe, auth: NO_BROKERAGE, identity: null };
    default:
      return { kind: "unavailable", probe };
  }
}

const NO_BROKERAGE = {
  authenticated: false,
  established: null,
  connected: null,
  competing: null,
  fail: "",
  serverVersion: null,
} as const;

/** A one-way mark of who is logged in, under a salt of this run. */
function createIdentityMark(): (session: string | null, userId: string | null) => string | null {
  const salt = randomBytes(16);
  return (session, userId) =>
    session === null
      ? null
      : createHash("sha256")
          .update(salt)
          .update(`${session}\n${userId ?? ""}`)
          .digest("base64url");
}
