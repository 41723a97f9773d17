import { EventEmitter } from "node:events";
import type { Behaviours } from "./behaviours.ts";
import type { Clock } from "./clock.ts";
import type { Market } from "./market/market.ts";
import { createMarket } from "./market/market.ts";
import { hoursOf } from "./market/venue-hours.ts";
import type { SimulatorSettings } from "./options.ts";
import { createRandom, type Random } from "./random.ts";
import { createWorld } from "./state/create-world.ts";
import type { Execution, Order, OrderBook } from "./state/orders.ts";
import type { Question } from "./state/question.ts";
import { createNotes, type Notes } from "./state/watchlists-alerts-notices.ts";
import type { World } from "./state/world.ts";

/** What happened, for whoever streams it on. */
export interface SimulatorEvents {
  /** The brokerage or SSO session changed. */
  session: [];
  /** An order changed; the book has it as it is now. */
  order: [order: Order];
  execution: [execution: Execution];
}

/** The one thing every route, topic and command is handed. */
export interface Simulator {
  settings: SimulatorSettings;
  behaviours: Behaviours;
  clock: Clock;
  world: World;
  market: Market;
  events: EventEmitter<SimulatorEvents>;
  notes: Notes;
  /** Work in hand. */
  load: { history: number; matching: boolean };
  /** Orders and fills; they outlive every session. */
  book: OrderBook;
  /** The one question an order may be waiting at. */
  question: Question | undefined;
  /** Reply ids that another submission voided. */
  pushedAside: Set<string>;
  /** The stream of draws for a purpose; the same one each time. */
  random(purpose: string): Random;
}

/**
 * A simulator without its servers. `run` tells this run's ids from those of an earlier one whose book
 * goes on; the prices are the seed's in every run.
 */
export function createSimulator(settings: SimulatorSettings, clock: Clock, run = ""): Simulator {
  const streams = new Map<string, Random>();
  const random = (purpose: string): Random => {
    const stream = streams.get(purpose) ?? createRandom(settings.seed, `${purpose}${run}`);
    streams.set(purpose, stream);
    return stream;
  };
  return {
    settings,
    behaviours: settings.behaviours,
    clock,
    world: createWorld(settings, random("session")),
    market: createMarket(settings.seed, clock.now, hoursOf(settings.marketHours)),
    events: new EventEmitter(),
    notes: createNotes(clock.now()),
    load: { history: 0, matching: false },
    book: { orders: new Map(), executions: [], refs: new Map() },
    question: undefined,
    pushedAside: new Set(),
    random,
  };
}
