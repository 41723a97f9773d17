import type { Behaviours, DeepPartial } from "./behaviours.ts";
import { changeBehaviours } from "./change-behaviours.ts";
import { defaultBehaviours } from "./default-behaviours.ts";
import type { MarketHours } from "./market/hours-setting.ts";
import type { BookSaver } from "./state/saved-book.ts";

interface CommonOptions {
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
  /**
   * Where the clock starts, in Unix milliseconds. A virtual one's default is Wednesday 2026-04-01,
   * 10:30 in New York; a real one's is now.
   */
  startAt?: number;
  /** How many accounts each login holds. Default 1. */
  accounts?: number;
  behaviours?: DeepPartial<Behaviours>;
  /** Goes on with the book of an earlier run, and keeps this run's. Default: a book in memory. */
  book?: BookSaver;
}

/** A virtual clock moves only when it is advanced, and starts while New York trades. */
interface VirtualTime {
  clock?: "virtual";
  /** Default "exchange". */
  marketHours?: MarketHours;
}

/** On the wall's clock nobody knows what is open, so whoever starts it says what should be. */
interface RealTime {
  clock: "real";
  marketHours: MarketHours;
}

export type SimulatorOptions = CommonOptions & (VirtualTime | RealTime);

export interface SimulatorSettings {
  port: number;
  controlPort: number;
  seed: number;
  paper: boolean;
  loggedIn: boolean;
  clock: "virtual" | "real";
  startAt: number;
  marketHours: MarketHours;
  accounts: number;
  behaviours: Behaviours;
}

const NO_RESETS = { midnight: false, nightly: false, weekend: false };
const WEDNESDAY_MORNING = Date.UTC(2026, 3, 1, 14, 30);

/**
 * The settings with everything filled in that was not said. Port 0 takes any that is free. Throws
 * on a behaviour that there is not.
 */
export function settingsFrom(options: SimulatorOptions): SimulatorSettings {
  const behaviours = defaultBehaviours();
  const marketHours = options.marketHours ?? "exchange";
  // Around the clock nothing ends by the hour: no nightly resets, no weekend maintenance.
  if (marketHours === "always") Object.assign(behaviours.resets, NO_RESETS);
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
    marketHours,
    accounts: options.accounts ?? 1,
    behaviours,
  };
}
