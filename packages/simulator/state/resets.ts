import type { Simulator } from "../simulator.ts";
import { localTime, nextTimeOfDay } from "../zone.ts";
import { isFinished } from "./orders.ts";
import { dropBrokerage, logOut } from "./session.ts";

/** The hour of the region at which the broker begins a new day of trading. */
export const NEW_DAY_HOUR = 1;

/**
 * What the hours do: the SSO session dies at midnight, the brokerage session is lost at one, a
 * Saturday night is for maintenance, and silence costs the brokerage session.
 */
export function scheduleResets(sim: Simulator): void {
  daily(sim, 0, () => {
    if (sim.behaviours.resets.midnight && sim.world.sso.phase === "valid") logOut(sim, "dead");
  });
  daily(sim, NEW_DAY_HOUR, () => {
    const { zone, nightly, weekend } = sim.behaviours.resets;
    if (nightly && sim.world.brokerage.phase === "authenticated") dropBrokerage(sim, "evicted");
    newTradingDay(sim);
    const sunday = localTime(sim.clock.now(), zone).weekday === 0;
    if (weekend && sunday) maintenance(sim, false);
  });
  daily(sim, 22, () => {
    const { zone, weekend } = sim.behaviours.resets;
    if (weekend && localTime(sim.clock.now(), zone).weekday === 6) maintenance(sim, true);
  });
  watchIdleness(sim);
}

function daily(sim: Simulator, hour: number, task: () => void): void {
  const again = (): void => {
    sim.clock.at(nextTimeOfDay(sim.clock.now(), sim.behaviours.resets.zone, hour), () => {
      task();
      again();
    });
  };
  again();
}

/** Maintenance on the broker's side: all answers are 503, and the brokerage session does not survive it. */
export function maintenance(sim: Simulator, on: boolean): void {
  sim.world.gateway.maintenance = on;
  if (on && sim.world.brokerage.phase === "authenticated") dropBrokerage(sim, "evicted");
}

/** The list of orders is the day's: what is finished is dropped, what works stays. */
export function newTradingDay(sim: Simulator): void {
  for (const account of sim.world.accounts.values()) account.realized.clear();
  if (!sim.behaviours.orderLife.dayScoped) return;
  // Around the clock there is no night in which nobody looks: what has just ended is seen for a while.
  const until = sim.clock.now() - (sim.settings.marketHours === "always" ? STILL_LISTED_MS : 0);
  for (const order of sim.book.orders.values()) {
    if (isFinished(order) && order.changedAt <= until) order.listed = false;
  }
}

const STILL_LISTED_MS = 3_600_000;
const LOOK_MS = 30_000;

/** Looks twice a minute whether the session has fallen silent. */
function watchIdleness(sim: Simulator): void {
  sim.clock.every(LOOK_MS, () => {
    const { brokerage } = sim.world;
    const { idleMs } = sim.behaviours.resets;
    const silent = sim.clock.now() - brokerage.lastTrafficAt;
    if (idleMs > 0 && brokerage.phase === "authenticated" && silent >= idleMs) {
      dropBrokerage(sim, "evicted");
    }
  });
}

/** The gateway's program is ended and started again: all is forgotten but what the broker keeps. */
export function restartGateway(sim: Simulator): void {
  logOut(sim, "none");
  sim.world.sso.sessionId = sim.random("session").hex(32);
  sim.question = undefined;
  sim.pushedAside.clear();
}
