import { orderCancel } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import { tradeKill } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-kill-switch.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { ASSERTION } from "../../../../test/support/order-book.ts";
import {
  ACCOUNT,
  admit,
  type DeskRig,
  deskRig,
  outcome,
  previewed,
  settled,
} from "../../../../test/support/order-desk.ts";
import { anOrder } from "../../../../test/support/orders.ts";
import { cancelWorking } from "../agent/cancel-all.ts";
import { createOrderService, type OrderService } from "../order-service.ts";
import { nothingInFlight } from "../sidecar-calls/in-flight.ts";
import { findApproval, pendingApprovals } from "../tables/approvals.ts";
import { decideApproval } from "./decide-approval.ts";
import { engage } from "./engage-kill-switch.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";
const SCOPES = [
  "ibkr:orders:preview",
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
  "ibkr:orders:paper:cancel",
] as const;
const asker = { clientId: "client-1", scopes: SCOPES, requestId: "r-1" };
const GONE: JobSettlement = {
  ok: false,
  code: "UNAVAILABLE",
  message: "cannot be read now",
  retryable: true,
  outcome: "not_executed",
};

const cancelOrder = (desk: OrderService, key = "key-00000001", orderId = "501") =>
  desk.runTool(asker, {
    operation: "trade.cancel",
    input: { account_id: ACCOUNT, mode: "paper", order_id: orderId, idempotency_key: key },
  });
const operations = (rig: DeskRig) => rig.jobs.map(({ operation }) => operation);
const took = (coid: unknown, rig: DeskRig) =>
  settled(
    outcome(
      { action: "cancel", coid: String(coid), state: "accepted", proved_by: "submit_answer" },
      "501",
      rig.clock.now,
    ),
  );

/** A previewed order the owner said yes to. */
async function approved(rig: DeskRig, desk: OrderService): Promise<string> {
  const shown = await desk.runTool(asker, {
    operation: "trade.preview",
    input: {
      account_id: ACCOUNT,
      conid: 265598,
      side: "BUY",
      order_type: "LMT",
      quantity: "1",
      limit_price: "187.25",
      time_in_force: "DAY",
      outside_rth: false,
      reduce_only: false,
    },
  });
  expect(shown).toMatchObject({ ok: true, result: { preview: { may_be_asked: true } } });
  const id = shown.ok ? JSON.parse(JSON.stringify(shown.result)).preview.preview_id : "";
  await desk.runTool(asker, {
    operation: "trade.ask",
    input: { account_id: ACCOUNT, preview_id: id },
  });
  const { storage, log } = rig.parts;
  const approvalId = pendingApprovals(storage.sql, rig.clock.now)[0]?.approvalId ?? "";
  decideApproval(
    storage,
    { approvalId, requestId: "r", say: "approve", assertion: ASSERTION, echo: null },
    rig.clock.now,
    log,
  );
  return approvalId;
}
describe("a protective stop that the policy leaves to the owner", () => {
  const stands = (removeStop: boolean) => {
    const rig = deskRig(
      (job) => took(job.input.coid, rig),
      (policy) => {
        policy.portfolio.remove_stop = removeStop;
      },
    );
    admit(rig, "client-1", SCOPES);
    return { rig, desk: createOrderService(rig.parts) };
  };
  const exit = { side: "SELL", quantity: "100", effect: "exit" } as const;

  it("is not cancelled by an agent, and the refusal says who can", async () => {
    const { rig, desk } = stands(false);
    rig.working(COID, "501", exit);
    const done = await cancelOrder(desk);
    expect(operations(rig)).not.toContain("order.cancel");
    expect(JSON.stringify(done)).toContain("PROTECTION_WEAKENED");
    expect(JSON.stringify(done)).toContain("Ask the owner");
    expect(rig.leaves.at(-1)).toMatchObject({ type: "order.refused", decision: "refuse" });
  });

  it("is cancelled where the policy lets agents", async () => {
    const { rig, desk } = stands(true);
    rig.working(COID, "501", exit);
    await cancelOrder(desk);
    expect(operations(rig)).toContain("order.cancel");
  });

  it("holds back no cancel of an entry", async () => {
    const { rig, desk } = stands(false);
    rig.working(COID, "501");
    await cancelOrder(desk);
    expect(operations(rig)).toContain("order.cancel");
  });

  it("holds back no cancel that is not an agent's", async () => {
    const { rig } = stands(false);
    rig.working(COID, "501", exit);
    const owner = { kind: "owner", requestId: "r" } as const;
    const covers = { scope: "gateway", subject: null, exits: true } as const;
    expect(cancelWorking(rig.parts, nothingInFlight(), owner, covers)).toBe(1);
    await expect.poll(() => operations(rig)).toContain("order.cancel");
  });
});

const submitIt = (desk: OrderService, approvalId: string, key: string) =>
  desk.runTool(asker, {
    operation: "trade.submit",
    input: {
      account_id: ACCOUNT,
      mode: "paper",
      structure: "single",
      approval_id: approvalId,
      idempotency_key: key,
    },
  });

afterEach(() => vi.useRealTimers());

describe("an agent's kill switch", () => {
  const kill = async (rig: DeskRig, clientId: string) => {
    const done = await createOrderService(rig.parts).runTool(
      { ...asker, clientId },
      { operation: "trade.kill", input: { reason: "looks wrong", cancel_working_orders: true } },
    );
    expect(done.ok).toBe(true);
    return done.ok ? tradeKill.output.parse(done.result) : null;
  };
  const withdrawn = (rig: DeskRig) =>
    rig.jobs.filter(({ operation }) => operation === "order.cancel").map(({ input }) => input.coid);

  it("freezes and withdraws nothing in the client's first hour, and says so", async () => {
    const rig = deskRig((job) => took(job.input.coid, rig));
    rig.working(COID, "501");
    admit(rig, "client-2", SCOPES, false);
    expect(await kill(rig, "client-2")).toMatchObject({
      engaged: true,
      switches: [{ engaged_by: "agent", effect: "freeze" }],
      cancelling: 0,
      next_step: expect.stringContaining("were not withdrawn: this client may only read"),
    });
    // Nor does one whom nobody let in.
    expect(await kill(rig, "nobody")).toMatchObject({ engaged: true, cancelling: 0 });
    rig.clock.now += 3_600_000 - 1;
    expect(await kill(rig, "client-2")).toMatchObject({ cancelling: 0 });
    expect(withdrawn(rig)).toEqual([]);
    rig.clock.now += 1;
    expect(await kill(rig, "client-2")).toMatchObject({ cancelling: 1 });
    await expect.poll(() => withdrawn(rig)).toHaveLength(1);
  });

  it("leaves standing what only reduces a position", async () => {
    const rig = deskRig((job) => took(job.input.coid, rig));
    rig.working(COID, "501", { effect: "exit", side: "SELL" });
    rig.working(`${COID.slice(0, -1)}c`, "502");
    admit(rig, "client-1", SCOPES);
    expect(await kill(rig, "client-1")).toMatchObject({
      switches: [{ effect: "freeze_and_cancel" }],
      cancelling: 1,
      next_step: expect.stringContaining("only reduce a position were left standing"),
    });
    await expect
      .poll(() => rig.jobs.map(({ operation, input }) => [operation, input.order_id]))
      .toEqual([["order.cancel", "502"]]);
  });
});

describe("a cancel that the gateway makes by itself", () => {
  /** What a PC of the version before takes. */
  const OLDER = orderCancel.input.extend({ by: z.enum(["owner", "agent"]).default("agent") });
  const asks = async (knows?: string[]) => {
    const rig = deskRig((job) => took(job.input.coid, rig));
    rig.working(COID, "501");
    const session = { capabilities: ["orders.paper", "broker.read"], knows };
    rig.parts.storage.sql.exec("UPDATE relay_session SET record = ?", JSON.stringify(session));
    const gateway = { kind: "gateway", requestId: "r-kill" } as const;
    const covers = { scope: "gateway", subject: null, exits: true } as const;
    expect(cancelWorking(rig.parts, nothingInFlight(), gateway, covers)).toBe(1);
    await expect.poll(() => rig.jobs).toHaveLength(1);
    const input = rig.jobs[0]?.input;
    return { input, leaf: rig.leaves.find(({ type }) => type === "order.submitted") };
  };

  it("says so to a PC that knows the word, and the log says it of every one", async () => {
    const { input, leaf } = await asks(["cancel-by-gateway"]);
    expect(orderCancel.input.parse(input).by).toBe("gateway");
    expect(leaf).toMatchObject({ kind: "gateway", clientId: null, meta: { action: "cancel" } });
  });

  it.each([undefined, [], ["something-else"]])(
    "asks as the owner where the PC knows no such word (%j), so that it cancels all the same",
    async (knows) => {
      const { input, leaf } = await asks(knows);
      expect(OLDER.parse(input).by).toBe("owner");
      expect(leaf).toMatchObject({ kind: "gateway" });
    },
  );
});

describe("a cancel of an own order", () => {
  it("goes out without a preview, under an engaged switch, and once for one key", async () => {
    const rig = deskRig((job) =>
      job.operation === "order.cancel" ? took(job.input.coid, rig) : GONE,
    );
    admit(rig, "client-1", SCOPES);
    rig.working(COID, "501");
    const desk = createOrderService(rig.parts);
    engage(
      rig.parts,
      { scope: "gateway", subject: null, actor: "owner", reason: "", effect: "freeze" },
      { clientId: null, requestId: "" },
    );
    const done = await cancelOrder(desk);
    expect(done).toMatchObject({
      ok: true,
      result: { outcome: "answered", order: { action: "cancel", state: "accepted" } },
    });
    expect(await cancelOrder(desk)).toMatchObject({ ok: true, result: { replayed: true } });
    expect(await cancelOrder(desk, "key-00000001", "502")).toMatchObject({
      result: { refusals: [{ code: "IDEMPOTENCY_CONFLICT" }] },
    });
    expect(operations(rig)).toEqual(["order.cancel"]);
  });

  it("is refused to who lacks the scope or is not named", async () => {
    const rig = deskRig(
      () => GONE,
      (policy) => {
        policy.clients.allowed = ["client-2"];
      },
    );
    admit(rig, "client-1", SCOPES);
    rig.working(COID, "501");
    const desk = createOrderService(rig.parts);
    expect(await cancelOrder(desk)).toMatchObject({
      result: { refusals: [{ code: "CLIENT_NOT_ALLOWED" }] },
    });
    admit(rig, "client-2", ["ibkr:orders:preview"]);
    const lacking = { ...asker, clientId: "client-2" };
    expect(
      await desk.runTool(lacking, {
        operation: "trade.cancel",
        input: {
          account_id: ACCOUNT,
          mode: "paper",
          order_id: "501",
          idempotency_key: "key-2-000000",
        },
      }),
    ).toMatchObject({ result: { refusals: [{ code: "AUTH_MISSING_SCOPE" }] } });
    expect(rig.jobs).toEqual([]);
  });

  it("does not wait behind an order that is being placed", async () => {
    const rig = deskRig((job, { clock }) => {
      if (job.operation === "order.preview") return previewed(anOrder(), clock.now);
      if (job.operation === "order.cancel") return took(job.input.coid, rig);
      return job.operation === "order.place" ? new Promise(() => {}) : GONE;
    });
    admit(rig, "client-1", SCOPES);
    rig.working(COID, "501", { conid: 1, created_at: rig.clock.now - 3_600_000 });
    const desk = createOrderService(rig.parts);
    const approvalId = await approved(rig, desk);
    void submitIt(desk, approvalId, "key-place-01");
    await expect.poll(() => operations(rig)).toContain("order.place");
    expect(await cancelOrder(desk)).toMatchObject({ result: { order: { state: "accepted" } } });
  });
});

describe("a submit", () => {
  it("that the PC gives back untouched, to be tried again, leaves the approval", async () => {
    let busy = true;
    const rig = deskRig((job, { clock }) => {
      if (job.operation === "order.preview") return previewed(anOrder(), clock.now);
      if (job.operation !== "order.place" || busy) return GONE;
      const coid = String(job.input.coid);
      return settled(
        outcome({ coid, state: "accepted", proved_by: "submit_answer" }, "77", clock.now),
      );
    });
    admit(rig, "client-1", SCOPES);
    const desk = createOrderService(rig.parts);
    const approvalId = await approved(rig, desk);
    const first = await submitIt(desk, approvalId, "key-first-01");
    expect(first).toMatchObject({ result: { order: { state: "rejected" } } });
    expect(findApproval(rig.parts.storage.sql, approvalId, rig.clock.now)?.state).toBe("approved");
    busy = false;
    rig.clock.now += 2_000;
    const second = await submitIt(desk, approvalId, "key-second-1");
    expect(second).toMatchObject({ result: { order: { state: "accepted" } } });
  });

  it("leaves no timer behind when it is answered", async () => {
    const rig = deskRig((job, { clock }) => {
      if (job.operation === "order.preview") return previewed(anOrder(), clock.now);
      const coid = String(job.input.coid);
      return job.operation === "order.place"
        ? settled(outcome({ coid, state: "accepted", proved_by: "submit_answer" }, "77", clock.now))
        : GONE;
    });
    admit(rig, "client-1", SCOPES);
    const desk = createOrderService(rig.parts);
    const approvalId = await approved(rig, desk);
    vi.useFakeTimers();
    const done = await submitIt(desk, approvalId, "key-timer-01");
    expect(done).toMatchObject({ result: { order: { state: "accepted" } } });
    expect(vi.getTimerCount()).toBe(0);
  });
});
