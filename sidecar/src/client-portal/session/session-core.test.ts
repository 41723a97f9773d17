import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../limits.ts";
import { describe as describe_, readsIn, stateOf } from "./describe-session.ts";
import { provenMode } from "./mode.ts";
import { nextProbe } from "./next-probe.ts";
import { reduce } from "./reduce.ts";
import {
  type AuthStatus,
  initialSession,
  type Observation,
  type Probe,
  type SessionState,
} from "./session-state.ts";

const NOW = Date.UTC(2026, 3, 1, 14, 0);
const ZONE = "America/New_York";

const fresh = (): SessionState =>
  initialSession({ lastGeneration: 0, init: { failures: 0, nextAt: 0 } });

const auth = (more: Partial<AuthStatus> = {}): AuthStatus => ({
  authenticated: true,
  established: true,
  connected: true,
  competing: false,
  fail: "",
  serverVersion: null,
  ...more,
});

const status = (more: Partial<AuthStatus> = {}): Observation => ({
  kind: "auth",
  probe: "status",
  auth: auth(more),
  identity: null,
});
const tickle = (identity: string, more: Partial<AuthStatus> = {}): Observation => ({
  kind: "auth",
  probe: "tickle",
  auth: auth(more),
  identity,
});
const sso: Observation = {
  kind: "sso",
  sso: { alive: true, loginType: 2, authenticatedAt: NOW - 1_000 },
};
const primed = (accounts = ["DU1234567"], isPaper: boolean | null = true): Observation => ({
  kind: "primed",
  facts: { accounts, isPaper },
});
const after = (...seen: Observation[]): SessionState =>
  seen.reduce((session, one) => reduce(session, one, NOW), fresh());

const ready = (): SessionState => after(status(), sso, tickle("a"), primed());

describe("the table of what each combination means", () => {
  it.each<[string, Observation[], string, string]>([
    ["a refused dial", [{ kind: "dial_refused" }], "gateway_down", "none"],
    ["one 401", [{ kind: "unauthorized", probe: "status" }], "unknown", "none"],
    [
      "a 401 the validator confirms",
      [
        { kind: "unauthorized", probe: "status" },
        { kind: "unauthorized", probe: "validate" },
      ],
      "login_required",
      "none",
    ],
    [
      "logged in, not yet asked for",
      [sso, status({ authenticated: false })],
      "initializing",
      "portfolio_only",
    ],
    [
      "authenticated, not established",
      [sso, status({ established: false })],
      "initializing",
      "portfolio_only",
    ],
    ["established, not primed", [sso, status()], "initializing", "portfolio_only"],
    ["primed", [status(), sso, tickle("a"), primed()], "ready", "all"],
    [
      "a competing session",
      [sso, status({ authenticated: false, competing: true })],
      "takeover_required",
      "portfolio_only",
    ],
    [
      "an init refused for want of force",
      [
        sso,
        status({
          authenticated: false,
          fail: "Force compete capability must be used together with compete flag",
        }),
      ],
      "takeover_required",
      "portfolio_only",
    ],
    [
      "one 403 page",
      [status(), sso, tickle("a"), primed(), { kind: "access_denied" }],
      "ready",
      "all",
    ],
    [
      "two 403 pages",
      [sso, { kind: "access_denied" }, { kind: "access_denied" }],
      "blocked",
      "none",
    ],
    ["another certificate", [sso, { kind: "certificate_changed" }], "blocked", "none"],
    ["a 429", [sso, { kind: "rate_limited", until: NOW + 1 }], "penalty_box", "cached_only"],
    [
      "two failures at noon",
      [sso, { kind: "unavailable", probe: "tickle" }, { kind: "unavailable", probe: "status" }],
      "unknown",
      "portfolio_only",
    ],
  ])("%s", (_name, seen, state, reads) => {
    const session = after(...seen);
    expect(stateOf(session, NOW, ZONE)).toBe(state);
    expect(readsIn(session, stateOf(session, NOW, ZONE))).toBe(reads);
  });

  it("one failed probe changes nothing", () => {
    const session = reduce(ready(), { kind: "unavailable", probe: "tickle" }, NOW);
    expect(stateOf(session, NOW, ZONE)).toBe("ready");
    expect(session.generation).toBe(1);
  });

  it("a 401 of a read only casts doubt, and a look settles it", () => {
    const doubted = reduce(ready(), { kind: "unauthorized", probe: "read" }, NOW);
    expect(doubted.generation).toBe(1);
    expect(provenMode(doubted)).toBe("unknown");
    expect(nextProbe(doubted, NOW + 5_000).probe).toBe("status");
    const settled = reduce(doubted, status(), NOW);
    expect(settled.generation).toBe(1);
    expect(provenMode(settled)).toBe("paper");
  });

  it("a new user ends the generation and all that was proved", () => {
    const session = reduce(ready(), tickle("somebody else"), NOW);
    expect(session.generation).toBeNull();
    expect(session.accounts).toEqual([]);
    expect(provenMode(session)).toBe("unknown");
  });
});

describe("paper or live", () => {
  const mode = (loginType: 1 | 2 | null, accounts: string[], isPaper: boolean | null) =>
    provenMode(
      after(
        status(),
        { kind: "sso", sso: { alive: true, loginType, authenticatedAt: null } },
        tickle("a"),
        primed(accounts, isPaper),
      ),
    );

  it("is proved only where all facts agree", () => {
    expect(mode(2, ["DU1234567"], true)).toBe("paper");
    expect(mode(null, ["DF1234567", "DU7654321"], true)).toBe("paper");
    expect(mode(1, ["U1234567"], false)).toBe("live");
    expect(mode(null, ["U1234567"], false)).toBe("live");
  });

  it("is unknown where any fact is missing or disagrees", () => {
    expect(mode(1, ["DU1234567"], true)).toBe("unknown");
    expect(mode(2, ["U1234567"], true)).toBe("unknown");
    expect(mode(2, ["DU1234567", "U1234567"], true)).toBe("unknown");
    expect(mode(2, ["U1234567"], false)).toBe("unknown");
    expect(mode(1, ["DU1234567"], false)).toBe("unknown");
    expect(mode(2, ["DU1234567"], null)).toBe("unknown");
    expect(provenMode(after(status(), tickle("a"), primed()))).toBe("unknown");
  });
});

/** Anything the world may show, in any order. */
const anyObservation: fc.Arbitrary<Observation> = fc.oneof(
  fc.constant<Observation>({ kind: "dial_refused" }),
  fc.constant<Observation>({ kind: "certificate_changed" }),
  fc.constant<Observation>({ kind: "access_denied" }),
  fc.constant<Observation>({ kind: "woke" }),
  fc.constant<Observation>({ kind: "stream_doubt" }),
  fc.constant<Observation>(sso),
  fc.constant<Observation>({
    kind: "sso",
    sso: { alive: false, loginType: null, authenticatedAt: null },
  }),
  fc.record({
    kind: fc.constant("rate_limited" as const),
    until: fc.integer({ min: NOW, max: NOW + 9e5 }),
  }),
  fc.record({
    kind: fc.constantFrom("unavailable" as const, "unauthorized" as const),
    probe: fc.constantFrom<Probe | "read">("status", "tickle", "validate", "init", "prime", "read"),
  }),
  fc.record({
    kind: fc.constant("auth" as const),
    probe: fc.constantFrom<Probe>("status", "tickle", "init"),
    auth: fc.option(
      fc.record({
        authenticated: fc.boolean(),
        established: fc.option(fc.boolean()),
        connected: fc.option(fc.boolean()),
        competing: fc.option(fc.boolean()),
        fail: fc.constantFrom("", "Force compete capability must be used"),
        serverVersion: fc.constant(null),
      }),
    ),
    identity: fc.constantFrom(null, "a", "b"),
  }),
  fc.record({
    kind: fc.constant("primed" as const),
    facts: fc.record({
      accounts: fc.constantFrom([], ["DU1234567"], ["U1234567"]),
      isPaper: fc.constantFrom(null, true, false),
    }),
  }),
);

const history = fc.array(fc.tuple(anyObservation, fc.integer({ min: 0, max: 120_000 })), {
  maxLength: 60,
});

describe("B16: every wait has an end, and words that change", () => {
  const around = {
    source: "client_portal" as const,
    openAroundTheClock: () => false,
    resetZone: "America/New_York" as const,
    loginUrl: "https://127.0.0.1:5000/",
    clockSkewMs: () => null,
  };
  const wordsAt = (session: SessionState, ms: number) => describe_(session, NOW + ms, around);

  it("B16: a build that does not say `established` is judged by what it says, and then becomes ready", () => {
    const older = { established: null };
    const session = after(status(older), sso, tickle("a", older), primed());
    expect(stateOf(session, NOW, ZONE)).toBe("ready");
    // What one answer said, another takes back by its own word only.
    expect(stateOf(reduce(session, status({ established: false }), NOW), NOW, ZONE)).not.toBe(
      "ready",
    );
    const silent = after(status({ established: false }), tickle("a", older));
    expect(silent.auth?.established).toBe(false);
  });

  it("B16: a build whose status never says `established` does not wait for what another answer said", () => {
    const begun: Observation = {
      kind: "auth",
      probe: "init",
      auth: auth({ established: false }),
      identity: null,
    };
    const older = { established: null };
    const session = after(sso, begun, status(older), tickle("a", older), primed());
    expect(stateOf(session, NOW, ZONE)).toBe("ready");
  });

  it("B16: one that never opens is `initializing` for three minutes, with other words after one", () => {
    for (const session of [
      after(sso, status({ established: false })),
      after(sso, status(), { kind: "unavailable", probe: "prime" }),
    ]) {
      expect(wordsAt(session, 0)).toMatchObject({ state: "initializing" });
      expect(wordsAt(session, 0).next_step).toContain("up to a minute");
      expect(wordsAt(session, 120_000).next_step).toContain("2 minutes now");
      expect(wordsAt(session, LIMITS.openingPatienceMs)).toMatchObject({ state: "degraded" });
      expect(wordsAt(session, 600_000).next_step).toContain("waited for 10 minutes");
      const asked = reduce(session, status(), NOW + 600_000);
      expect(stateOf(reduce(asked, primed(), NOW + 600_000), NOW + 600_000, ZONE)).toBe("ready");
    }
  });

  it("B6: one 403 page is a fault of the moment; a login ends those that last", () => {
    const once = after(status(), sso, tickle("a"), primed(), { kind: "access_denied" });
    expect(stateOf(once, NOW, ZONE)).toBe("ready");
    expect(nextProbe(once, NOW).at - NOW).toBeLessThanOrEqual(LIMITS.gatewayDownPollMs);
    const lasting = after({ kind: "access_denied" }, { kind: "access_denied" });
    const { next_step } = wordsAt(lasting, 0);
    expect(next_step).toContain("log in at https://127.0.0.1:5000/");
    expect(next_step).toContain("conf.yaml");
    expect(
      stateOf(reduce(lasting, { kind: "unauthorized", probe: "status" }, NOW), NOW, ZONE),
    ).not.toBe("blocked");
    expect(stateOf(reduce(lasting, status(), NOW), NOW, ZONE)).toBe("initializing");
  });

  it("B6: one 401 of the validator proves nothing, a second does", () => {
    const once = reduce(ready(), { kind: "unauthorized", probe: "validate" }, NOW);
    expect(once.generation).toBe(1);
    expect(provenMode(once)).toBe("unknown");
    expect(stateOf(reduce(once, { kind: "unauthorized", probe: "status" }, NOW), NOW, ZONE)).toBe(
      "login_required",
    );
  });
});

describe("whatever happens", () => {
  it("is never ready unless the last word was established, primed and undisputed; generations only rise", () => {
    fc.assert(
      fc.property(history, (seen) => {
        let session = fresh();
        let now = NOW;
        for (const [observation, wait] of seen) {
          now += wait;
          const next = reduce(session, observation, now);
          expect(next.lastGeneration).toBeGreaterThanOrEqual(session.lastGeneration);
          if (next.generation !== null && session.generation === null) {
            expect(observation.kind).toBe("primed");
            expect(next.generation).toBe(session.lastGeneration + 1);
          }
          if (next.generation !== null) {
            expect(next.auth).toMatchObject({ authenticated: true, connected: true });
            // Older builds do not say it; one that denied it is not ready.
            expect(next.auth?.established).not.toBe(false);
            expect(next.auth?.competing).not.toBe(true);
            expect(next.auth?.fail).toBe("");
            expect(next.accounts.length).toBeGreaterThan(0);
          }
          if (provenMode(next) !== "unknown") expect(next.generation).not.toBeNull();
          session = next;
        }
      }),
      { seed: 20261120, numRuns: 2_000 },
    );
  });

  it("asks politely at most as often as the budget allows, never asks while a rival is known, and never hurries", () => {
    fc.assert(
      fc.property(history, (seen) => {
        let session = fresh();
        let now = NOW;
        let lastAsked: { probe: Probe; at: number } | null = null;
        for (const [observation] of seen) {
          const step = nextProbe(session, now);
          expect(step.at).toBeGreaterThanOrEqual(now);
          expect(step.probe).not.toBe("takeover");
          if (session.silentUntil > now)
            expect(step.at).toBeGreaterThanOrEqual(session.silentUntil);
          if (step.probe === "init") {
            expect(step.at).toBeGreaterThanOrEqual(session.init.nextAt);
            expect(session.refusedByRival).toBe(false);
            expect(session.auth?.competing).not.toBe(true);
            expect(session.auth?.authenticated).toBe(false);
          }
          const forgotten = Object.keys(session.probedAt).length === 0;
          if (lastAsked !== null && lastAsked.probe === step.probe && !forgotten) {
            expect(step.at - lastAsked.at).toBeGreaterThanOrEqual(1_000);
          }
          now = step.at;
          lastAsked = { probe: step.probe, at: now };
          session = reduce(
            { ...session, probedAt: { ...session.probedAt, [step.probe]: now } },
            observation,
            now,
          );
        }
      }),
      { seed: 20261120, numRuns: 2_000 },
    );
  });

  it("backs off from one minute to thirty", () => {
    let session = after(sso, status({ authenticated: false }));
    const waits: number[] = [];
    for (let failures = 0; failures < 8; failures++) {
      session = reduce(session, { kind: "unavailable", probe: "init" }, NOW);
      waits.push((session.init.nextAt - NOW) / 60_000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    expect(LIMITS.initBackoffLastMs).toBe(30 * 60_000);
  });
});
