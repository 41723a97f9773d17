import type { Simulator } from "../simulator.ts";
import { unprimed } from "./primed.ts";

/**
 * The two layers of a session and how each is won and lost. The SSO session belongs to the human's
 * login; the brokerage session is one per username, and a rival may hold it.
 */

/** The human logs in at the page, and confirms on the phone if that takes a while. */
export function logIn(sim: Simulator, paper: boolean): void {
  const wait = sim.behaviours.session.twoFactorMs;
  if (wait === 0) {
    completeLogin(sim, paper);
    return;
  }
  logOut(sim, "none");
  sim.world.sso.phase = "pending2fa";
  sim.clock.after(wait, () => {
    if (sim.world.sso.phase === "pending2fa") completeLogin(sim, paper);
  });
}

/** The SSO session is there; the brokerage session follows after the gateway's delay. */
function completeLogin(sim: Simulator, paper: boolean): void {
  const { world, clock, behaviours } = sim;
  dropBrokerage(sim, "none");
  Object.assign(world.sso, {
    phase: "valid",
    user: paper ? world.users.paper : world.users.live,
    loggedInAt: clock.now(),
    lastAccessAt: clock.now(),
    sessionId: sim.random("session").hex(32),
    portfolioAccountsRead: false,
    deathAnnounced: false,
  });
  const login = world.sso.sessionId;
  sim.clock.after(behaviours.session.authDelayMs, () => {
    const still = world.sso.sessionId === login && world.sso.phase === "valid";
    if (still && world.brokerage.phase === "none") initialize(sim, false);
  });
  sim.events.emit("session");
}

/** Already logged in when the simulator starts, as after a login some minutes ago. */
export function startLoggedIn(sim: Simulator): void {
  completeLogin(sim, sim.settings.paper);
  authenticate(sim);
  sim.world.brokerage.established = true;
  sim.world.brokerage.statusReads = 1;
  sim.events.emit("session");
}

/** Asks for the brokerage session; whether it was granted is in the state. */
export function initialize(sim: Simulator, compete: boolean): void {
  const { world, behaviours } = sim;
  if (world.brokerage.phase === "authenticated") return;
  const rival = world.rival !== "none";
  if (!compete && (rival || behaviours.session.forceCompeteRequired)) {
    dropBrokerage(sim, "refused");
    world.brokerage.fail = "Force compete capability must be used together with compete flag";
    sim.events.emit("session");
    return;
  }
  world.rival = "none";
  authenticate(sim);
  sim.events.emit("session");
}

function authenticate(sim: Simulator): void {
  const { world, clock, behaviours } = sim;
  const brokerage = world.brokerage;
  brokerage.phase = "authenticated";
  brokerage.established = false;
  brokerage.generation += 1;
  brokerage.fail = "";
  brokerage.statusReads = 0;
  brokerage.lastTrafficAt = clock.now();
  brokerage.selectedAccount = world.sso.user?.accountIds[0] ?? "";
  brokerage.primed = unprimed();
  brokerage.suppressed = new Set();
  const generation = brokerage.generation;
  clock.after(behaviours.session.establishedDelayMs, () => {
    if (brokerage.generation !== generation || brokerage.phase !== "authenticated") return;
    if (brokerage.established) return;
    brokerage.established = true;
    sim.events.emit("session");
  });
}

/** The brokerage session ends; the SSO session is untouched. */
export function dropBrokerage(sim: Simulator, phase: "none" | "evicted" | "refused"): void {
  const brokerage = sim.world.brokerage;
  const changed = brokerage.phase !== phase;
  brokerage.phase = phase;
  brokerage.established = false;
  brokerage.fail = "";
  brokerage.primed = unprimed();
  brokerage.suppressed = new Set();
  if (changed) sim.events.emit("session");
}

/** A rival program takes the brokerage session, or lets go of it. */
export function setRival(sim: Simulator, rival: "none" | "tws" | "mobile"): void {
  sim.world.rival = rival;
  if (rival !== "none" && sim.world.brokerage.phase === "authenticated") {
    dropBrokerage(sim, "evicted");
  }
  sim.events.emit("session");
}

/** The human, or the server, ends the login. */
export function logOut(sim: Simulator, phase: "none" | "dead"): void {
  dropBrokerage(sim, "none");
  sim.world.sso.phase = phase;
  sim.world.sso.portfolioAccountsRead = false;
  sim.world.sso.deathAnnounced = false;
  if (phase === "none") sim.world.sso.user = undefined;
  sim.events.emit("session");
}

/**
 * How long the SSO session says it still has. It counts down ten minutes, is not raised by a
 * tickle, and renews itself at the end by 545 s.
 */
export function ssoExpiresMs(sim: Simulator): number {
  const { sso } = sim.world;
  if (sso.phase !== "valid") return 0;
  const elapsed = sim.clock.now() - sso.loggedInAt;
  if (elapsed < 600_000) return 600_000 - elapsed;
  return 545_000 - ((elapsed - 600_000) % 545_000);
}
