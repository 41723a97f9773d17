import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { isoTime } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import { inMaintenanceWindow, nextMidnight, type ResetZone } from "./broker-resets.ts";
import { provenMode } from "./mode.ts";
import { hasRival, isEstablished, type SessionState, type SessionStatus } from "./session-state.ts";

export interface Surroundings {
  source: Source;
  /** Whether the peer proved to be a simulator whose markets never close. */
  openAroundTheClock(): boolean;
  resetZone: ResetZone;
  /** Where the owner logs in. */
  loginUrl: string;
  /** How far this PC's clock is from the broker's, ms; null when it is not known. */
  clockSkewMs(): number | null;
}

/** The one word for all that is believed. */
export function stateOf(session: SessionState, now: number, zone: ResetZone): SessionStatus {
  if (session.silentUntil > now) return "penalty_box";
  if (session.certificateChanged || session.denials > 1) return "blocked";
  if (session.gateway === "down") return "gateway_down";
  if (session.faults >= 2) {
    return inMaintenanceWindow(now, zone) ? "maintenance_suspected" : "unknown";
  }
  if (session.sso === "dead") return "login_required";
  if (session.generation !== null) return "ready";
  if (hasRival(session)) return "takeover_required";
  if (isEstablished(session.auth) || session.establishingSince !== null) {
    return openingFor(session, now) < LIMITS.openingPatienceMs ? "initializing" : "degraded";
  }
  if (session.sso !== "alive") return "unknown";
  return session.init.failures > 0 ? "degraded" : "initializing";
}

/** For how long a login has waited for its trading session, ms. */
const openingFor = ({ establishingSince }: SessionState, now: number): number =>
  establishingSince === null ? 0 : now - establishingSince;

/** What may be asked of the broker in a state. */
export function readsIn(session: SessionState, state: SessionStatus): BrokerSession["reads"] {
  if (state === "ready") return "all";
  if (state === "penalty_box") return "cached_only";
  if (state === "blocked" || state === "gateway_down" || state === "login_required") return "none";
  return session.sso === "alive" ? "portfolio_only" : "none";
}

export function describe(session: SessionState, now: number, around: Surroundings): BrokerSession {
  const state = stateOf(session, now, around.resetZone);
  // Around the clock nothing is reset at night, and nobody is warned of it.
  const endsAt = around.openAroundTheClock() ? null : sessionEnd(session, now, around.resetZone);
  const words = WORDS[state];
  return {
    state,
    meaning: meaningOf(session, state, words.meaning),
    mode: provenMode(session),
    generation: session.generation,
    observed_at: session.observedAt === null ? null : isoTime(session.observedAt),
    source: around.source,
    ...(around.openAroundTheClock() ? { simulated_market: "always_open" as const } : {}),
    next_step: nextStep(session, state, waitingWords(session, now, state) ?? words.next, around),
    session_ends_at: endsAt === null ? null : isoTime(endsAt),
    warnings: [...warningsOf(session, state, now, endsAt), ...clockWarning(around.clockSkewMs())],
    reads: readsIn(session, state),
    server_version: session.auth?.serverVersion ?? null,
    silent_until: session.silentUntil > now ? isoTime(session.silentUntil) : null,
  };
}

const WORDS: Record<SessionStatus, { meaning: string; next: string | null }> = {
  unknown: {
    meaning: "The sidecar does not know yet how the broker session stands.",
    next: "Wait a moment. If this lasts for minutes, log in at LOGIN_URL.",
  },
  gateway_down: {
    meaning: "The Client Portal Gateway does not run on this PC.",
    next: "Start the Client Portal Gateway on your PC, then log in at LOGIN_URL.",
  },
  login_required: {
    meaning: "The Client Portal Gateway runs, but nobody is logged in.",
    next: "Log in at LOGIN_URL on the PC that runs the gateway.",
  },
  initializing: {
    meaning: "You are logged in; the broker is still opening the trading session.",
    next: "Wait a moment; this takes up to a minute after a login.",
  },
  ready: { meaning: "The broker session is ready.", next: null },
  degraded: {
    meaning:
      "You are logged in, but the broker does not open the trading session; balances and positions can still be read.",
    next: "Wait for the next try, or log in again at LOGIN_URL.",
  },
  takeover_required: {
    meaning:
      "Another program (TWS, the phone app or the web portal) holds the trading session of this login; balances and positions can still be read.",
    next: `Close the other program, or run \`${sidecarCommand("takeover")}\` on the PC to take the session from it. If no other program is open, the broker wants the takeover anyway; it then does no harm.`,
  },
  blocked: {
    meaning: "The gateway answers everything with an access refusal (403).",
    next: "If nobody is logged in, log in at LOGIN_URL: some builds refuse everything before a login. If you are logged in, check that the gateway's conf.yaml allows 127.0.0.1; the broker's own firewall also answers like this, for some minutes.",
  },
  penalty_box: {
    meaning: "The broker refused us for asking too often; nothing is sent to it for a while.",
    next: "Wait. To close a position before that, use IBKR Mobile or TWS; the owner's own cancel is sent from here all the same. If another program on this PC uses the same broker login, stop it.",
  },
  maintenance_suspected: {
    meaning: "The broker does not answer, as it often does during its nightly maintenance.",
    next: "Wait; it usually ends within two hours.",
  },
};

/** The words for a wait that takes longer than the usual ones say. */
function waitingWords(session: SessionState, now: number, state: SessionStatus): string | null {
  const waitedMs = openingFor(session, now);
  if (waitedMs < LIMITS.establishPatienceMs) return null;
  const minutes = counted(Math.floor(waitedMs / 60_000), "minute");
  if (state === "initializing") {
    return `It has taken ${minutes} now, which is longer than usual. If it lasts, log in again at LOGIN_URL.`;
  }
  return state === "degraded"
    ? `It has waited for ${minutes}. Log in again at LOGIN_URL; if that does not help, restart the Client Portal Gateway and log in once more.`
    : null;
}

function meaningOf(session: SessionState, state: SessionStatus, usual: string): string {
  if (state === "blocked" && session.certificateChanged) {
    return "The gateway shows another certificate than the one this sidecar trusts.";
  }
  if (state === "unknown" && session.faults >= 2) {
    return "The gateway runs, but it gets no answer from the broker.";
  }
  return usual;
}

function nextStep(
  session: SessionState,
  state: SessionStatus,
  usual: string | null,
  around: Surroundings,
): string | null {
  if (state === "blocked" && session.certificateChanged) {
    return `If you changed the gateway's certificate yourself, run \`${sidecarCommand("doctor")}\` on the PC and trust it there; if not, something else answers at its address.`;
  }
  if (state === "unknown" && session.faults >= 2) {
    return "Check the PC's internet connection and the broker's system status page.";
  }
  return usual === null ? null : usual.replace("LOGIN_URL", around.loginUrl);
}

/** The nightly reset, or the 24 hours a login lasts, whichever is first. An expectation, not a promise. */
function sessionEnd(session: SessionState, now: number, zone: ResetZone): number | null {
  if (session.sso !== "alive") return null;
  const midnight = nextMidnight(now, zone);
  const dayAfterLogin =
    session.ssoAuthenticatedAt === null ? midnight : session.ssoAuthenticatedAt + 86_400_000;
  return dayAfterLogin > now ? Math.min(midnight, dayAfterLogin) : midnight;
}

function clockWarning(skewMs: number | null): BrokerSession["warnings"] {
  if (skewMs === null || Math.abs(skewMs) < LIMITS.clockSkewWarnMs) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return [
    {
      code: "clock_skew",
      message: `This PC's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the broker's; switch on automatic time.`,
      at: null,
    },
  ];
}

function warningsOf(
  session: SessionState,
  state: SessionStatus,
  now: number,
  endsAt: number | null,
): BrokerSession["warnings"] {
  const warnings: BrokerSession["warnings"] = [];
  if (endsAt !== null && endsAt - now <= LIMITS.endWarningMs) {
    warnings.push({
      code: "session_ends_soon",
      message:
        "The broker ends this session at its nightly reset; a new login is needed afterwards.",
      at: isoTime(endsAt),
    });
  }
  if (state === "takeover_required") {
    warnings.push({ code: "rival_session", message: WORDS.takeover_required.meaning, at: null });
  }
  if (state === "penalty_box") {
    warnings.push({
      code: "penalty_box",
      message: WORDS.penalty_box.meaning,
      at: isoTime(session.silentUntil),
    });
  }
  if (session.certificateChanged) {
    warnings.push({
      code: "certificate_changed",
      message: "The gateway's certificate is not the trusted one; nothing is sent to it.",
      at: null,
    });
  }
  if (state === "maintenance_suspected") {
    warnings.push({
      code: "maintenance_window",
      message: "The broker is in its usual maintenance window.",
      at: null,
    });
  }
  return warnings;
}
