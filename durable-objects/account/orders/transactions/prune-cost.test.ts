import { expect, it } from "vitest";
import { fillOrders } from "../../../../test/growth/fill-orders.ts";
import { tradingRig } from "../../../../test/support/trading-rig.ts";
import { pruneNowAndThen } from "./prune-orders.ts";

const DAY_MS = 86_400_000;
/** In milliseconds, of a turn on a machine that has nothing else to do. */
const TURN_MAX_MS = 50;
/** The same work in a table ten times as large; a quadratic one would take ten times as long. */
const RATIO_MAX = 4;

/** The shortest of the first turns, with every order old enough to go; and what each turn took away. */
async function turns(orders: number): Promise<{ ms: number; gone: number[] }> {
  const rig = tradingRig();
  await rig.trade();
  const { sql } = rig.parts.storage;
  const run = async (query: string, ...values: (string | number)[]) =>
    sql.exec(query, ...values).toArray();
  await fillOrders(run, rig.clock.now, 0, orders);
  const kept = () => Number(sql.exec("SELECT COUNT(*) AS n FROM order_intents").one().n);
  rig.clock.now += 200 * DAY_MS;
  const times: number[] = [];
  const gone: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const before = kept();
    const began = performance.now();
    pruneNowAndThen(rig.parts);
    times.push(performance.now() - began);
    gone.push(before - kept());
    rig.clock.now += 5_000;
  }
  return { ms: Math.min(...times), gone };
}

it("a turn of pruning takes as long with 20,000 old orders as with 2,000, and takes as many", async () => {
  const [small, large] = [await turns(2_000), await turns(20_000)];
  expect(small.gone).toEqual([100, 100, 100, 100, 100]);
  expect(large.gone).toEqual(small.gone);
  expect(large.ms).toBeLessThan(Math.max(TURN_MAX_MS, small.ms * RATIO_MAX));
});
