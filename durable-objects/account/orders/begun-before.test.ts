import { expect, it } from "vitest";
import { type TradingRig, tradingRig } from "../../../test/support/trading-rig.ts";

/**
 * The object dies between any two writes of an act that has an effect at the broker. Whatever was
 * kept, no intent stands without the event that says it was begun, and no job went to the PC before
 * that event was written.
 */
const WORKING = "ieg1-00000000000000000000000000000001";

class Killed extends Error {}

/** Lets so many writing statements through, then none of any kind; answers how to bring it back. */
function dyingAfter(rig: TradingRig, writes: number): { revive: () => void; died: () => boolean } {
  const { sql } = rig.parts.storage;
  const alive = sql.exec.bind(sql);
  let left = writes;
  let dead = false;
  const exec = ((query: string, ...values: never[]) => {
    const writing = /^\s*(INSERT|UPDATE|DELETE|WITH)/i.test(query);
    if (dead || (writing && left === 0)) {
      dead = true;
      throw new Killed("the object is gone");
    }
    if (writing) left -= 1;
    return alive(query, ...values);
  }) as typeof sql.exec;
  Object.assign(sql, { exec });
  return {
    died: () => dead,
    revive: () => {
      Object.assign(sql, { exec: alive });
      // What a transaction had not finished is not there after a restart.
      try {
        alive("ROLLBACK");
      } catch {
        // None was open.
      }
    },
  };
}

function unexplained(rig: TradingRig): string[] {
  const { sql } = rig.parts.storage;
  const begun = sql
    .exec<{ coid: string; job: string }>(
      `SELECT event ->> '$.meta.coid' AS coid, event ->> '$.meta.job_id' AS job FROM audit_log
       WHERE event ->> '$.type' = 'order.submitted'`,
    )
    .toArray();
  // The order that a cancel is about was put there by the test.
  const intents = sql
    .exec<{ coid: string }>("SELECT coid FROM order_intents WHERE coid <> ?", WORKING)
    .toArray();
  const jobs = rig.jobs.filter(({ operation }) => /^order\.(place|modify|cancel)$/.test(operation));
  return [
    ...intents.filter(({ coid }) => !begun.some((one) => one.coid === coid)).map((i) => i.coid),
    ...jobs.filter(({ job_id }) => !begun.some(({ job }) => job === job_id)).map((j) => j.job_id),
  ];
}

const ACTS: Record<string, (rig: TradingRig) => Promise<() => Promise<unknown>>> = {
  submit: async (rig) => {
    const approval = await rig.approved();
    return () => rig.submit(approval);
  },
  cancel: async (rig) => {
    rig.working(WORKING, "77");
    return () => rig.cancel("77");
  },
};

it.each(Object.keys(ACTS))(
  "a kill between any two writes of a %s leaves no act unwritten",
  async (name) => {
    let kills = 0;
    for (let writes = 0; ; writes++) {
      const rig = tradingRig();
      const act = await ACTS[name]?.(rig);
      const { revive, died } = dyingAfter(rig, writes);
      await act?.().catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      revive();
      expect([writes, unexplained(rig)]).toEqual([writes, []]);
      if (!died()) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(4);
  },
  60_000,
);
