import { describe, expect, it } from "vitest";
import { defaultPolicy } from "../../../src/policy/defaults.ts";
import type { PolicyDocument } from "../../../src/policy/document.ts";
import { ACCOUNT, outcome } from "../../../test/support/order-desk.ts";
import {
  bookRow,
  lost,
  Refused,
  type TradingRig,
  tradingRig,
} from "../../../test/support/trading-rig.ts";
import { openOwnerSession } from "../owner-sessions.ts";
import { listAlerts } from "./alerts.ts";
import { findApproval } from "./approvals.ts";
import { nextNightly } from "./cross-check.ts";
import { findIntent } from "./intents.ts";
import { LOOSENING_DELAY_MS, policyInForce } from "./policies.ts";
import { ORPHAN_MS } from "./service-submit.ts";

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
    // Told by the stream, as it happens; then by the list, twice.
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

const stateEvent = (rig: TradingRig, coid: string, state: "working" | "filled") => ({
  type: "broker.order",
  payload: {
    kind: "intent_state",
    event_key: `intent|${coid}|${state}`,
    source: "simulator",
    observed_at: new Date(rig.clock.now).toISOString(),
    account_id: ACCOUNT,
    coid,
    intent_hash: null,
    job_id: null,
    state,
    before: "accepted",
    evidence: {
      source: "order_stream",
      says: state,
      filled: state === "filled" ? "1" : "0",
      remaining: state === "filled" ? "0" : "1",
      at: new Date(rig.clock.now).toISOString(),
    },
    orders: outcome({ coid, state, proved_by: "order_stream" }, "501", rig.clock.now).orders,
  },
});

describe("an event that comes again", () => {
  it("changes nothing: not a row, not a leaf", async () => {
    const rig = tradingRig();
    const coid = refOf(await rig.trade());
    const at = new Date(rig.clock.now).toISOString();
    const events = [
      stateEvent(rig, coid, "working"),
      {
        type: "broker.execution",
        payload: {
          event_key: "execution|e-1",
          source: "simulator",
          observed_at: at,
          execution: {
            execution_id: "e-1",
            account_id: ACCOUNT,
            order_id: "501",
            order_ref: coid,
            conid: 265598,
            symbol: "AAPL",
            asset_class: "STK",
            side: "buy",
            quantity: "1",
            price: "187.2",
            currency: "USD",
            commission: null,
            net_amount: null,
            exchange: null,
            liquidation: null,
            executed_at: at,
          },
        },
      },
      {
        type: "broker.alert",
        payload: {
          kind: "intent_alert",
          event_key: `alert|unprotected_position|${coid}`,
          source: "simulator",
          observed_at: at,
          alert: "unprotected_position",
          account_id: ACCOUNT,
          coid,
          intent_hash: null,
          message: "An entry stands without its exits.",
          broker_text: null,
          cancel_offered: ["501"],
        },
      },
      stateEvent(rig, coid, "filled"),
    ];
    for (const event of events) rig.desk.event(event);
    const once = dump(rig);
    expect(findIntent(rig.parts.storage.sql, coid)?.state).toBe("filled");
    expect(once.order_fills).toHaveLength(1);
    expect(once.order_alerts).toHaveLength(1);
    // Replayed whole, one by one, and backwards, an hour later.
    rig.clock.now += 3_600_000;
    for (const event of [...events, ...events.toReversed()]) rig.desk.event(event);
    expect(dump(rig)).toEqual(once);
  });
});

/** Every row but the times at which a row was last touched. */
function dump(rig: TradingRig): Record<string, unknown[]> {
  const { sql } = rig.parts.storage;
  const tables = sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'order_%' OR name = 'audit_log')",
    )
    .toArray();
  return Object.fromEntries(
    tables.map(({ name }) => [
      name,
      sql
        .exec(`SELECT * FROM ${name}`)
        .toArray()
        .map((row) => {
          const { updated_at: _touched, outcome: told, ...rest } = row;
          const at = /"at":"[^"]*"/g;
          return { ...rest, outcome: typeof told === "string" ? told.replace(at, "") : told };
        }),
    ]),
  );
}

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

describe("a looser policy without a signature", () => {
  const change = (rig: TradingRig, edit: (policy: PolicyDocument) => void) => {
    const document = defaultPolicy(ACCOUNT, "paper");
    edit(document);
    const source = { source: "s", method: "passkey", label: "" } as const;
    const { secret } = openOwnerSession(rig.parts.storage.sql, source, rig.clock.now);
    const basedOn = policyInForce(rig.parts.storage.sql, ACCOUNT, rig.clock.now)?.hash ?? "";
    return rig.desk
      .owner(() => ({
        sql: rig.parts.storage.sql,
        party: { id: "gateway.example", origin: "https://gateway.example" },
        audit: () => {},
        now: () => rig.clock.now,
      }))
      .changePolicy(secret, { document, basedOn, signed: null }, "r");
  };
  const ask = (rig: TradingRig, quantity: string) =>
    rig.approved({ quantity }).then(
      () => "asked",
      (thrown: unknown) => (thrown instanceof Refused ? thrown.codes.join() : String(thrown)),
    );

  it("takes effect after its day and not a moment before; a tighter one at once, for approved orders too", async () => {
    const rig = tradingRig();
    // Eleven are worth 2,059.75; the limit is 2,000.
    expect(await ask(rig, "11")).toBe("LIVE_NOTIONAL_LIMIT_REFUSED");
    const loosened = await change(rig, (policy) => {
      policy.order.max_notional = "3000";
    });
    expect(loosened).toMatchObject({ ok: true, waits: true });
    rig.clock.now += LOOSENING_DELAY_MS - 1;
    rig.copied();
    expect(await ask(rig, "11")).toBe("LIVE_NOTIONAL_LIMIT_REFUSED");
    rig.clock.now += 1;
    expect(await ask(rig, "11")).toBe("asked");

    const approval = await rig.approved({ quantity: "10" });
    const tightened = await change(rig, (policy) => {
      policy.order.max_notional = "1000";
    });
    expect(tightened).toMatchObject({ ok: true, waits: false });
    const refused = await rig.submit(approval);
    expect(refused.refusals.map(({ code }) => code)).toEqual(["LIVE_NOTIONAL_LIMIT_REFUSED"]);
    expect(await ask(rig, "6")).toBe("LIVE_NOTIONAL_LIMIT_REFUSED");
  });

  it("is undone by a tightening that comes before its day", async () => {
    const rig = tradingRig();
    await change(rig, (policy) => {
      policy.order.max_notional = "9000";
    });
    await change(rig, (policy) => {
      policy.order.max_notional = "1500";
    });
    rig.clock.now += 2 * LOOSENING_DELAY_MS;
    rig.copied();
    expect(await ask(rig, "9")).toBe("LIVE_NOTIONAL_LIMIT_REFUSED");
    expect(await ask(rig, "8")).toBe("asked");
  });
});

describe("an outcome nobody hears", () => {
  it("stays in doubt while the PC is away, and is looked for as soon as it is back", async () => {
    const rig = tradingRig();
    rig.pc.place = lost;
    const answer = await rig.trade();
    expect(answer.order?.state).toBe("unknown");
    rig.pc.book = [];
    await checked(rig);
    expect(looks(rig)).toBe(1);
    expect(alerts(rig).map(({ kind }) => kind)).toEqual(["outcome_unknown"]);
  });
});
