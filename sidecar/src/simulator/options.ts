import type { Behaviours, DeepPartial } from "./behaviours.ts";
import { changeBehaviours } from "./change-behaviours.ts";
import { defaultBehaviours } from "./default-behaviours.ts";

export interface SimulatorOptions {
  /** The gateway's HTTPS port; 0 takes any that is free. Default 0. */
  port?: number;
  /** The control port, plain HTTP on loopback; 0 takes any that is free. Default 0. */
  controlPort?: number;
  /** The same seed gives the same prices, ids and fills. Default 1. */
  seed?: number;
  /** Whose login is used: the paper user's or the live one's. Default true. */
  paper?: boolean;
  /** Start with the human already logged in and the brokerage session up. Default true. */
  loggedIn?: boolean;
  /** A virtual clock moves only when it is advanced. Default "virtual". */
  clock?: "virtual" | "real";
  /**
   * Where the clock starts, in Unix milliseconds. A virtual one's default is Wednesday 2026-04-01,
   * 10:30 in New York; a real one's is now, with whatever markets are open now.
   */
  startAt?: number;
  /** How many accounts each login holds. Default 1. */
  accounts?: number;
  behaviours?: DeepPartial<Behaviours>;
}

export interface Settings {
  port: number;
  controlPort: number;
  seed: number;
  paper: boolean;
  loggedIn: boolean;
  clock: "virtual" | "real";
  startAt: number;
  accounts: number;
  behaviours: Behaviours;
}

const WEDNESDAY_MORNING = Date.UTC(2026, 3, 1, 14, 30);

export function settingsFrom(options: SimulatorOptions): Settings {
  const behaviours = defaultBehaviours();
  if (options.behaviours !== undefined) changeBehaviours(behaviours, options.behaviours);
  const clock = options.clock ?? "virtual";
  return {
    port: options.port ?? 0,
    controlPort: options.controlPort ?? 0,
    seed: options.seed ?? 1,
    paper: options.paper ?? true,
    loggedIn: options.loggedIn ?? true,
    clock,
    startAt: options.startAt ?? (clock === "real" ? Date.now() : WEDNESDAY_MORNING),
    accounts: options.accounts ?? 1,
    behaviours,
  };
}
