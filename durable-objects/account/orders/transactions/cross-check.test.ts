import { describe, expect, it } from "vitest";
import { ACCOUNT } from "../../../../test/support/order-desk.ts";
import { bookRow, stateEvent } from "../../../../test/support/scripted-pc.ts";
import { type TradingRig, tradingRig } from "../../../../test/support/trading-rig.ts";
import { listAlerts } from "../tables/alerts.ts";
import { nextNightly } from "./cross-check.ts";

const alerts = (rig: TradingRig) => listAlerts(rig.parts.storage.sql, 50);
const looks = (rig: TradingRig) =>
  rig.jobs.filter(({ operation }) => operation === "orders.reconcile").length;
const refOf = (answer: { order: { order_ref: string } | null }) => answer.order?.order_ref ?? "";

/** The PC is back and the alarm rings. */
async function checked(rig: TradingRig): Promise<void> {
  rig.desk.connected();
  rig.clock.now += 1_000;
  await rig.desk.alarm();
}

describe("the broker's book against the log", () => {
  it("an order with its intent, its yes and its leaf is explained; one placed elsewhere is foreign", async () => {
    const rig = tradingRig();
    const ref = refOf(await rig.trade());
    rig.pc.book = [bookRow(ref), bookRow(null, { order_id: "901" }), bookRow("my-own-ref")];
    await checked(rig);
    expect(looks(rig)).toBe(1);
    expect(alerts(rig)).toEqual([]);
  });

  it("a bracket's leg is explained by its parent, and a group's member by its group", async () => {
    const rig = tradingRig();
    const ref = refOf(await rig.trade());
    rig.pc.book = [bookRow(ref), bookRow(null, { parent_id: ref }), bookRow(`${ref}-a`)];
    await checked(rig);
    expect(alerts(rig)).toEqual([]);
  });

  const FORGED = "ieg1-00000000000000000000000000ff";
  it.each([
    ["no intent", () => FORGED, "this gateway let out no such order"],
    [
      "an intent of another account",
      (rig: TradingRig, ref: string) => {
        rig.working("ieg1-0123456789abcdef0123456789ac", "502");
        rig.parts.storage.sql.exec(
          "UPDATE order_intents SET broker_account = 'DU7654321' WHERE coid = ?",
          ref,
        );
        return ref;
      },
      "this gateway let out no such order",
    ],
    [
      "an approval that was never given",
      (rig: TradingRig, ref: string) => {
        rig.parts.storage.sql.exec("UPDATE order_approvals SET state = 'denied'");
        return ref;
      },
      "this gateway knows of no approval for it",
    ],
    [
      "no approval at all",
      (rig: TradingRig, ref: string) => {
        rig.parts.storage.sql.exec("UPDATE order_intents SET approval_id = NULL");
        return ref;
      },
      "this gateway knows of no approval for it",
    ],
    [
      "no leaf",
      (rig: TradingRig, ref: string) => {
        rig.parts.storage.sql.exec(
          `UPDATE audit_log SET event = replace(event, ?, 'ieg1-other') WHERE instr(event, 'order.submitted')`,
          ref,
        );
        return ref;
      },
      "its event is missing from the audit log",
    ],
  ])("an order with %s alerts, once however often it is seen", async (_what, bend, says) => {
    const rig = tradingRig();
    const ref = bend(rig, refOf(await rig.trade()));
    rig.pc.book = [bookRow(ref, { order_id: "977" })];
    // SidecarAnswer by the stream, as it happens; then by the list, twice.
    rig.desk.event({
      type: "broker.order",
      payload: {
        event_key: "order|977|1",
        source: "simulator",
        observed_at: new Date(rig.clock.now).toISOString(),
        order: bookRow(ref, { order_id: "977" }),
      },
    });
    await checked(rig);
    await checked(rig);
    expect(alerts(rig)).toMatchObject([
      { kind: "unexplained_order", key: `unexplained:${ref}`, cancelOffered: ["977"] },
    ]);
    expect(alerts(rig)[0]?.message).toContain(says);
    expect(rig.leaves.filter(({ type }) => type === "order.alert")).toHaveLength(1);
    expect(rig.pc.told.map(({ kind }) => kind)).toEqual(["unexplained_order"]);
  });

  it("under a mandate the leaf names the owner's yes", async () => {
    const rig = tradingRig();
    const ref = "ieg1-0123456789abcdef0123456789ab";
    rig.working(ref, "501");
    rig.parts.log({
      type: "order.submitted",
      kind: "agent",
      clientId: "client-1",
      sidecarId: null,
      brokerAccount: ACCOUNT,
      decision: "allow",
      errorCode: null,
      requestId: "r",
      meta: { coid: ref, mandate: "md_1" },
    });
    rig.pc.book = [bookRow(ref)];
    await checked(rig);
    expect(alerts(rig)).toEqual([]);
  });

  it("is made on every reconnect and once a night, and not in between", async () => {
    const rig = tradingRig();
    const ref = refOf(await rig.trade());
    rig.desk.event(stateEvent(rig, ref, "working"));
    rig.pc.book = [bookRow(ref)];
    await checked(rig);
    expect(looks(rig)).toBe(1);
    // 10:00 in New York; nothing but the day's losses is looked at until 20:15.
    for (let minute = 0; minute < 30; minute += 1) {
      rig.clock.now += 60_000;
      await rig.desk.alarm();
    }
    expect(looks(rig)).toBe(1);
    rig.clock.now = Date.parse("2026-11-21T01:14:59.000Z");
    await rig.desk.alarm();
    expect(looks(rig)).toBe(1);
    rig.clock.now = Date.parse("2026-11-21T01:15:00.000Z");
    expect(rig.desk.alarmAt()).toBeLessThanOrEqual(rig.clock.now + 1_000);
    await rig.desk.alarm();
    expect(looks(rig)).toBe(2);
    // The day is over and with it the watch: the alarm sleeps until the next night.
    rig.clock.now = Date.parse("2026-11-21T12:00:00.000Z");
    rig.copied();
    await rig.desk.alarm();
    expect(rig.desk.alarmAt()).toBe(Date.parse("2026-11-22T01:15:00.000Z"));
    await checked(rig);
    expect(looks(rig)).toBe(3);
  });

  it("the night is New York's, over its clock changes", () => {
    const next = (at: string) => new Date(nextNightly(Date.parse(at))).toISOString();
    expect(next("2026-11-20T15:00:00Z")).toBe("2026-11-21T01:15:00.000Z");
    expect(next("2026-11-21T01:14:59Z")).toBe("2026-11-21T01:15:00.000Z");
    expect(next("2026-11-21T01:15:00Z")).toBe("2026-11-22T01:15:00.000Z");
    expect(next("2026-07-20T15:00:00Z")).toBe("2026-07-21T00:15:00.000Z");
  });

  it("a book that cannot be read is asked again after a pause, and is checked by no half-read", async () => {
    const rig = tradingRig();
    await rig.trade();
    rig.desk.connected();
    rig.pc.bookProved = false;
    rig.clock.now += 1_000;
    await rig.desk.alarm();
    expect(looks(rig)).toBe(1);
    const again = rig.desk.alarmAt() ?? 0;
    expect(again - rig.clock.now).toBeGreaterThanOrEqual(1_000);
    rig.clock.now += 60_000;
    rig.pc.bookProved = true;
    await rig.desk.alarm();
    expect(looks(rig)).toBe(2);
    expect(
      rig.parts.storage.sql.exec("SELECT broker_account FROM order_cross_checks").toArray(),
    ).toEqual([{ broker_account: ACCOUNT }]);
  });
});
