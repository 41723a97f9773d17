import { describe, expect, it } from "vitest";
import { ACCOUNT } from "../../../../test/support/order-desk.ts";
import { accepts, lost, refusedHere, refuses } from "../../../../test/support/scripted-pc.ts";
import { Refused, type TradingRig, tradingRig } from "../../../../test/support/trading-rig.ts";
import { AUDIT_BACKLOG_MAX_ROWS, AUDIT_SHIP_MAX_ROWS, shipAudit } from "../../audit/outbox.ts";
import { limitsOf } from "../agent/limits-status.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import { tradingStateOf } from "../rules/limits/trading-state.ts";
import { listAlerts } from "../tables/alerts.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { engagedKills } from "../tables/kill-switches.ts";
import { liftKill } from "./kill-switches.ts";

const kills = (rig: TradingRig) => engagedKills(rig.parts.storage.sql);
const alerts = (rig: TradingRig) =>
  listAlerts(rig.parts.storage.sql, 50)
    .map(({ kind }) => kind)
    .filter((kind) => kind !== "outcome_unknown");
const engagedLeaves = (rig: TradingRig) =>
  rig.leaves.filter(({ type }) => type === "kill.engaged").map(({ meta }) => meta.cause);
const codes = (answer: { refusals: { code: string }[] }) => answer.refusals.map(({ code }) => code);
const refusedAsk = async (asked: Promise<string>) => {
  const thrown: unknown = await asked.then(
    () => null,
    (error: unknown) => error,
  );
  return thrown instanceof Refused ? thrown.codes : ["was asked"];
};

/** Counts nothing but what the test is about. */
const loose = (stopAfterErrors: number | null = 5) =>
  tradingRig((policy) => {
    policy.behaviour.stop_after_errors = stopAfterErrors;
    for (const limits of [policy.cumulative, policy.clients]) {
      for (const key of Object.keys(limits)) {
        if (key.startsWith("max_")) Object.assign(limits, { [key]: null });
      }
    }
    policy.cumulative.repeat_times = null;
    policy.behaviour.duplicate_window_seconds = null;
    policy.portfolio.max_position_notional = null;
  });

/** A D1 that takes whatever is copied to it. */
const takesAll = {
  prepare: () => ({ bind: () => ({ run: async () => ({ success: true }) }) }),
} as unknown as D1Database;

const orderIdOf = (answer: object): string =>
  String(/"order_id":"(\d+)"/.exec(JSON.stringify(answer))?.[1]);

/** An exit and a cancel go through whatever stopped the entries. */
async function waysOutPass(rig: TradingRig, orderId: string): Promise<void> {
  const before = rig.pc.place;
  rig.pc.effect = "exit";
  rig.pc.place = accepts;
  expect((await rig.trade({ side: "SELL", limit_price: "187.11" })).refusals).toEqual([]);
  expect((await rig.cancel(orderId)).refusals).toEqual([]);
  rig.pc.effect = "entry";
  rig.pc.place = before;
}

const lift = (rig: TradingRig, actor: "owner" | "agent" | "policy") =>
  liftKill(rig.parts.storage.sql, {
    scope: "broker_account",
    subject: ACCOUNT,
    actor,
    epoch: killEpoch(rig.parts.storage.sql),
  });

describe("a breached loss limit stops trading by itself", () => {
  it("beyond the hard limit: the switch is engaged once, with cause, alert and leaf, and only the owner lifts it", async () => {
    const rig = loose();
    const worked = await rig.trade();
    const waiting = await rig.approved({ limit_price: "187.24" });
    // Between the owner's yes and the submit the day is lost.
    rig.pc.account = { daily_pnl: "-2000.01" };
    expect(codes(await rig.submit(waiting))).toEqual(
      expect.arrayContaining(["KILL_SWITCH_CLOSED", "TRADING_STATE_REFUSED", "DAILY_LOSS_LIMIT"]),
    );
    expect(kills(rig)).toMatchObject([
      { scope: "broker_account", subject: ACCOUNT, actor: "policy", effect: "freeze" },
    ]);
    expect(kills(rig)[0]?.reason).toBe("Today's loss is 2000.01; the hard limit is 2000.");
    expect(engagedLeaves(rig)).toEqual(["daily_loss_hard"]);
    expect(alerts(rig)).toEqual(["kill_switch_engaged"]);
    // The same loss, seen again and again, tells nothing new.
    await refusedAsk(rig.approved({ limit_price: "187.23" }));
    expect(engagedLeaves(rig)).toHaveLength(1);
    expect(alerts(rig)).toHaveLength(1);

    await waysOutPass(rig, orderIdOf(worked));

    expect([lift(rig, "agent"), lift(rig, "policy")]).toEqual([false, false]);
    expect(limitsOf(rig.parts, ACCOUNT).trading_state).toBe("halted");
    // It does not end with the day.
    expect(
      tradingStateOf(rig.parts.storage.sql, ACCOUNT, tradingDay(rig.clock.now + 86_400_000)),
    ).toBe("halted");
    expect(lift(rig, "owner")).toBe(true);
    expect(limitsOf(rig.parts, ACCOUNT).trading_state).toBe("active");
    // Lifted is lifted, for this day's loss; but entries stay refused by the loss itself.
    expect(await refusedAsk(rig.approved({ limit_price: "187.22" }))).toEqual(["DAILY_LOSS_LIMIT"]);
    expect(kills(rig)).toEqual([]);
    rig.pc.account = { daily_pnl: "0" };
    expect((await rig.trade({ limit_price: "187.21" })).refusals).toEqual([]);
  });

  it("beyond the soft limit: exits only for the rest of the day, also when the loss is made good", async () => {
    const rig = loose();
    const worked = await rig.trade();
    rig.pc.account = { daily_pnl: "-1000.01" };
    expect(await refusedAsk(rig.approved())).toEqual(["TRADING_STATE_REFUSED", "DAILY_LOSS_LIMIT"]);
    rig.pc.account = { daily_pnl: "50" };
    expect(await refusedAsk(rig.approved())).toEqual(["TRADING_STATE_REFUSED"]);
    expect(kills(rig)).toEqual([]);
    expect(alerts(rig)).toEqual(["daily_loss_soft"]);
    expect(rig.leaves.filter(({ type }) => type === "order.alert")).toMatchObject([
      { meta: { alert: "daily_loss_soft" } },
    ]);
    await waysOutPass(rig, orderIdOf(worked));
    rig.clock.now += 86_400_000;
    rig.copied();
    expect((await rig.trade()).refusals).toEqual([]);
  });

  it("a fall from the peak halts as the hard limit does", async () => {
    const rig = tradingRig((policy) => {
      policy.behaviour.max_drawdown_percent = "10";
    });
    rig.pc.account = { net_liquidation: "89000", peak_net_liquidation: "100000" };
    expect(await refusedAsk(rig.approved())).toContain("KILL_SWITCH_CLOSED");
    expect(kills(rig)[0]?.reason).toBe(
      "The account has fallen 11 % from its peak; the limit is 10 %.",
    );
    expect(engagedLeaves(rig)).toEqual(["drawdown"]);
  });

  it("an unknown result stops nothing and is no zero: entries are denied, exits and cancels pass", async () => {
    const rig = loose();
    const worked = await rig.trade();
    rig.pc.account = { daily_pnl: null };
    expect(await refusedAsk(rig.approved())).toEqual(["DAILY_LOSS_LIMIT"]);
    rig.pc.facts = { account: null };
    expect(await refusedAsk(rig.approved())).toContain("DAILY_LOSS_LIMIT");
    expect([kills(rig), alerts(rig)]).toEqual([[], []]);
    await waysOutPass(rig, orderIdOf(worked));
    // Nor does it undo what a known loss has done.
    rig.pc.facts = {};
    rig.pc.account = { daily_pnl: "-2500" };
    await refusedAsk(rig.approved());
    rig.pc.account = { daily_pnl: null };
    await refusedAsk(rig.approved());
    expect(kills(rig)).toHaveLength(1);
  });

  it("is noticed without anybody asking for an order, while the account trades that day", async () => {
    const rig = loose();
    // Nothing was traded today: nothing is looked at, and the alarm is not set.
    await rig.desk.alarm();
    expect([rig.jobs.length, rig.desk.alarmAt()]).toEqual([0, null]);
    await rig.trade();
    rig.pc.book = [];
    const looks = () => rig.jobs.filter(({ operation }) => operation === "pnl.daily").length;
    await rig.desk.alarm();
    expect(looks()).toBe(1);
    await rig.desk.alarm();
    expect(looks()).toBe(1);
    rig.pc.pnl = { daily: null };
    rig.clock.now += 60_000;
    await rig.desk.alarm();
    expect([looks(), kills(rig)]).toEqual([2, []]);
    // No answer: asked again later, and nothing is taken for proved.
    rig.pc.pnl = null;
    rig.clock.now += 60_000;
    await rig.desk.alarm();
    rig.clock.now += 60_000;
    await rig.desk.alarm();
    expect([looks(), kills(rig)]).toEqual([3, []]);
    rig.pc.pnl = { daily: "-2100" };
    rig.clock.now += 300_000;
    await rig.desk.alarm();
    expect(kills(rig)).toMatchObject([{ actor: "policy", scope: "broker_account" }]);
    expect(engagedLeaves(rig)).toEqual(["daily_loss_hard"]);
  });
});

describe("a row of failed orders stops trading by itself", () => {
  it("so many in a row, refused or unknown, and not one fewer", async () => {
    const rig = loose();
    rig.pc.place = refuses;
    for (let n = 0; n < 4; n += 1) await rig.trade({ limit_price: `18${n}.1` });
    expect(kills(rig)).toEqual([]);
    rig.pc.place = lost;
    await rig.trade({ limit_price: "186.1" });
    expect(kills(rig)).toMatchObject([
      {
        scope: "broker_account",
        actor: "policy",
        reason: "5 orders in a row failed or cannot be proved; the limit is 5.",
      },
    ]);
    expect(engagedLeaves(rig)).toEqual(["error_streak"]);
    expect(alerts(rig)).toEqual(["kill_switch_engaged"]);
    expect(await refusedAsk(rig.approved())).toContain("KILL_SWITCH_CLOSED");
    rig.pc.effect = "exit";
    rig.pc.place = accepts;
    expect((await rig.trade({ side: "SELL" })).refusals).toEqual([]);
  });

  it.each([
    [2, 1],
    [3, 0],
    [null, 0],
  ])("by the policy's own number: stop_after_errors %s after two", async (limit, engaged) => {
    const rig = loose(limit);
    rig.pc.place = refuses;
    for (let n = 0; n < 2; n += 1) await rig.trade({ limit_price: `18${n}.1` });
    expect(kills(rig)).toHaveLength(engaged);
  });

  it("one that is taken ends the row; what the PC never had is none of it", async () => {
    const rig = loose();
    const results = [refuses, refuses, accepts, refuses, refuses, refuses, refuses];
    for (const [n, place] of results.entries()) {
      rig.pc.place = place;
      rig.clock.now += 1_000;
      await rig.trade({ limit_price: `18${n}.1` });
    }
    for (let n = 0; n < 5; n += 1) {
      rig.pc.place = () => ({
        ok: false,
        code: "UNAVAILABLE",
        message: "busy",
        retryable: true,
        outcome: "not_executed",
      });
      rig.clock.now += 1_000;
      await rig.trade({ limit_price: `17${n}.1` });
    }
    expect(kills(rig)).toEqual([]);
  });

  it("what the PC refused before sending it is none of it, and ends no row either", async () => {
    const rig = loose();
    const results = [
      refuses,
      refuses,
      ...Array.from({ length: 6 }, () => refusedHere),
      refuses,
      refuses,
    ];
    for (const [n, place] of results.entries()) {
      rig.pc.place = place;
      rig.clock.now += 1_000;
      await rig.trade({ limit_price: `18${n % 10}.${1 + Math.floor(n / 10)}` });
    }
    expect(kills(rig)).toEqual([]);
    rig.pc.place = refuses;
    rig.clock.now += 1_000;
    await rig.trade({ limit_price: "179.3" });
    expect(kills(rig)).toMatchObject([
      { reason: "5 orders in a row failed or cannot be proved; the limit is 5." },
    ]);
  });

  it("after the owner lifted it, only what fails from then on counts", async () => {
    const rig = loose();
    rig.pc.place = refuses;
    for (let n = 0; n < 5; n += 1) await rig.trade({ limit_price: `18${n}.1` });
    expect(lift(rig, "owner")).toBe(true);
    rig.clock.now += 1_000;
    for (let n = 0; n < 4; n += 1) await rig.trade({ limit_price: `17${n}.1` });
    expect(kills(rig)).toEqual([]);
    await rig.trade({ limit_price: "176.1" });
    expect(kills(rig)).toHaveLength(1);
    expect(engagedLeaves(rig)).toEqual(["error_streak", "error_streak"]);
  });
});

describe("an audit log that is not copied stops trading by itself", () => {
  it("once for one outage, for every account, with exits and cancels passing", async () => {
    const rig = loose();
    const worked = await rig.trade();
    rig.clock.now += 15 * 60_000 + 1;
    await rig.desk.alarm();
    expect(kills(rig)).toMatchObject([{ scope: "gateway", actor: "policy" }]);
    expect(engagedLeaves(rig)).toEqual(["audit_backlog"]);
    await rig.desk.alarm();
    expect(engagedLeaves(rig)).toHaveLength(1);
    expect(await refusedAsk(rig.approved())).toContain("KILL_SWITCH_CLOSED");
    await waysOutPass(rig, orderIdOf(worked));
    const { sql } = rig.parts.storage;
    const lifted = { scope: "gateway", subject: null, epoch: killEpoch(sql) } as const;
    expect(liftKill(sql, { ...lifted, actor: "agent" })).toBe(false);
    expect(liftKill(sql, { ...lifted, actor: "owner" })).toBe(true);
    await rig.desk.alarm();
    expect(kills(rig)).toEqual([]);
    // Copied, and then stuck again: that is another outage.
    await shipAudit(sql, takesAll, rig.parts.accountId, rig.parts.now);
    await rig.trade({ limit_price: "187.2" });
    rig.clock.now += 15 * 60_000 + 1;
    await rig.desk.alarm();
    expect(engagedLeaves(rig)).toEqual(["audit_backlog", "audit_backlog"]);
  });

  it("once while a backlog drains, however often it is past its bound meanwhile, and lifted stays lifted", async () => {
    const rig = loose();
    const { sql } = rig.parts.storage;
    const fill = (events: number) =>
      sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO audit_log (seq, nodes, event, appended_at)
         SELECT (SELECT MAX(seq) FROM audit_log) + i, zeroblob(640), '{}', ?2 FROM n`,
        events,
        rig.clock.now,
      );
    const ship = async (rounds: number) => {
      for (let round = 0; round < rounds; round += 1) {
        await shipAudit(sql, takesAll, rig.parts.accountId, rig.parts.now);
        await rig.desk.alarm();
      }
    };
    fill(AUDIT_BACKLOG_MAX_ROWS + 3 * AUDIT_SHIP_MAX_ROWS);
    await ship(1);
    expect(engagedLeaves(rig)).toEqual(["audit_backlog"]);
    const lifted = { scope: "gateway", subject: null, actor: "owner" } as const;
    expect(liftKill(sql, { ...lifted, epoch: killEpoch(sql) })).toBe(true);
    // Under the bound and over it again, and under it for good: it never caught up between.
    await ship(4);
    fill(4 * AUDIT_SHIP_MAX_ROWS);
    await ship(6);
    expect([kills(rig), engagedLeaves(rig), alerts(rig)]).toEqual([
      [],
      ["audit_backlog"],
      ["kill_switch_engaged"],
    ]);
    // Caught up: what comes then is another outage.
    await ship(25);
    rig.clock.now += 60_000;
    fill(AUDIT_BACKLOG_MAX_ROWS + 1);
    await rig.desk.alarm();
    expect(engagedLeaves(rig)).toEqual(["audit_backlog", "audit_backlog"]);
  });
});
