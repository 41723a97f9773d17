import { describe, expect, it } from "vitest";
import { ORDER_LIMITS } from "../../../sidecar/src/orders/limits.ts";
import { ordersReconcile } from "../../../src/protocol/operations/orders-reconcile.ts";
import { ACCOUNT, type DeskRig, deskRig, settled } from "../../../test/support/order-desk.ts";
import { findIntent, insertIntent } from "./intents.ts";
import { settleSubmit } from "./outcome.ts";
import { QUIET_PERIOD_MS } from "./reconcile.ts";
import { reconcileAccount } from "./service-reconcile.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";

/** One order in doubt, beside a PC that reads its book like this. */
function inDoubt(row: { found: boolean; claimed?: boolean }): DeskRig {
  const rig = deskRig((job, { clock }) => {
    const { order_refs } = ordersReconcile.input.parse(job.input);
    return settled({
      account_id: ACCOUNT,
      results: order_refs.map((order_ref) => ({
        order_ref,
        ...row,
        evidence: null,
        orders: [],
        executions: [],
      })),
      orders: [],
      proved: true,
      source: "simulator",
      as_of: new Date(clock.now).toISOString(),
      age_ms: 0,
      served_from: "broker",
      notes: [],
    });
  });
  insertIntent(rig.parts.storage.sql, {
    coid: COID,
    intent_hash: null,
    approval_id: null,
    preview_id: null,
    client_id: "client-1",
    broker_account: ACCOUNT,
    mode: "paper",
    action: "place",
    conid: 265598,
    side: "BUY",
    asset_class: "STK",
    quantity: "1",
    time_in_force: "DAY",
    economic_hash: "e",
    effect: "entry",
    job_id: "job-1",
    orders: 1,
    notional: "187.25",
    day: "2026-11-20",
    created_at: rig.clock.now,
  });
  settleSubmit(rig.parts.storage, COID, { kind: "unknown" }, rig.clock.now, rig.parts.log);
  return rig;
}

async function lookFor(rig: DeskRig, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    rig.clock.now += 60_000;
    const told = await reconcileAccount(rig.parts, ACCOUNT);
    expect(told).toMatchObject({ ok: true, report: { looked_for: expect.any(Number) } });
  }
}
const stands = (rig: DeskRig) => findIntent(rig.parts.storage.sql, COID);

describe("an order in doubt", () => {
  it("that the book shows under a status nobody understands is never absent", async () => {
    const rig = inDoubt({ found: true });
    await lookFor(rig, 30);
    expect(stands(rig)).toMatchObject({ state: "unknown", ledger: "reserved", seen: 1 });
    await lookFor(rig, 31);
    expect(stands(rig)).toMatchObject({ state: "needs_owner", ledger: "reserved" });
  });

  it("that the broker said it knows is never absent, but the owner's to look at", async () => {
    const rig = inDoubt({ found: false, claimed: true });
    await lookFor(rig, 90);
    expect(stands(rig)).toMatchObject({ state: "needs_owner", ledger: "reserved" });
  });

  it("is absent at the edge only after the PC's own quiet period, with a minute to spare", async () => {
    expect(QUIET_PERIOD_MS).toBeGreaterThanOrEqual(ORDER_LIMITS.quietPeriodMs + 60_000);
    const rig = inDoubt({ found: false, claimed: false });
    await lookFor(rig, 3);
    expect(stands(rig)).toMatchObject({ state: "reconciling", ledger: "reserved" });
    await lookFor(rig, 1);
    expect(stands(rig)).toMatchObject({ state: "rejected", ledger: "released" });
  });
});
