import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { Violation } from "./invariants.ts";
import { Judge } from "./judge.ts";
import type { Life } from "./life.ts";
import type { ObjectClass } from "./object-host.ts";
import { People } from "./people.ts";
import { FIRST_LIFE_MS, type WorldPlan } from "./plan.ts";
import { START, type Template } from "./template.ts";
import { Troubles } from "./troubles.ts";
import { createWorld, endWorld, isDeath, type World } from "./world.ts";

export interface Report {
  seed: number;
  lives: Life[];
  steps: number;
  violation: Violation | null;
  /** How often each kind of trouble happened. */
  troubles: Map<string, number>;
  /** Which trouble met an order in which state. */
  met: Set<string>;
  states: Set<OrderState>;
  ordersAtBroker: number;
  digest: number;
}

export interface RunOptions {
  template: Template;
  Account: ObjectClass;
  /** Ends the world here, for a look at it. */
  untilStep?: number | undefined;
  onLog?: ((line: string) => void) | undefined;
}

const MINUTE_MS = 60_000;
/** How long both ends have, once nothing disturbs any more, to prove what became of every order. */
const HEAL_MS = 25 * MINUTE_MS;
const STEPS_MAX = 400_000;

/** Plays one world from its beginning to its end, or to the first promise that is broken. */
export async function runWorld(plan: WorldPlan, options: RunOptions): Promise<Report> {
  const world = createWorld(plan, options.template, options.Account);
  const judge = new Judge(world);
  const people = new People(world, judge);
  const troubles = new Troubles(world, judge, people);
  const report: Report = {
    seed: plan.seed,
    lives: people.lives,
    steps: 0,
    violation: null,
    troubles: new Map(),
    met: new Set(),
    states: new Set(),
    ordersAtBroker: 0,
    digest: 0,
  };
  judge.onState = (state) => report.states.add(state);
  troubles.onTrouble = (trouble) => {
    const kind = nameOf(trouble);
    report.troubles.set(kind, (report.troubles.get(kind) ?? 0) + 1);
    for (const state of judge.openStates()) report.met.add(`${kind} x ${state}`);
    options.onLog?.(`${at(world)} trouble ${JSON.stringify(trouble)}`);
  };
  watchFailures(world, judge, options.onLog);
  const lastLife = Math.max(FIRST_LIFE_MS, ...plan.lives.map((life) => life.at));
  const troubled = plan.troubles.length > 0;
  try {
    world.pc.start();
    people.begin();
    troubles.begin();
    const off = () => judge.objectSwitch(false);
    people.watchSwitch(4 * MINUTE_MS, START + lastLife + 20 * MINUTE_MS, off);
    const { scheduler } = world;
    const go = (ms: number) => playUntil(world, judge, scheduler.now + ms, options);
    const goes = () => judge.violation === null && scheduler.step < (options.untilStep ?? Infinity);
    await playUntil(world, judge, START + lastLife + MINUTE_MS, options);
    const patience = scheduler.now + 8 * MINUTE_MS;
    while (goes() && scheduler.now < patience && people.lives.some(({ over }) => !over)) {
      await go(MINUTE_MS / 2);
    }
    if (troubled) troubles.heal();
    await go(2 * MINUTE_MS);
    // No longer than it takes, and never longer than was promised.
    const bound = scheduler.now + HEAL_MS;
    while (goes() && scheduler.now < bound && judge.unsettled(troubled).length > 0) {
      await go(MINUTE_MS / 2);
    }
    if (goes()) {
      const [first] = judge.unsettled(troubled);
      if (first !== undefined) judge.broken(first.invariant, first.what);
    }
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
    judge.violation ??= thrown;
  } finally {
    report.digest = world.scheduler.digest;
    report.steps = world.scheduler.step;
    report.violation = judge.violation;
    report.ordersAtBroker = world.broker.sim.book.orders.size;
    endWorld(world);
  }
  return report;
}

async function playUntil(
  world: World,
  judge: Judge,
  until: number,
  { untilStep = Number.POSITIVE_INFINITY }: RunOptions,
): Promise<void> {
  const { scheduler } = world;
  while (judge.violation === null && scheduler.step < untilStep) {
    const next = scheduler.nextAt();
    if (next === null || next > until) return;
    await world.step();
    judge.afterStep();
    if (scheduler.step > STEPS_MAX) judge.broken("failure", "the world does not come to rest");
  }
}

const nameOf = (trouble: WorldPlan["troubles"][number]): string => {
  switch (trouble.kind) {
    case "broker_fault":
      return `${trouble.on} ${trouble.fault}`;
    case "stream":
      return `stream ${trouble.how.kind}`;
    case "kill_switch":
      return `kill_switch ${trouble.by}`;
    case "object_reset":
      return `object_reset ${trouble.sockets}`;
    case "broker_acts":
      return `broker ${trouble.how}`;
    case "pc_killed":
      return trouble.power ? "pc power cut" : "pc killed";
    default:
      return trouble.kind;
  }
};

const at = (world: World): string =>
  `${world.scheduler.step} ${((world.scheduler.now - START) / 1_000).toFixed(3)}`;

/** What neither end foresaw is a failure too, wherever it ends up. */
function watchFailures(
  world: World,
  judge: Judge,
  onLog: ((line: string) => void) | undefined,
): void {
  world.object.onFailure = (error) => judge.broken("failure", `the object: ${stackOf(error)}`);
  const complaint = (text: unknown): void => {
    onLog?.(`${at(world)} object ${text}`);
    if (typeof text === "string" && text.includes("account.run_failed")) {
      judge.broken("failure", `the object: ${text}`);
    }
  };
  console.error = complaint;
  console.warn = complaint;
  world.pc.onLog = (level, message, facts) => {
    const error = "err" in facts ? facts.err : undefined;
    onLog?.(
      `${at(world)} pc ${level} ${message} ${error === undefined ? JSON.stringify(facts) : stackOf(error)}`,
    );
    if (level !== "error" || !UNFORESEEN.test(message) || excused(error, world)) return;
    judge.broken("failure", `the PC: ${message}: ${stackOf(error)}`);
  };
  if (onLog === undefined) return;
  const { onFrame } = world;
  world.onFrame = (direction, text) => {
    onLog(`${at(world)} ${direction} ${text.slice(0, 400)}`);
    onFrame(direction, text);
  };
  const { onSeen } = world.broker;
  world.broker.onSeen = (seen) => {
    onLog(`${at(world)} broker ${seen.method} ${seen.path} ${seen.body.slice(0, 300)}`);
    onSeen(seen);
  };
}

const UNFORESEEN = /unexpectedly|could not take in|journal could not be written/;

/** A process that dies, or a disk that is full, is what was ordered. */
const excused = (error: unknown, world: World): boolean =>
  error instanceof Error &&
  (isDeath(error) || /disk is full/.test(error.message) || world.pc.diskFull);

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
