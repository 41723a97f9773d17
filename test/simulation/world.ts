import { join } from "node:path";
import { policyInForce } from "../../durable-objects/account/orders/tables/policies.ts";
import { changePolicy } from "../../durable-objects/account/orders/transactions/policy-transaction.ts";
import { writePrivateJson } from "../../sidecar/src/config/private-files.ts";
import { BrokerModel } from "./broker-model.ts";
import { chance } from "./chance.ts";
import { SimulatedD1 } from "./d1.ts";
import { copyFolder, scratchFolder } from "./disk.ts";
import { enterWorld, wallImmediate } from "./globals.ts";
import type { LineWeather } from "./line.ts";
import type { ObjectClass } from "./object-host.ts";
import { ObjectHost } from "./object-host.ts";
import { OwnerPasskey } from "./passkey.ts";
import { Pc } from "./pc.ts";
import type { WorldPlan } from "./plan.ts";
import { setRule } from "./rules.ts";
import { actor, Scheduler } from "./scheduler.ts";
import { freshTables } from "./tables.ts";
import {
  ACCOUNT_ID,
  BROKER_ACCOUNT,
  EDGE_KEY,
  ORIGIN,
  START,
  type Template,
  tightCaps,
  tightPolicy,
} from "./template.ts";

/** One simulated world: both ends, what lies between them, and the broker behind. */
export interface World {
  readonly plan: WorldPlan;
  readonly scheduler: Scheduler;
  readonly object: ObjectHost;
  readonly pc: Pc;
  readonly broker: BrokerModel;
  readonly d1: SimulatedD1;
  readonly weather: LineWeather;
  readonly phone: OwnerPasskey;
  readonly ownerSecret: string;
  readonly configDir: string;
  /** Of the one contract that is traded, as the world begins. */
  readonly price: number;
  /** Called for each frame as it leaves its end of the relay's line. */
  onFrame: (direction: "to_pc" | "to_object", text: string) => void;
  /** Runs the next task and lets whatever it set off come to rest; false when none waits. */
  step(): Promise<boolean>;
}

export const AAPL = 265598;

export function createWorld(plan: WorldPlan, template: Template, Account: ObjectClass): World {
  const { seed } = plan;
  const outside = actor("outside");
  const scheduler = new Scheduler(START, outside);
  enterWorld(scheduler, seed);
  const broker = new BrokerModel({
    scheduler,
    chance: chance(seed, "broker network"),
    seed,
    behaviours: {
      // Each second's figures of profit and loss are left out, and with them what warms their service.
      coldReads: { pnl: false },
      questions: {
        riskWarnings: false,
        extra: QUESTIONS.slice(0, plan.questions).map((text, n) => ({ id: `o99${n}`, text })),
      },
    },
  });
  const price = marketPrice(broker);
  broker.sim.market.pin(AAPL, priceOf(price));
  const weather: LineWeather = { latencyMs: plan.latencyMs, stalledUntil: 0 };
  const tables = freshTables(template);
  const d1 = new SimulatedD1(tables.d1, scheduler, chance(seed, "d1"));
  const object = new ObjectHost({
    scheduler,
    chance: chance(seed, "relay"),
    weather,
    accountId: ACCOUNT_ID,
    Account,
    env: {
      PUBLIC_ORIGIN: ORIGIN,
      EDGE_IDENTITY_KEY: JSON.stringify(EDGE_KEY),
      DB: d1,
      CLIENT_CALLS_PER_MINUTE: "5000",
      ACCOUNT_CALLS_PER_MINUTE: "5000",
    },
    sql: tables.sql,
    onFrame: (direction, text) => world.onFrame(direction, text),
  });
  const configDir = join(folder(), "pc");
  copyFolder(template.folder, configDir);
  const pc = new Pc({
    scheduler,
    chance: chance(seed, "pc"),
    configDir,
    pairing: template.pairing,
    broker,
    object,
    stream: plan.stream,
  });
  if (plan.tight) tighten(object, configDir);
  if (plan.rule !== undefined) setRule(object.sql, configDir, plan.rule);
  takeSockets(object);
  const world: World = {
    plan,
    scheduler,
    object,
    pc,
    broker,
    d1,
    weather,
    phone: new OwnerPasskey(ORIGIN),
    ownerSecret: template.ownerSecret,
    configDir,
    price,
    onFrame: () => {},
    step: async () => {
      try {
        if (!scheduler.runNext()) return false;
      } catch (thrown) {
        if (!isDeath(thrown)) throw thrown;
      }
      await rest();
      return true;
    },
  };
  return world;
}

function tighten(object: ObjectHost, configDir: string): void {
  const { sql } = object;
  const document = tightPolicy(BROKER_ACCOUNT);
  const basedOn = policyInForce(sql, BROKER_ACCOUNT, START)?.hash ?? null;
  const changed = changePolicy(sql, { document, basedOn, signed: true }, START);
  if (!changed.ok) throw new Error(`the policy is not taken at ${changed.detail}`);
  writePrivateJson(configDir, "caps.json", tightCaps());
}

/** Ends what a world holds of the machine. */
export function endWorld(world: World): void {
  world.pc.kill();
}

/** What the market makes of it by itself, so that the day's profit and loss is an ordinary one. */
function marketPrice({ sim }: BrokerModel): number {
  const instrument = sim.market.find(AAPL);
  if (instrument === undefined) throw new Error("the broker does not know the contract");
  return sim.market.quote(instrument).last.toNumber();
}

/** What is left of a process that has died: it writes to files that it does not hold any more. */
export const isDeath = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  (thrown.name === "Crashed" || /database is not open|has been finalized/.test(thrown.message));

const QUESTIONS = ["Is that so?", "Is it really so?"];

export const priceOf = (last: number) => ({
  last,
  bid: Math.round((last - 0.05) * 100) / 100,
  ask: Math.round((last + 0.05) * 100) / 100,
  data: "R" as const,
});

/** All that waits for a promise has run when this resolves: nothing in a world waits for anything else. */
const rest = (): Promise<void> =>
  new Promise((resolve) => {
    wallImmediate(resolve);
  });

let scratch: string | null = null;
const folder = (): string => {
  scratch ??= scratchFolder();
  return scratch;
};

/** The platform's `WebSocketPair` and its answer to an upgrade, for the object that is simulated now. */
function takeSockets(object: ObjectHost): void {
  class Pair {
    0: unknown;
    1: unknown;
    constructor() {
      const line = object.pair();
      this[0] = line.server;
      this[1] = line.server;
    }
  }
  Object.defineProperty(globalThis, "WebSocketPair", { value: Pair, configurable: true });
  if (Response === SwitchingResponse) return;
  Object.defineProperty(globalThis, "Response", { value: SwitchingResponse, configurable: true });
}

/** Node's own class refuses the status by which a socket is handed over. */
class SwitchingResponse extends Response {
  readonly webSocket?: unknown;
  constructor(body?: BodyInit | null, init: ResponseInit & { webSocket?: unknown } = {}) {
    super(body, init.status === 101 ? { ...init, status: 200 } : init);
    if (init.webSocket !== undefined) this.webSocket = init.webSocket;
  }
}

type BodyInit = ConstructorParameters<typeof Response>[0];
type ResponseInit = NonNullable<ConstructorParameters<typeof Response>[1]>;
