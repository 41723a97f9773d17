import { describe, expect, it } from "vitest";
import { outcome } from "../../../test/support/order-desk.ts";
import { lost } from "../../../test/support/scripted-pc.ts";
import { type TradingRig, tradingRig } from "../../../test/support/trading-rig.ts";
import { ORPHAN_MS } from "./sidecar-calls/send-order.ts";
import { listAlerts } from "./tables/alerts.ts";
import { findApproval } from "./tables/approvals.ts";
import { findIntent } from "./tables/intents/rows.ts";
import { raiseAlert } from "./transactions/raise-alert.ts";

const alerts = (rig: TradingRig) => listAlerts(rig.parts.storage.sql, 50);

describe("a write whose waiter is gone with the object's memory", () => {
  /** Let out, and the answer never comes. */
  async function orphan(): Promise<{ rig: TradingRig; coid: string; job: string }> {
    const rig = tradingRig();
    const approval = await rig.approved();
    rig.pc.place = () => new Promise(() => {});
    void rig.submit(approval);
    for (let n = 0; n < 20; n += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const [row] = rig.parts.storage.sql
      .exec<{ coid: string; job_id: string }>("SELECT coid, job_id FROM order_intents")
      .toArray();
    if (row === undefined) throw new Error("nothing was let out");
    return { rig, coid: row.coid, job: row.job_id };
  }
  const stands = (rig: TradingRig, coid: string) => findIntent(rig.parts.storage.sql, coid);

  it("is settled by the alarm half a minute later and not before, as unknown, and the owner is told", async () => {
    const { rig, coid } = await orphan();
    rig.clock.now += ORPHAN_MS - 1;
    await rig.desk.alarm();
    expect(stands(rig, coid)?.state).toBe("submitting");
    expect(rig.desk.alarmAt()).not.toBeNull();
    rig.clock.now += 1;
    await rig.desk.alarm();
    expect(["unknown", "reconciling"]).toContain(stands(rig, coid)?.state);
    expect(alerts(rig)).toMatchObject([{ kind: "outcome_unknown", coid }]);
    expect(rig.leaves.filter(({ type }) => type === "order.alert")).toHaveLength(1);
    const places = () => rig.jobs.filter(({ operation }) => operation === "order.place").length;
    expect(places()).toBe(1);
    await rig.desk.alarm();
    expect([alerts(rig).length, places()]).toEqual([1, 1]);
  });

  it("takes the answer that was stored meanwhile", async () => {
    const { rig, coid, job } = await orphan();
    const told = outcome({ coid, state: "accepted", proved_by: "submit_answer" }, "501", 0);
    rig.parts.storage.sql.exec(
      "UPDATE relay_jobs SET record = ?, settled_at = 1 WHERE job_id = ?",
      JSON.stringify({ ok: true, result: told, resultSha256: "" }),
      job,
    );
    rig.clock.now += ORPHAN_MS;
    await rig.desk.alarm();
    expect(stands(rig, coid)?.state).toBe("accepted");
    expect(alerts(rig)).toEqual([]);
  });

  it("whose frame never left gives its approval back", async () => {
    const { rig, coid, job } = await orphan();
    rig.parts.storage.sql.exec("DELETE FROM relay_jobs WHERE job_id = ?", job);
    rig.clock.now += ORPHAN_MS;
    await rig.desk.alarm();
    const intent = stands(rig, coid);
    expect(intent).toMatchObject({ state: "rejected", ledger: "released", delivered: 0 });
    expect(
      findApproval(rig.parts.storage.sql, intent?.approval_id ?? "", rig.clock.now)?.state,
    ).toBe("approved");
  });
});

describe("a PC that is away", () => {
  it("while orders are open is told to the owner after five minutes, once, and not when nothing is open", async () => {
    const rig = tradingRig();
    rig.presence.lastSeenAt = rig.clock.now;
    rig.presence.online = false;
    rig.clock.now += 3_600_000;
    await rig.desk.alarm();
    expect([alerts(rig), rig.desk.alarmAt()]).toEqual([[], null]);
    rig.presence.online = true;
    await rig.trade();
    rig.presence.online = false;
    rig.presence.lastSeenAt = rig.clock.now;
    await rig.desk.alarm();
    expect(alerts(rig)).toEqual([]);
    expect(rig.desk.alarmAt()).toBe(rig.clock.now + 300_000);
    rig.clock.now += 300_000;
    await rig.desk.alarm();
    expect(alerts(rig)).toMatchObject([{ kind: "session_lost" }]);
    expect(rig.desk.alarmAt()).toBeNull();
    rig.clock.now += 300_000;
    await rig.desk.alarm();
    expect(alerts(rig)).toHaveLength(1);
    // Back, and away again: that is another time.
    rig.presence.lastSeenAt = rig.clock.now;
    rig.clock.now += 300_000;
    await rig.desk.alarm();
    expect(alerts(rig)).toHaveLength(2);
  });
});

describe("an outcome nobody hears", () => {
  it("stays in doubt while the PC is away, and is looked for as soon as it is back", async () => {
    const rig = tradingRig();
    rig.pc.place = lost;
    const answer = await rig.trade();
    expect(answer.order?.state).toBe("unknown");
    rig.pc.book = [];
    rig.desk.connected();
    rig.clock.now += 1_000;
    await rig.desk.alarm();
    const looks = rig.jobs.filter(({ operation }) => operation === "orders.reconcile");
    expect(looks).toHaveLength(1);
    expect(alerts(rig).map(({ kind }) => kind)).toEqual(["outcome_unknown"]);
  });
});

describe("what the PC is told", () => {
  it("a stop goes before a burst of other alerts, and waits for none of them to be taken", async () => {
    const rig = tradingRig();
    const say = (kind: string, n: number) =>
      raiseAlert(rig.parts, {
        key: `${kind}:${n}`,
        kind,
        brokerAccount: null,
        coid: null,
        message: `${kind} ${n}`,
        brokerText: null,
        cancelOffered: [],
      });
    const told = () => rig.pc.told.map(({ message }) => message);
    for (let n = 0; n < 12; n += 1) {
      say("cancel_refused", n);
      rig.clock.now += 1;
    }
    say("kill_switch_engaged", 0);
    await rig.desk.alarm();
    expect(told()[0]).toBe("kill_switch_engaged 0");
    expect(told()).toContain("cancel_refused 0");
    // The PC takes no more of them for now; a stop is told in the same minute all the same.
    rig.pc.takesAlerts = false;
    await rig.desk.alarm();
    rig.pc.takesAlerts = true;
    rig.clock.now += 1_000;
    say("error_streak", 1);
    expect(rig.desk.alarmAt()).toBe(rig.clock.now);
    await rig.desk.alarm();
    expect(told().at(-1)).toBe("error_streak 1");
  });
});
