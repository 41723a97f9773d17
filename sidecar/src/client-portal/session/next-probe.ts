import { LIMITS } from "../limits.ts";
import { type Belief, hasRival, isEstablished, type Probe } from "./state.ts";

/** What to ask next, and not before when (ms since the epoch). */
export interface Step {
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
export function decide(belief: Belief, now: number): Step {
  const step = undisturbed(belief, now);
  const last = belief.probedAt[step.probe];
  // Whatever went wrong, the same question is never asked twice in one breath.
  const at = last === undefined ? step.at : Math.max(step.at, last + MIN_GAP_MS);
  return { ...step, at: Math.max(at, belief.silentUntil) };
}

function undisturbed(belief: Belief, now: number): Step {
  const since = (probe: Probe, everyMs: number): Step => {
    const last = belief.probedAt[probe];
    return { probe, at: last === undefined ? now : Math.max(now, last + everyMs) };
  };

  if (belief.certificateChanged) return since("status", LIMITS.loginPollMs);
  if (belief.accessDenied) return since("status", LIMITS.blockedPollMs);
  if (belief.gateway === "down") return since("status", LIMITS.gatewayDownPollMs);
  if (belief.gateway === "unknown") return since("status", LIMITS.gatewayDownPollMs);
  if (belief.faults >= 2) return since("status", LIMITS.maintenancePollMs);
  if (belief.faults === 1) return since("status", LIMITS.gatewayDownPollMs);
  if (belief.sso === "dead") return since("status", LIMITS.loginPollMs);

  if (belief.unauthorized > 0) {
    // One 401: the validator knows best; where it may not be asked yet, a second look will do.
    const validate = since("validate", LIMITS.ssoValidateEveryMs);
    return validate.at <= now ? validate : since("status", LIMITS.establishPollMs);
  }
  if (belief.doubt || belief.auth === null) return since("status", LIMITS.establishPollMs);

  if (belief.auth.authenticated === true && belief.auth.competing !== true) {
    if (!isEstablished(belief.auth)) {
      const waiting = now - (belief.establishingSince ?? now);
      const patient = waiting <= LIMITS.establishPatienceMs;
      return since("status", patient ? LIMITS.establishPollMs : LIMITS.loginPollMs);
    }
    const validate = since("validate", LIMITS.ssoValidateEveryMs);
    if (!belief.validated && validate.at <= now) return validate;
    if (belief.generation === null) {
      // Who is logged in belongs to the generation, so it is asked before the prime.
      const tickle = since("tickle", LIMITS.tickleEveryMs);
      if (belief.identity === null && tickle.at <= now) return tickle;
      if (belief.primeFailures === 0) return { probe: "prime", at: now };
      return since("prime", belief.primeFailures <= 5 ? PRIME_RETRY_MS : PRIME_RETRY_SLOW_MS);
    }
    const tickle = since("tickle", LIMITS.tickleEveryMs);
    const again = since("validate", belief.validated ? REVALIDATE_MS : LIMITS.ssoValidateEveryMs);
    return again.at < tickle.at ? again : tickle;
  }

  if (belief.takeoverUntil > now && belief.takeoverTries < MAX_TAKEOVER_TRIES) {
    return since("takeover", LIMITS.establishPollMs);
  }
  const keepAlive = since("tickle", LIMITS.idleTickleEveryMs);
  if (hasRival(belief)) return keepAlive;
  if (belief.sso === "unknown") {
    const validate = since("validate", LIMITS.ssoValidateEveryMs);
    return validate.at <= keepAlive.at ? validate : keepAlive;
  }
  // A fresh session may deny itself once: tickle, look again, and only then ask for it.
  if (belief.unauthenticated < 2) return since("status", LIMITS.establishPollMs);
  const init = { probe: "init" as const, at: Math.max(now, belief.init.nextAt) };
  return init.at <= keepAlive.at ? init : keepAlive;
}
