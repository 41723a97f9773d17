import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerBundle } from "../../../scripts/lib/bundle.ts";
import { type SeededRandom, seededRandom } from "../../support/relay/random.ts";
import { type Load, newLoad, tradeOnce, tradeUntil } from "./agent.ts";
import { BROKER_FAULTS, TOO_MANY } from "./broker-faults.ts";
import { gatherEvidence } from "./evidence.ts";
import { FAULTS, pickFault } from "./faults.ts";
import { isCleanOrders, judgeOrders, type OrderVerdict } from "./verdict.ts";
import { startWorld } from "./world.ts";

/** One round: a world of its own, so many orders in trouble, healing, the books compared. */
export interface RoundArgs {
  bundle: WorkerBundle;
  cli: string;
  folder: string;
  seed: number;
  /** The round ends with so many orders asked, or so many calls of a submit tool. */
  orders: number | null;
  submissions: number | null;
  speed: number;
  /** Unix milliseconds of the run's clock; null for a market's morning that lies ahead. */
  starts: number | null;
  agents: number;
  /** Orders between two faults of the parts around the broker, about. */
  every: number;
  /** By the wall: a round that is not through by then reports what it has. */
  minutes: number;
  /** Also the 429, which costs a quarter of an hour of the run's time. */
  patient: boolean;
}

export interface RoundReport extends OrderVerdict {
  seed: number;
  seconds: number;
  clean: boolean;
  faults: Record<string, number>;
  refusals: Record<string, number>;
  cancels: number;
  /** Seconds by the wall until nothing was in doubt any more, by the alarm and the PC alone. */
  settled_after_seconds: number;
  sidecar_starts: number;
  crashes: string[];
}

const args: RoundArgs = JSON.parse(process.argv[2] ?? "{}");
const began = Date.now();
const world = await startWorld(args);
const random = seededRandom(args.seed);
const load = newLoad();
const done: Record<string, number> = {};
const progress = setInterval(() => {
  say({ kind: "progress", asked: load.requests.length, submissions: load.submissions });
  if (process.env.CHAOS_VERBOSE) console.error(JSON.stringify(load.refusals));
}, 3_000);
const parts = () => ({
  agent: world.agent,
  owner: world.owner,
  accounts: world.accounts,
  random: seededRandom(random.below(2 ** 31)),
});

for (const fault of Object.values(BROKER_FAULTS)) await world.broker("POST /faults", fault);
if (args.patient) {
  await world.broker("POST /faults", {
    ...TOO_MANY,
    match: { ...TOO_MANY.match, nth: 1 + random.below(args.orders ?? (args.submissions ?? 1) / 5) },
  });
}
const enough = ({ requests, submissions }: Load): boolean =>
  (args.orders !== null && requests.length >= args.orders) ||
  (args.submissions !== null && submissions >= args.submissions);
const deadline = began + args.minutes * 60_000;
const trading = Promise.all(
  Array.from({ length: args.agents }, () => tradeUntil(load, parts(), enough)),
).then(() => {
  load.stopping = true;
});
await Promise.all([trading, trouble(random)]);

const fired = await heal();
const healedAt = Date.now();
await settle();
const settled = Math.round((Date.now() - healedAt) / 1_000);
await exits();
const verdict = await compare();
clearInterval(progress);
const report: RoundReport = {
  seed: args.seed,
  seconds: Math.round((Date.now() - began) / 1_000),
  ...verdict,
  clean: isCleanOrders(verdict) && world.pc.crashes.length === 0,
  faults: {
    ...done,
    ...prefixed("broker: ", fired),
    ...world.proxy.done,
    ...world.burnt,
    ...world.pc.burnt(),
  },
  refusals: load.refusals,
  cancels: load.cancels,
  settled_after_seconds: settled,
  sidecar_starts: world.pc.starts(),
  crashes: world.pc.crashes,
};
await world.close();
say({ kind: "report", report });
process.exit(0);

/** One fault after the other for as long as orders are asked for. */
async function trouble(chance: SeededRandom): Promise<void> {
  while (!load.stopping) {
    if (Date.now() > deadline) load.stopping = true;
    const until = load.requests.length + args.every / 2 + chance.below(args.every);
    for (
      const end = Date.now() + 1_000 * args.every;
      Date.now() < end && !load.stopping;
      await sleep(50)
    ) {
      if (load.requests.length >= until) break;
    }
    if (load.stopping) return;
    const name = pickFault(chance);
    try {
      await FAULTS[name]?.do(world, chance, load);
      done[name] = (done[name] ?? 0) + 1;
    } catch (error) {
      // Only what really happened is counted.
      done[`could not ${name}`] = (done[`could not ${name}`] ?? 0) + 1;
      if (process.env.CHAOS_VERBOSE) console.error(name, error);
    }
  }
}

/** Ends all faults; how often each of the broker's was met. */
async function heal(): Promise<Record<string, number>> {
  const names = Object.keys(BROKER_FAULTS);
  const all = await world.broker<{ fired: number }[]>("GET /faults");
  const fired = Object.fromEntries(
    all.map(({ fired }, index) => [names[index] ?? "429", fired] as const),
  );
  await world.broker("DELETE /faults", {});
  await world.broker("PATCH /behaviours", { questions: { extra: [] } });
  world.proxy.refuse(false);
  world.proxy.stall(false);
  return Object.fromEntries(Object.entries(fired).filter(([, times]) => times > 0));
}

/** Waits for the alarm and the PC to find out what became of everything; nobody asks them to. */
async function settle(): Promise<void> {
  for (const end = Date.now() + 150_000; Date.now() < end; await sleep(500)) {
    if (!(await world.ready())) continue;
    const open = await world.sql<{ coid: string; action: string; state: string; looks: number }>(
      `SELECT coid, action, state, looks FROM order_intents WHERE state IN
       ('submitting', 'awaiting_confirmation', 'accepted', 'unknown', 'reconciling', 'needs_owner')`,
    );
    if (process.env.CHAOS_VERBOSE) console.error(JSON.stringify(open));
    if (open.length === 0) return;
  }
}

/** With the kill switch engaged: what is held can be sold, and nothing can be bought. */
async function exits(): Promise<void> {
  if (!(await world.agent.call("ibkr_kill_switch_engage", { reason: "the end" })).ok) return;
  load.switches += 1;
  for (const account of world.accounts) {
    const wanted = load.requests.filter(({ exit }) => exit).length + 3;
    for (let tries = 0; tries < 12; tries += 1) {
      if (load.requests.filter(({ exit }) => exit).length >= wanted) break;
      await tradeOnce(load, parts(), {
        account,
        kind: "exit",
        conid: 0,
        quantity: 1 + tries,
      }).catch(() => false);
    }
    await tradeOnce(load, parts(), { account, kind: "at market", conid: 265598, quantity: 1 });
  }
}

/** The books, until they agree or the patience is over: orders at work move on while one reads. */
async function compare(): Promise<OrderVerdict> {
  let verdict = judgeOrders(await gatherEvidence(world, load));
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(1_000)) {
    if (isCleanOrders(verdict)) return verdict;
    if (process.env.CHAOS_VERBOSE) console.error(JSON.stringify({ ...verdict, ends: null }));
    verdict = judgeOrders(await gatherEvidence(world, load));
  }
  return verdict;
}

function prefixed(prefix: string, times: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(times).map(([name, n]) => [`${prefix}${name}`, n]));
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
