import { describe, expect, it } from "vitest";
import {
  ACCOUNT,
  admit,
  type DeskRig,
  deskRig,
  outcome,
  settled,
} from "../../../../../test/support/order-desk.ts";
import { ownerVerbs } from "../../../../../test/support/owner-verbs.ts";
import { createOrderService, type OrderService } from "../../order-service.ts";
import { AGENT_CANCELS_MAX, CANCEL_AGAIN_MS } from "./cancel-limits.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";
const SCOPES = ["ibkr:orders:preview", "ibkr:orders:paper:cancel"] as const;
const asker = { clientId: "client-1", scopes: SCOPES, requestId: "r-1" };
const GONE = {
  ok: false,
  code: "UNAVAILABLE",
  message: "cannot be read now",
  retryable: true,
  outcome: "not_executed",
} as const;
const cancelOrder = (desk: OrderService, key = "key-00000001", orderId = "501") =>
  desk.runTool(asker, {
    operation: "trade.cancel",
    input: { account_id: ACCOUNT, mode: "paper", order_id: orderId, idempotency_key: key },
  });
const took = (coid: unknown, rig: DeskRig) =>
  settled(
    outcome(
      { action: "cancel", coid: String(coid), state: "accepted", proved_by: "submit_answer" },
      "501",
      rig.clock.now,
    ),
  );

describe("an agent that withdraws over and over", () => {
  const cancelled = (rig: DeskRig) => rig.jobs.filter((job) => job.operation === "order.cancel");
  const held = () => {
    const rig = deskRig((job) =>
      job.operation === "order.cancel" ? took(job.input.coid, rig) : GONE,
    );
    admit(rig, "client-1", SCOPES);
    return rig;
  };
  const orderAt = (rig: DeskRig, n: number) =>
    rig.working(`ieg1-${String(n).padStart(28, "0")}`, String(1_000 + n));

  it("sends one withdrawal of one order, under however many keys; each key stays one thing", async () => {
    const rig = held();
    rig.working(COID, "501");
    rig.working(`ieg1-${"1".repeat(28)}`, "502");
    const desk = createOrderService(rig.parts);
    const first = await cancelOrder(desk, "key-first-000");
    expect(first).toMatchObject({ result: { replayed: false, order: { state: "accepted" } } });
    const [told] = first.ok ? [JSON.parse(JSON.stringify(first.result)).order.order_ref] : [];
    for (let n = 0; n < 100; n += 1) {
      expect(await cancelOrder(desk, `key-${String(n).padStart(8, "0")}`)).toMatchObject({
        result: { replayed: true, order: { order_ref: told, state: "accepted" } },
      });
    }
    expect(cancelled(rig)).toHaveLength(1);
    expect(await cancelOrder(desk, "key-00000007", "502")).toMatchObject({
      result: { refusals: [{ code: "IDEMPOTENCY_CONFLICT" }] },
    });
    // What is not settled by then may have been lost: another cancel is let out, once more.
    rig.clock.now += CANCEL_AGAIN_MS;
    expect(await cancelOrder(desk, "key-again-000")).toMatchObject({ result: { replayed: false } });
    expect(cancelled(rig)).toHaveLength(2);
    // A key of before still stands for what it stood for.
    expect(await cancelOrder(desk, "key-00000007")).toMatchObject({
      result: { replayed: true, order: { order_ref: told } },
    });
    expect(cancelled(rig)).toHaveLength(2);
  });

  it("has bounded withdrawals under way; the owner's and a switch's are not held up by them", async () => {
    const rig = held();
    const orders = AGENT_CANCELS_MAX + 3;
    for (let n = 0; n < orders; n += 1) orderAt(rig, n);
    const desk = createOrderService(rig.parts);
    for (let n = 0; n < AGENT_CANCELS_MAX; n += 1) {
      await cancelOrder(desk, `key-${String(n).padStart(8, "0")}`, String(1_000 + n));
    }
    const next = String(1_000 + AGENT_CANCELS_MAX);
    expect(await cancelOrder(desk, "key-too-many", next)).toMatchObject({
      result: { outcome: "refused", refusals: [{ code: "AGENT_BUDGET_EXCEEDED" }] },
    });
    expect(cancelled(rig)).toHaveLength(AGENT_CANCELS_MAX);
    const owner = ownerVerbs(rig, { orders: desk });
    await owner.orders.ownerCancel({
      coid: `ieg1-${String(AGENT_CANCELS_MAX).padStart(28, "0")}`,
    });
    expect(cancelled(rig)).toHaveLength(AGENT_CANCELS_MAX + 1);
    const stop = { reason: "enough", cancel_working_orders: true };
    const kill = { operation: "trade.kill" as const, input: stop };
    // What is being cancelled is not cancelled again, by this call or by the ones after it.
    for (let n = 0; n < 20; n += 1) await desk.runTool({ ...asker, requestId: `r-${n}` }, kill);
    await expect.poll(() => cancelled(rig).length).toBe(orders);
  });

  it("may send it again at once when it was not carried out", async () => {
    let busy = true;
    const rig = deskRig((job) =>
      job.operation === "order.cancel" && !busy ? took(job.input.coid, rig) : GONE,
    );
    admit(rig, "client-1", SCOPES);
    rig.working(COID, "501");
    const desk = createOrderService(rig.parts);
    expect(await cancelOrder(desk)).toMatchObject({ result: { order: { state: "rejected" } } });
    busy = false;
    expect(await cancelOrder(desk, "key-00000002")).toMatchObject({
      result: { replayed: false, order: { state: "accepted" } },
    });
  });
});
