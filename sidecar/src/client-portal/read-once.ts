import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { type Clock, sleep } from "./clock.ts";
import { LIMITS } from "./limits.ts";
import type { BrokerLogger } from "./logger.ts";
import type { Wire, WireOutcome } from "./paced-wire.ts";
import type { Urgency } from "./pacing/urgency.ts";
import type { Ask, AskOptions } from "./portal-interface.ts";
import { generalFailure, unavailable, unreadable } from "./read-failure.ts";
import { sessionRefusal } from "./session/session-refusal.ts";
import type { Supervisor } from "./session/supervisor.ts";
import { countUnread, type UnreadTally } from "./unreadable-values.ts";

/** An answer as it came, before it is decoded. */
export interface RawAnswer {
  json: unknown;
  empty: boolean;
  /** When the broker gave it, ms. */
  at: number;
  /** When the read began, ms. */
  begunAt: number;
  proved: boolean;
  /** Values that were there and that no reader understood. */
  unread: number;
}

export interface ReadParts {
  wire: Wire;
  supervisor: Supervisor;
  clock: Clock;
  logger: BrokerLogger;
  unread: UnreadTally;
  random(): number;
}

/** One read: paced, and repeated where that is harmless. @throws GatewayError when it failed. */
export async function readOnce<T>(
  parts: ReadParts,
  ask: Ask<T>,
  call: AskOptions,
  urgency: Urgency,
): Promise<RawAnswer> {
  const begunAt = parts.clock.now();
  const outcome = await attempt(parts, ask, call, urgency);
  if (outcome.kind !== "ok" && outcome.kind !== "empty") throw failureOf(parts, ask, outcome);
  const answer: RawAnswer = {
    json: outcome.kind === "ok" ? outcome.json : null,
    empty: outcome.kind === "empty",
    at: parts.clock.now(),
    begunAt,
    proved: true,
    unread: 0,
  };
  // What cannot be read is a failure of this moment; it is not kept for the next.
  answer.unread = countUnread(() => decode(ask, answer)).unread;
  parts.unread.note(ask.name, answer.unread);
  return answer;
}

/** @throws GatewayError when the answer is not what it should be. */
export function decode<T>(ask: Ask<T>, answer: RawAnswer): T {
  if (answer.empty) {
    if (ask.onEmpty === undefined) throw unreadable(ask.name, "empty answer");
    return ask.onEmpty();
  }
  try {
    return ask.decode(answer.json);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw unreadable(ask.name, error instanceof Error ? error.message : "undecodable");
  }
}

async function attempt<T>(
  parts: ReadParts,
  ask: Ask<T>,
  call: AskOptions,
  urgency: Urgency,
): Promise<WireOutcome> {
  const { wire, clock, random } = parts;
  let primed = false;
  for (let tries = 0; ; tries++) {
    const outcome = await wire.call({
      method: ask.method ?? "GET",
      path: ask.path,
      ...(ask.query === undefined ? {} : { query: ask.query }),
      ...(ask.body === undefined ? {} : { body: ask.body }),
      pace: ask.pace ?? "any",
      priority: urgency,
      share: call.share ?? null,
      maxWaitMs: call.maxWaitMs ?? LIMITS.readTimeoutMs,
      ...(ask.timeoutMs === undefined ? {} : { timeoutMs: ask.timeoutMs }),
    });
    if (outcome.kind === "not_primed" && !primed) {
      primed = true;
      await reprime(wire, ask.path, call, urgency);
      continue;
    }
    const again =
      outcome.kind === "unavailable" ||
      (outcome.kind === "refused" && ask.coldStatus?.includes(outcome.status)) ||
      (outcome.kind === "failed" && outcome.error.fault === "reset");
    if (!again || tries >= LIMITS.readRetries) return outcome;
    await sleep(clock, LIMITS.readRetryBaseMs * 2 ** tries * (0.5 + random()));
  }
}

async function reprime(
  wire: Wire,
  path: string,
  call: AskOptions,
  urgency: Urgency,
): Promise<void> {
  const portfolio = path.startsWith("/portfolio") || path.startsWith("/pa/");
  await wire.call({
    method: "GET",
    path: portfolio ? "/portfolio/accounts" : "/iserver/accounts",
    pace: portfolio ? "portfolio_accounts" : "any",
    priority: urgency,
    share: call.share ?? null,
    maxWaitMs: call.maxWaitMs ?? LIMITS.readTimeoutMs,
  });
}

/** The failure for whoever asked; the supervisor learns what it means for the session. */
function failureOf<T>(
  { supervisor, logger, clock }: ReadParts,
  ask: Ask<T>,
  outcome: Exclude<WireOutcome, { kind: "ok" | "empty" }>,
): GatewayError {
  if (outcome.kind === "unauthorized" || outcome.kind === "no_brokerage") {
    supervisor.observe({ kind: "unauthorized", probe: "read" });
  }
  if (outcome.kind === "refused") {
    const particular = ask.onRefused?.(outcome.status, outcome.text);
    if (particular) return particular;
  }
  if (outcome.kind === "failed") {
    logger.warn({ read: ask.name, fault: outcome.error.fault }, "broker read failed");
    if (outcome.error.fault === "dial_refused") supervisor.observe({ kind: "dial_refused" });
    if (outcome.error.fault === "certificate_changed") {
      supervisor.observe({ kind: "certificate_changed" });
      return sessionRefusal(supervisor.session(), clock.now());
    }
    return unavailable(outcome.error.fault);
  }
  return generalFailure(ask.name, outcome);
}
