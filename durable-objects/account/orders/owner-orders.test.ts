import { describe, expect, it } from "vitest";
import { orderCancel } from "../../../src/protocol/operations/order-cancel.ts";
import { orderPreview } from "../../../src/protocol/operations/order-preview.ts";
import {
  admit,
  cancelOf,
  type DeskRig,
  deskRig,
  outcome,
  previewed,
  settled,
} from "../../../test/support/order-desk.ts";
import { createOrderDesk } from "./desk.ts";
import { findIntent } from "./intents.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";
const ownerOf = (rig: DeskRig) =>
  createOrderDesk(rig.parts).owner(() => {
    throw new Error("no passkey is asked for");
  });

/** A sidecar that withdraws what it is asked to withdraw. */
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
const cancels = (rig: DeskRig) => rig.jobs.filter(({ operation }) => operation === "order.cancel");

describe("the owner", () => {
  it("withdraws a working order from the console, whatever agents the policy names", async () => {
    const rig = deskRig(withdraws, (policy) => {
      policy.clients.allowed = ["client-1"];
    });
    rig.working(COID, "501");
    const done = await ownerOf(rig).ownerCancel(rig.secret, { coid: COID }, "r-1");
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
    const engaged = await ownerOf(rig).engageKill(
      rig.secret,
      { scope: "gateway", subject: null, reason: "enough", effect: "freeze_and_cancel" },
      "r-1",
    );
    expect(engaged).toBe(true);
    await expect.poll(() => cancels(rig).length).toBe(2);
    const { alerts } = await ownerOf(rig).ordersPage();
    expect(alerts.map(({ kind }) => kind)).toEqual(["kill_switch_engaged"]);
  });

  it("is told of every withdrawal that was not taken", async () => {
    const rig = deskRig(() => ({
      ok: false,
      code: "UNAVAILABLE",
      message: "gone",
      retryable: true,
      outcome: "not_executed",
    }));
    rig.working(COID, "501");
    await ownerOf(rig).engageKill(
      rig.secret,
      { scope: "gateway", subject: null, reason: "enough", effect: "freeze_and_cancel" },
      "r-1",
    );
    await expect
      .poll(async () => (await ownerOf(rig).ordersPage()).alerts)
      .toMatchObject([
        { kind: "cancel_refused", coid: COID, cancelOffered: ["501"] },
        { kind: "kill_switch_engaged" },
      ]);
  });

  it("is nobody who is admitted under the owner's name", async () => {
    const rig = deskRig(withdraws);
    admit(rig, "owner", ["ibkr:accounts:read"]);
    rig.working(COID, "501");
    const done = await createOrderDesk(rig.parts).run(
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
