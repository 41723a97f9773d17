import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";

/**
 * What is known of the broker session, and what can change it. Plain data: `reduce` turns a state and
 * an observation into the next state, `nextProbe` says what to ask next, `describe` says it in words.
 * None of them touches the network or the clock.
 *
 * Two sessions are layered: single sign-on (SSO), which the owner opens in the browser and which is
 * enough for the portfolio service, and on top of it the brokerage session, of which a username has
 * one at a time anywhere.
 */
export type SessionStatus = BrokerSession["state"];
export type TradingMode = BrokerSession["mode"];

/** The gateway's own words about the brokerage session; null where it did not say. */
export interface AuthStatus {
  authenticated: boolean | null;
  established: boolean | null;
  connected: boolean | null;
  competing: boolean | null;
  /** The reason of a refused init; "" when there is none. */
  fail: string;
  serverVersion: string | null;
}

export interface SsoFacts {
  alive: boolean;
  /** 1 live, 2 paper, as the login page was clicked. */
  loginType: 1 | 2 | null;
  /** When the login happened, ms. */
  authenticatedAt: number | null;
}

/** From `/iserver/accounts`, once the generation is primed. */
export interface PrimeFacts {
  accounts: readonly string[];
  isPaper: boolean | null;
}

export type Probe = "status" | "tickle" | "validate" | "init" | "takeover" | "prime";

export type Observation =
  | { kind: "dial_refused" }
  | { kind: "certificate_changed" }
  /** 403 with a page instead of JSON: the gateway's address list, or the broker's firewall. */
  | { kind: "access_denied" }
  | { kind: "rate_limited"; until: number }
  /** The pacer had no room for this probe; nothing was learned. */
  | { kind: "not_asked"; probe: Probe }
  /** 5xx, timeout, reset or unreadable: proves nothing about the session. */
  | { kind: "unavailable"; probe: Probe | "read" }
  | { kind: "unauthorized"; probe: Probe | "read" }
  | { kind: "auth"; probe: Probe; auth: AuthStatus | null; identity: string | null }
  | { kind: "sso"; sso: SsoFacts }
  | { kind: "primed"; facts: PrimeFacts }
  /** The stream said the session is gone; the next look by HTTP decides. */
  | { kind: "stream_doubt" }
  /** The PC slept: nothing believed before it holds. */
  | { kind: "woke" }
  /** The owner's act: the session may be taken from TWS or the phone until then. */
  | { kind: "takeover_allowed"; until: number };

export interface InitBudget {
  /** Consecutive inits that did not lead to a lasting session. */
  failures: number;
  /** No init before this time. */
  nextAt: number;
}

export interface SessionState {
  gateway: "unknown" | "down" | "up";
  certificateChanged: boolean;
  /** Consecutive answers that were a 403 page. */
  denials: number;
  silentUntil: number;
  /** Consecutive probes that proved nothing. */
  faults: number;

  sso: "unknown" | "alive" | "dead";
  /** Consecutive 401 on probes since the last good answer. */
  unauthorized: number;
  loginType: 1 | 2 | null;
  ssoAuthenticatedAt: number | null;
  /** `/sso/validate` answered something since this identity appeared. */
  validated: boolean;

  auth: AuthStatus | null;
  /** Consecutive answers that said "not authenticated". */
  unauthenticated: number;
  /** Something casts doubt on the session; ask before trusting it further. */
  doubt: boolean;
  /** A one-way mark of who is logged in; it changes when the owner logs in as somebody else. */
  identity: string | null;

  /** A polite init was refused because somebody else holds the session. */
  refusedByRival: boolean;
  takeoverUntil: number;
  takeoverTries: number;
  init: InitBudget;
  /** Since when a login waits for its trading session to open; null when none does. */
  establishingSince: number | null;

  /** The last generation that was minted, over all runs of this sidecar. */
  lastGeneration: number;
  /** The current one; null while the session is not ready. */
  generation: number | null;
  readySince: number | null;
  primeFailures: number;
  accounts: readonly string[];
  isPaper: boolean | null;

  /** When each probe was last made, ms. */
  probedAt: Partial<Record<Probe, number>>;
  observedAt: number | null;
}

export function initialSession(kept: { lastGeneration: number; init: InitBudget }): SessionState {
  return {
    gateway: "unknown",
    certificateChanged: false,
    denials: 0,
    silentUntil: 0,
    faults: 0,
    sso: "unknown",
    unauthorized: 0,
    loginType: null,
    ssoAuthenticatedAt: null,
    validated: false,
    auth: null,
    unauthenticated: 0,
    doubt: false,
    identity: null,
    refusedByRival: false,
    takeoverUntil: 0,
    takeoverTries: 0,
    init: kept.init,
    establishingSince: null,
    lastGeneration: kept.lastGeneration,
    generation: null,
    readySince: null,
    primeFailures: 0,
    accounts: [],
    isPaper: null,
    probedAt: {},
    observedAt: null,
  };
}

/** The gateway says the brokerage session can be used; where it does not say `established`, the prime decides. */
export function isEstablished(auth: AuthStatus | null): boolean {
  return (
    auth !== null &&
    auth.authenticated === true &&
    // Older builds do not say this one: they are judged by what they do say.
    auth.established !== false &&
    auth.connected === true &&
    auth.competing !== true &&
    auth.fail === ""
  );
}

export function hasRival(session: SessionState): boolean {
  return session.auth?.competing === true || session.refusedByRival;
}
