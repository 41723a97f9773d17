import { LIMITS } from "../limits.ts";
import { hasRival, isEstablished, type Probe, type SessionState } from "./session-state.ts";

/** What to ask next, and not before when (ms since the epoch). */
export interface PlannedProbe {
  probe: Probe;
  at: number;
}

const MAX_TAKEOVER_TRIES = 3;
const MIN_GAP_MS = 1_000;
const PRIME_RETRY_MS = 3_000;
const PRIME_RETRY_SLOW_MS = 30_000;
const REVALIDATE_MS = 30 * 60_000;

/**
 * The table of what each combination means, as the next question. It never asks for the session
 * politely more often than the budget allows, and never impolitely without the owner's act.
 */
export function nextProbe(session: SessionState, now: number): PlannedProbe {
  const step = undisturbed(session, now);
  const last = session.probedAt[step.probe];
  // Whatever went wrong, the same question is never asked twice in one breath.
  const at = last === undefined ? step.at : Math.max(step.at, last + MIN_GAP_MS);
  return { ...step, at: Math.max(at, session.silentUntil) };
}

function undisturbed(session: SessionState, now: number): PlannedProbe {
  const since = (probe: Probe, everyMs: number): PlannedProbe => {
    const last = session.probedAt[probe];
    return { probe, at: last === undefined ? now : Math.max(now, last + everyMs) };
  };

  if (session.certificateChanged) return since("status", LIMITS.loginPollMs);
  if (session.denials > 1) return since("status", LIMITS.blockedPollMs);
  if (session.denials === 1) return since("status", LIMITS.gatewayDownPollMs);
  if (session.gateway === "down") return since("status", LIMITS.gatewayDownPollMs);
  if (session.gateway === "unknown") return since("status", LIMITS.gatewayDownPollMs);
  if (session.faults >= 2) return since("status", LIMITS.maintenancePollMs);
  if (session.faults === 1) return since("status", LIMITS.gatewayDownPollMs);
  if (session.sso === "dead") return since("status", LIMITS.loginPollMs);

  if (session.unauthorized > 0) {
    // One 401: the validator knows best; where it may not be asked yet, a second look will do.
    const validate = since("validate", LIMITS.ssoValidateEveryMs);
    return validate.at <= now ? validate : since("status", LIMITS.establishPollMs);
  }
  if (session.doubt || session.auth === null) return since("status", LIMITS.establishPollMs);

  if (session.auth.authenticated === true && session.auth.competing !== true) {
    if (!isEstablished(session.auth)) {
      const waiting = now - (session.establishingSince ?? now);
      const patient = waiting <= LIMITS.establishPatienceMs;
      return since("status", patient ? LIMITS.establishPollMs : LIMITS.loginPollMs);
    }
    const validate = since("validate", LIMITS.ssoValidateEveryMs);
    if (!session.validated && validate.at <= now) return validate;
    if (session.generation === null) {
      // Who is logged in belongs to the generation, so it is asked before the prime.
      const tickle = since("tickle", LIMITS.tickleEveryMs);
      if (session.identity === null && tickle.at <= now) return tickle;
      if (session.primeFailures === 0) return { probe: "prime", at: now };
      return since("prime", session.primeFailures <= 5 ? PRIME_RETRY_MS : PRIME_RETRY_SLOW_MS);
    }
    const tickle = since("tickle", LIMITS.tickleEveryMs);
    const again = since("validate", session.validated ? REVALIDATE_MS : LIMITS.ssoValidateEveryMs);
    return again.at < tickle.at ? again : tickle;
  }

  if (session.takeoverUntil > now && session.takeoverTries < MAX_TAKEOVER_TRIES) {
    return since("takeover", LIMITS.establishPollMs);
  }
  const keepAlive = since("tickle", LIMITS.idleTickleEveryMs);
  if (hasRival(session)) return keepAlive;
  if (session.sso === "unknown") {
    const validate = since("validate", LIMITS.ssoValidateEveryMs);
    return validate.at <= keepAlive.at ? validate : keepAlive;
  }
  // A fresh session may deny itself once: tickle, look again, and only then ask for it.
  if (session.unauthenticated < 2) return since("status", LIMITS.establishPollMs);
  const init = { probe: "init" as const, at: Math.max(now, session.init.nextAt) };
  return init.at <= keepAlive.at ? init : keepAlive;
}
