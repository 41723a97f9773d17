import type { Behaviours } from "../behaviours.ts";
import { changeBehaviours } from "../behaviours.ts";
import type { Limiter } from "../http/limits.ts";
import type { RequestLog } from "../http/request-log.ts";
import type { Pin } from "../market/quote.ts";
import type { Simulator } from "../simulator.ts";
import { dropBrokerage, logIn, logOut, setRival } from "../state/session.ts";
import type { World } from "../state/world.ts";

/** What a test, or the control port, may do to the simulator behind the client's back. */
export interface Control {
  now(): number;
  advance(ms: number): Promise<void>;
  world(): Readonly<World>;
  behaviours(): Behaviours;
  change(behaviours: unknown): void;
  logIn(paper: boolean): void;
  logOut(): void;
  /** The SSO session dies, as at midnight. */
  killSso(): void;
  /** The brokerage session is lost, as at the nightly reset. */
  evict(): void;
  rival(kind: "none" | "tws" | "mobile"): void;
  maintenance(on: boolean): void;
  pin(conid: number, pin: Pin | undefined): void;
  penalty(minutes: number): void;
  /** Forgets all counts of requests and any penalty. */
  resetLimits(): void;
  requests(): ReturnType<RequestLog["all"]>;
  clearRequests(): void;
}

export function createControl(sim: Simulator, log: RequestLog, limiter: Limiter): Control {
  return {
    now: sim.clock.now,
    advance: (ms) => sim.clock.advance(ms),
    world: () => sim.world,
    behaviours: () => sim.behaviours,
    change: (behaviours) => changeBehaviours(sim.behaviours, behaviours),
    logIn: (paper) => logIn(sim, paper),
    logOut: () => logOut(sim, "none"),
    killSso: () => logOut(sim, "dead"),
    evict: () => dropBrokerage(sim, "evicted"),
    rival: (kind) => setRival(sim, kind),
    maintenance: (on) => {
      sim.world.gateway.maintenance = on;
    },
    pin: (conid, pin) => sim.market.pin(conid, pin),
    penalty: (minutes) => limiter.penalize(minutes),
    resetLimits: () => limiter.reset(),
    requests: () => log.all(),
    clearRequests: () => log.clear(),
  };
}
