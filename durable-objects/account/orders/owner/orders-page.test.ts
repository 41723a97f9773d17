import { orderCancel } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import type { IntentStateEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { describe, expect, it } from "vitest";
import {
  ACCOUNT,
  admit,
  cancelOf,
  type DeskRig,
  deskRig,
  outcome,
  previewed,
  settled,
} from "../../../../test/support/order-desk.ts";
import { ownerVerbs } from "../../../../test/support/owner-verbs.ts";
import { SessionEnded } from "../../rpc/session-ended.ts";
import { createOrderService } from "../order-service.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { engage } from "../transactions/engage-kill-switch.ts";
import { raiseAlert } from "../transactions/raise-alert.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";
const ownerOf = (rig: DeskRig, requestId = "r-1") => ownerVerbs(rig, { requestId });

/** A sidecar that cancels what it is asked to cancel. */
const withdraws: Parameters<typeof deskRig>[0] = (job, rig) => {
  if (job.operation === "order.preview") {
    const { request } = orderPreview.input.parse(job.input);
    return previewed(cancelOf(request, COID), rig.clock.now);
  }
  const { coid } = orderCancel.input.parse(job.input);
  return settled(
    outcome(
      { action: "cancel", coid, state: "accepted", proved_by: "submit_answer" },
      "501",
      rig.clock.now,
    ),
  );
};
const away = {
  ok: false,
  code: "UNAVAILABLE",
  message: "gone",
  retryable: true,
  outcome: "not_executed",
} as const;
/** An order that was let out and of which nobody has told a number. */
function unnumbered(rig: DeskRig): void {
  rig.working(COID, "501");
  const { sql } = rig.parts.storage;
  sql.exec("UPDATE order_intents SET state = 'unknown', outcome = NULL WHERE coid = ?", COID);
}

const freeze = (rig: DeskRig) =>
  ownerOf(rig).trading.engageKill({
    scope: "gateway",
    subject: null,
    reason: "enough",
    effect: "freeze_and_cancel",
  });

/** What the PC tells when the broker's list shows the order. */
function turnsUp(rig: DeskRig, orderId: string, version: number): IntentStateEvent {
  const at = new Date(rig.clock.now).toISOString();
  return {
    kind: "intent_state",
    event_key: `intent|${COID}|${version}`,
    source: "simulator",
    observed_at: at,
    account_id: ACCOUNT,
    coid: COID,
    intent_hash: null,
    job_id: null,
    state: "working",
    before: "unknown",
    evidence: { source: "live_orders", says: "working", filled: "0", remaining: "1", at },
    orders: outcome(
      { coid: COID, state: "working", proved_by: "live_orders" },
      orderId,
      rig.clock.now,
    ).orders,
  };
}

const cancels = (rig: DeskRig) => rig.jobs.filter(({ operation }) => operation === "order.cancel");

describe("the owner", () => {
  it("withdraws a working order from the console, whatever agents the policy names", async () => {
    const rig = deskRig(withdraws, (policy) => {
      policy.clients.allowed = ["client-1"];
    });
    rig.working(COID, "501");
    const done = await ownerOf(rig).orders.ownerCancel({ coid: COID });
    expect(done.message).toBe(
      "The broker took the request to withdraw. The order may still fill until it is gone.",
    );
    expect(done.ok).toBe(true);
    expect(cancels(rig).map(({ input }) => input.order_id)).toEqual(["501"]);
    expect(findIntent(rig.parts.storage.sql, COID)?.state).toBe("working");
  });

  it("freezes and cancels: every working order gets its withdrawal, through the switch", async () => {
    const rig = deskRig(withdraws);
    rig.working(COID, "501");
    rig.working(`${COID.slice(0, -1)}c`, "502");
    const engaged = await ownerOf(rig).trading.engageKill({
      scope: "gateway",
      subject: null,
      reason: "enough",
      effect: "freeze_and_cancel",
    });
    expect(engaged).toBe(true);
    await expect.poll(() => cancels(rig).length).toBe(2);
    const { alerts } = await ownerOf(rig).orders.ordersPage();
    expect(alerts.map(({ kind }) => kind)).toEqual(["kill_switch_engaged"]);
  });

  it("is told of every withdrawal that was not taken", async () => {
    const rig = deskRig(() => away);
    rig.working(COID, "501");
    await ownerOf(rig).trading.engageKill({
      scope: "gateway",
      subject: null,
      reason: "enough",
      effect: "freeze_and_cancel",
    });
    await expect
      .poll(async () => (await ownerOf(rig).orders.ordersPage()).alerts)
      .toMatchObject([
        { kind: "cancel_refused", coid: COID, cancelOffered: ["501"] },
        { kind: "kill_switch_engaged" },
      ]);
  });

  it("freezes and cancels while the PC is away: it is cancelled when that is back, once", async () => {
    let here = false;
    const rig = deskRig((job) => (here ? withdraws(job, rig) : away));
    rig.working(COID, "501");
    const desk = createOrderService(rig.parts);
    const told = () => cancels(rig).length;
    await ownerVerbs(rig, { orders: desk }).trading.engageKill({
      scope: "gateway",
      subject: null,
      reason: "enough",
      effect: "freeze_and_cancel",
    });
    await expect.poll(told).toBe(1);
    rig.clock.now += 60_000;
    // The PC is back before its broker session is.
    desk.connected();
    await expect.poll(told).toBe(2);
    rig.clock.now += 60_000;
    here = true;
    desk.event({ type: "broker.session", payload: {} });
    await expect.poll(told).toBe(3);
    rig.clock.now += 60_000;
    desk.event({ type: "broker.session", payload: {} });
    desk.connected();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told()).toBe(3);
  });

  it("asks no PC again for what that PC itself refused", async () => {
    const rig = deskRig((job) => {
      const { coid } = orderCancel.input.parse(job.input);
      const said = { action: "cancel", coid, state: "rejected" } as const;
      const refusals = [
        refusal("ORDER_NOT_MODIFIABLE", "order_id", "in_broker_list", "Not there."),
      ];
      return settled(
        outcome({ ...said, proved_by: "sidecar_not_sent", refusals }, "501", rig.clock.now),
      );
    });
    rig.working(COID, "501");
    const desk = createOrderService(rig.parts);
    await freeze(rig);
    await expect.poll(() => cancels(rig).length).toBe(1);
    rig.clock.now += 60_000;
    desk.connected();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(cancels(rig)).toHaveLength(1);
  });

  it("stops one account, or one agent: only what that covers is withdrawn, and only there", async () => {
    const other = `${COID.slice(0, -1)}c`;
    const rig = deskRig(withdraws);
    rig.working(COID, "501");
    rig.working(other, "502", { client_id: "client-2", broker_account: "DU7654321" });
    const stop = (scope: "agent" | "broker_account", subject: string) =>
      ownerOf(rig, `r-${subject}`).trading.engageKill({
        scope,
        subject,
        reason: "enough",
        effect: "freeze_and_cancel",
      });
    await stop("agent", "client-2");
    await expect.poll(() => cancels(rig).map(({ input }) => input.order_id)).toEqual(["502"]);
    await stop("broker_account", ACCOUNT);
    await expect
      .poll(() => cancels(rig).map(({ input }) => input.order_id))
      .toEqual(["502", "501"]);
    const { kill } = await ownerOf(rig).trading.tradingSettings();
    expect(kill.switches.map(({ scope, subject }) => [scope, subject])).toEqual([
      ["agent", "client-2"],
      ["broker_account", ACCOUNT],
    ]);
  });

  it("freezes and cancels an order whose number nobody knows by its reference", async () => {
    const rig = deskRig(withdraws);
    unnumbered(rig);
    await freeze(rig);
    await expect.poll(() => cancels(rig).length).toBe(1);
    expect(cancels(rig)[0]?.input).toMatchObject({ order_id: null, order_ref: COID, by: "owner" });
  });

  it("is told of an order that was not found; it is withdrawn, once, when it turns up", async () => {
    const rig = deskRig((job, on) => {
      const { coid, order_id } = orderCancel.input.parse(job.input);
      const state = order_id === null ? ("rejected" as const) : ("accepted" as const);
      const told = outcome(
        { action: "cancel", coid, state, proved_by: "submit_answer" },
        order_id,
        on.clock.now,
      );
      const why = "The broker's list does not show the order now.";
      return settled(
        order_id === null
          ? {
              ...told,
              proved_by: "sidecar_not_sent",
              orders: [],
              refusals: [refusal("ORDER_NOT_MODIFIABLE", "order_ref", "in_broker_list", why)],
            }
          : told,
      );
    });
    unnumbered(rig);
    await freeze(rig);
    await expect
      .poll(async () => (await ownerOf(rig).orders.ordersPage()).alerts.map(({ kind }) => kind))
      .toContain("cancel_refused");
    const { alerts } = await ownerOf(rig).orders.ordersPage();
    expect(alerts.find(({ kind }) => kind === "cancel_refused")).toMatchObject({
      coid: COID,
      message: expect.stringContaining("does not show the order now"),
      cancelOffered: [],
    });
    // The broker shows it after all; told twice, as the line may repeat it.
    rig.clock.now += 60_000;
    const desk = createOrderService(rig.parts);
    for (const version of [1, 2]) {
      desk.event({ type: "broker.order", payload: turnsUp(rig, "777", version) });
      await expect.poll(() => cancels(rig).map(({ input }) => input.order_id)).toContain("777");
    }
    expect(cancels(rig).map(({ input }) => input.order_id)).toEqual([null, "777"]);
    // The first was the owner's own; the second nobody but the gateway asked for.
    const signed = rig.leaves.filter(
      ({ type, meta }) => type === "order.submitted" && meta.action === "cancel",
    );
    expect(signed.map(({ kind, clientId }) => [kind, clientId])).toEqual([
      ["owner", null],
      ["gateway", null],
    ]);
    const { orders } = ownerOf(rig).orders.ordersPage();
    expect(orders.map(({ clientName }) => clientName).sort()).toEqual([
      "An agent",
      "The gateway",
      "You",
    ]);
  });

  it("is nobody but who is signed in: a client that bears the name is a client", async () => {
    const rig = deskRig(withdraws);
    rig.working(COID, "501");
    for (const clientId of ["owner", "gateway"]) {
      const told = await createOrderService(rig.parts).runTool(
        { clientId, scopes: ["ibkr:orders:paper:cancel"], requestId: "r" },
        {
          operation: "trade.cancel",
          input: {
            account_id: ACCOUNT,
            mode: "paper",
            order_id: "501",
            idempotency_key: "key-00000001",
          },
        },
      );
      expect(told).toMatchObject({
        result: { outcome: "refused", refusals: [{ code: "AUTH_MISSING_SCOPE" }] },
      });
    }
    expect(cancels(rig)).toEqual([]);
    expect(rig.leaves.at(-1)).toMatchObject({ type: "order.refused", kind: "agent" });
  });

  it.each(["policy", "agent", "owner"] as const)(
    "adds the withdrawal to a switch that %s engaged before: what turns up later is withdrawn, once",
    async (actor) => {
      const rig = deskRig((job, on) => {
        const { coid, order_id } = orderCancel.input.parse(job.input);
        const state = order_id === null ? ("rejected" as const) : ("accepted" as const);
        return settled(
          outcome(
            { action: "cancel", coid, state, proved_by: "submit_answer" },
            order_id,
            on.clock.now,
          ),
        );
      });
      const since = new Date(rig.clock.now).toISOString();
      const everything = { scope: "gateway", subject: null } as const;
      engage(
        rig.parts,
        { ...everything, actor, reason: "a loss", effect: "freeze" },
        { clientId: null, requestId: "r-0" },
      );
      const { epoch } = (await ownerOf(rig).trading.tradingSettings()).kill;
      // An exit, let out while only frozen; nobody hears what became of it.
      rig.clock.now += 60_000;
      unnumbered(rig);
      rig.clock.now += 60_000;
      expect(await freeze(rig)).toBe(true);
      await expect.poll(() => cancels(rig).length).toBe(1);
      const { kill } = await ownerOf(rig).trading.tradingSettings();
      expect(kill).toEqual({
        epoch: epoch + 1,
        switches: [
          {
            ...everything,
            actor: "owner",
            reason: "a loss",
            effect: "freeze_and_cancel",
            engagedAt: since,
          },
        ],
      });
      expect(
        rig.leaves.filter(({ type }) => type === "kill.engaged").map(({ meta }) => meta),
      ).toMatchObject([
        { actor, effect: "freeze" },
        { actor: "owner", effect: "freeze_and_cancel" },
      ]);
      // A weaker word of anybody takes nothing back.
      for (const weaker of ["policy", "agent", "owner"] as const) {
        const again = { ...everything, actor: weaker, reason: "again", effect: "freeze" } as const;
        expect(engage(rig.parts, again, { clientId: null, requestId: "r-2" })).toBe(false);
      }
      rig.clock.now += 60_000;
      const desk = createOrderService(rig.parts);
      for (const version of [1, 2]) {
        desk.event({ type: "broker.order", payload: turnsUp(rig, "777", version) });
        await expect.poll(() => cancels(rig).map(({ input }) => input.order_id)).toContain("777");
      }
      expect(cancels(rig).map(({ input }) => input.order_id)).toEqual([null, "777"]);
    },
  );

  it("withdraws from an alert what still stands of the order it names, and nothing a form names", async () => {
    const rig = deskRig(withdraws);
    rig.working(COID, "501");
    const say = (key: string, cancelOffered: string[], coid: string | null = COID) =>
      raiseAlert(rig.parts, {
        key,
        kind: "unprotected_position",
        brokerAccount: ACCOUNT,
        coid,
        message: "no stop",
        brokerText: null,
        cancelOffered,
      });
    say("a-1", ["501"]);
    say("a-2", ["999"], null);
    const press = (alert: string) => ownerOf(rig).orders.ownerCancel({ alert });
    expect(await press("a-1")).toMatchObject({ ok: true });
    expect(cancels(rig).map(({ input }) => input.order_id)).toEqual(["501"]);
    expect(await press("a-2")).toMatchObject({ ok: false });
    expect(await press("501")).toMatchObject({ ok: false });
    expect(cancels(rig)).toHaveLength(1);
  });

  it("sees what closing every position would take; an unknown figure is no zero", async () => {
    const at = "2026-11-20T15:00:00.000Z";
    const read = { source: "simulator", as_of: at, age_ms: 0, served_from: "broker", notes: [] };
    const position = (over: object) => ({
      conid: 265598,
      symbol: "AAPL",
      description: null,
      asset_class: "STK",
      currency: "USD",
      quantity: "0",
      market_price: null,
      market_value: null,
      average_cost: null,
      average_price: null,
      unrealized_pnl: null,
      realized_pnl: null,
      expiry: null,
      strike: null,
      right: null,
      multiplier: null,
      underlying_conid: null,
      model: null,
      ...over,
    });
    const positions = [
      position({ quantity: "25", market_value: "4500" }),
      position({ symbol: "MSFT", quantity: "-3.5" }),
      position({ symbol: "GONE", quantity: "0", market_value: "0" }),
    ];
    const rig = deskRig((job) =>
      settled(
        job.operation === "accounts.list"
          ? {
              ...read,
              accounts: [
                {
                  account_id: ACCOUNT,
                  alias: null,
                  mode: "paper",
                  base_currency: "USD",
                  customer_type: null,
                  trading_type: null,
                  tradable: true,
                },
              ],
            }
          : {
              ...read,
              account_id: ACCOUNT,
              positions,
              feed: "realtime",
              proved: true,
              settling: false,
              page: { offset: 0, returned: 3, total: 3, next_offset: null },
            },
      ),
    );
    const plan = await ownerOf(rig).trading.flattenPlan();
    expect(plan).toMatchObject({
      ok: true,
      accounts: [
        {
          brokerAccount: ACCOUNT,
          proved: true,
          rows: [
            { what: "AAPL", side: "SELL", quantity: "25", estimated: "4500" },
            { what: "MSFT", side: "BUY", quantity: "3.5", estimated: null },
          ],
        },
      ],
    });
    expect(rig.jobs.map(({ operation }) => operation)).toEqual(["accounts.list", "positions.list"]);
    const nobody = ownerVerbs(rig, { secret: "nobody" });
    await expect(nobody.trading.flattenPlan()).rejects.toThrow(SessionEnded);
  });

  it("is nobody who is admitted under the owner's name", async () => {
    const rig = deskRig(withdraws);
    admit(rig, "owner", ["ibkr:accounts:read"]);
    rig.working(COID, "501");
    const done = await createOrderService(rig.parts).runTool(
      {
        clientId: "owner",
        scopes: ["ibkr:orders:preview", "ibkr:orders:paper:cancel"],
        requestId: "r",
      },
      {
        operation: "trade.cancel",
        input: {
          account_id: "DU1234567",
          mode: "paper",
          order_id: "501",
          idempotency_key: "key-12345678",
        },
      },
    );
    expect(done).toMatchObject({ ok: true, result: { outcome: "refused" } });
    expect(cancels(rig)).toEqual([]);
  });
});
