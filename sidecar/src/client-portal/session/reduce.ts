import { LIMITS } from "../limits.ts";
import type { AuthStatus, Observation, Probe, SessionState } from "./session-state.ts";
import { isEstablished } from "./session-state.ts";

/** The broker's words for "somebody else has it and you were too polite to take it". */
const RIVAL = /compete/i;

/**
 * The next session. A generation ends the moment anything contradicts it; it begins again only by a
 * complete prime, under a new number. One failed probe proves nothing (about one tickle in fourteen
 * fails in the field), so a fault alone never ends it.
 */
export function reduce(before: SessionState, seen: Observation, now: number): SessionState {
  const session = { ...before, observedAt: now };
  switch (seen.kind) {
    case "not_asked":
      return { ...before, probedAt: { ...before.probedAt, [seen.probe]: now } };
    case "dial_refused":
      return { ...loggedOut(session), gateway: "down", sso: "unknown", faults: session.faults + 1 };
    case "certificate_changed":
      return { ...endGeneration(session), certificateChanged: true };
    case "access_denied":
      return { ...session, gateway: "up", denials: session.denials + 1 };
    case "rate_limited":
      return { ...session, gateway: "up", silentUntil: Math.max(session.silentUntil, seen.until) };
    case "woke":
      return { ...endGeneration(session), auth: null, sso: "unknown", doubt: true, probedAt: {} };
    case "takeover_allowed":
      return { ...session, takeoverUntil: seen.until, takeoverTries: 0 };
    case "stream_doubt":
      return session.generation === null ? before : { ...session, doubt: true };
    case "unavailable":
      return unavailable(before, session, seen.probe, now);
    case "unauthorized":
      return unauthorized(session, seen.probe, now);
    case "auth":
      return authSeen(reached(session), seen, now);
    case "sso":
      return ssoSeen(reached(session), seen.sso);
    case "primed":
      return primed(reached(session), seen.facts.accounts, seen.facts.isPaper, now);
  }
}

/** The gateway answered sensibly. */
function reached(session: SessionState): SessionState {
  return {
    ...session,
    gateway: "up",
    certificateChanged: false,
    denials: 0,
    faults: 0,
  };
}

function endGeneration(session: SessionState): SessionState {
  return { ...session, generation: null, readySince: null, primeFailures: 0 };
}

function loggedOut(session: SessionState): SessionState {
  return {
    ...endGeneration(session),
    auth: null,
    unauthenticated: 0,
    doubt: false,
    identity: null,
    loginType: null,
    ssoAuthenticatedAt: null,
    validated: false,
    establishingSince: null,
    accounts: [],
    isPaper: null,
  };
}

function unavailable(
  before: SessionState,
  session: SessionState,
  probe: Probe | "read",
  now: number,
): SessionState {
  // A read that failed says nothing about the session that the read's own caller does not hear.
  if (probe === "read") return before;
  const reachedOnce: SessionState = { ...session, gateway: "up", faults: session.faults + 1 };
  if (probe === "init" || probe === "takeover") return initFailed(reachedOnce, probe, now);
  if (probe === "prime") return { ...reachedOnce, primeFailures: session.primeFailures + 1 };
  // The mode may be judged without it: the other facts must then agree on their own.
  if (probe === "validate" && isEstablished(session.auth)) {
    return { ...session, validated: true };
  }
  return reachedOnce;
}

function unauthorized(session: SessionState, probe: Probe | "read", now: number): SessionState {
  // 401 also stands for an unknown account; a look at the session itself decides.
  if (probe === "read") return session.generation === null ? session : { ...session, doubt: true };
  const up = reached(session);
  if (probe === "prime") return { ...endGeneration(up), auth: null, doubt: true };
  if (probe === "init" || probe === "takeover") {
    const failed = initFailed(up, probe, now);
    return { ...failed, auth: null, doubt: true, unauthorized: session.unauthorized + 1 };
  }
  const times = session.unauthorized + 1;
  // One 401 may be a fault of the moment, also the validator's; a second in a row is none.
  if (times >= 2) return { ...loggedOut(up), sso: "dead", unauthorized: times };
  return {
    ...up,
    unauthorized: times,
    doubt: true,
    sso: session.sso === "dead" ? "dead" : "unknown",
  };
}

function authSeen(
  session: SessionState,
  seen: { probe: Probe; auth: AuthStatus | null; identity: string | null },
  now: number,
): SessionState {
  let next: SessionState = { ...session, unauthorized: 0 };
  if (session.sso === "dead") {
    // Somebody logged in again: a fresh chance, with a fresh budget.
    next = {
      ...loggedOut(next),
      sso: "unknown",
      init: { failures: 0, nextAt: 0 },
      refusedByRival: false,
    };
  }
  if (seen.identity !== null && session.identity !== null && seen.identity !== session.identity) {
    next = { ...loggedOut(next), sso: "unknown" };
  }
  if (seen.identity !== null) {
    // A tickle that names a session was answered by a living single sign-on.
    next = { ...next, identity: seen.identity, sso: "alive" };
  }
  // A tickle without a word about the session: ask the session itself.
  if (seen.auth === null) return { ...next, doubt: true };

  // A build that says `established` in one answer and leaves it out of another has not taken it back.
  // The question that is asked until it opens speaks for itself: else a build whose status leaves it out
  // would wait for a word that never comes.
  const kept = seen.probe === "status" ? null : session.auth?.established;
  const auth: AuthStatus = { ...seen.auth, established: seen.auth.established ?? kept ?? null };
  next = { ...next, auth, doubt: false };
  if (seen.probe === "init" || seen.probe === "takeover") {
    if (auth.authenticated !== true) {
      return initFailed(
        { ...next, refusedByRival: next.refusedByRival || RIVAL.test(auth.fail) },
        seen.probe,
        now,
      );
    }
  }
  if (auth.authenticated === true) {
    next = { ...next, sso: "alive", unauthenticated: 0, refusedByRival: false };
    if (!isEstablished(auth)) {
      const ended = endGeneration(next);
      return { ...ended, establishingSince: next.establishingSince ?? now };
    }
    const waiting = next.generation === null ? (next.establishingSince ?? now) : null;
    const lasted = next.readySince !== null && now - next.readySince >= LIMITS.initBudgetResetMs;
    return {
      ...next,
      establishingSince: waiting,
      init: lasted && next.init.failures > 0 ? { failures: 0, nextAt: 0 } : next.init,
    };
  }
  // A rival that was seen and is gone leaves the way free for one polite try.
  const left = session.auth?.competing === true && auth.competing === false;
  const refusedByRival = (next.refusedByRival && !left) || RIVAL.test(auth.fail);
  return {
    ...endGeneration(next),
    // Nobody can be a rival to somebody who is not logged in.
    sso: auth.competing === true || refusedByRival ? "alive" : next.sso,
    unauthenticated: next.unauthenticated + 1,
    establishingSince: null,
    refusedByRival,
  };
}

function initFailed(session: SessionState, probe: "init" | "takeover", now: number): SessionState {
  const failures = session.init.failures + 1;
  const wait = Math.min(LIMITS.initBackoffFirstMs * 2 ** (failures - 1), LIMITS.initBackoffLastMs);
  return {
    ...endGeneration(session),
    // The reason of a refusal stands in the next status, not in the refusal.
    doubt: true,
    init: { failures, nextAt: now + wait },
    takeoverTries: probe === "takeover" ? session.takeoverTries + 1 : session.takeoverTries,
    establishingSince: null,
  };
}

function ssoSeen(
  session: SessionState,
  sso: { alive: boolean; loginType: 1 | 2 | null; authenticatedAt: number | null },
): SessionState {
  if (!sso.alive) return { ...loggedOut(session), sso: "dead" };
  const switched =
    session.loginType !== null && sso.loginType !== null && session.loginType !== sso.loginType;
  const next = switched ? endGeneration(session) : session;
  return {
    ...next,
    sso: "alive",
    unauthorized: 0,
    validated: true,
    loginType: sso.loginType,
    ssoAuthenticatedAt: sso.authenticatedAt ?? session.ssoAuthenticatedAt,
  };
}

function primed(
  session: SessionState,
  accounts: readonly string[],
  isPaper: boolean | null,
  now: number,
): SessionState {
  // The session may have been lost while the prime was under way.
  if (!isEstablished(session.auth) || session.doubt) return session;
  if (accounts.length === 0) return { ...session, primeFailures: session.primeFailures + 1 };
  const generation = session.lastGeneration + 1;
  return {
    ...session,
    lastGeneration: generation,
    generation,
    readySince: now,
    establishingSince: null,
    primeFailures: 0,
    takeoverUntil: 0,
    accounts,
    isPaper,
  };
}
