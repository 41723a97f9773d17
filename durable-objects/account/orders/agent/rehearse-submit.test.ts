import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { tradeAsk } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { tradeSubmit } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-writes.ts";
import { Intent, intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT, type DeskRig, settled } from "../../../../test/support/order-desk.ts";
import { approvalIdOf, type OwnerWorld, ownerWorld } from "../../../../test/support/owner-world.ts";
import { findApproval } from "../tables/approvals.ts";
import { engageKill } from "../transactions/kill-switches.ts";

const KEY = "agents-key-0001";
const BODY = { orders: [{ cOID: "the-order" }] };

let world: OwnerWorld;
let rig: DeskRig;

const passes = (now: () => string) =>
  settled({
    account_id: ACCOUNT,
    refusals: [],
    would_send: { path: `/iserver/account/${ACCOUNT}/orders`, body: BODY },
    would_wait: false,
    as_of: now(),
  });

const made = () =>
  ownerWorld({
    pc: (now) => ({
      "order.rehearse": () => passes(now),
      "approval.check": () =>
        settled({ holds: true, refusals: [], tries_left: null, as_of: now() }),
    }),
  });

beforeEach(() => {
  world = made();
  ({ rig } = world);
});

async function asked(on = world): Promise<string> {
  const { preview_id } = await on.preview();
  return approvalIdOf(await on.run(tradeAsk, { preview_id }));
}

async function approved(on = world): Promise<string> {
  const approvalId = await asked(on);
  const [row] = on.rig.parts.storage.sql
    .exec<{ intent: string }>(
      "SELECT intent FROM order_approvals WHERE approval_id = ?",
      approvalId,
    )
    .toArray();
  const hash = intentHash(Intent.parse(JSON.parse(row?.intent ?? "null")));
  await on.verbs.orders.approveOrder({
    approvalId,
    assertion: on.tap(hash),
    typed: null,
    send: false,
  });
  return approvalId;
}

const submit = (approval_id: string, more: JsonObject = {}, on = world) =>
  on.run(tradeSubmit, {
    ...{ mode: "paper", structure: "single", approval_id, idempotency_key: KEY },
    ...more,
  });
const rehearse = (approval_id: string, more: JsonObject = {}, on = world) =>
  submit(approval_id, { rehearse: true, ...more }, on);
const placed = (on = world) =>
  on.rig.jobs.filter(({ operation }) => operation === "order.place").length;
const stateOf = (approvalId: string, on = world) =>
  findApproval(on.rig.parts.storage.sql, approvalId, on.rig.clock.now)?.state;
const keys = (on = world) =>
  on.rig.parts.storage.sql.exec("SELECT 1 FROM order_keys").toArray().length;

describe("a rehearsed submit", () => {
  it("says what would be sent, leaves its leaf, and the same key and approval then send it", async () => {
    const approvalId = await approved();
    const answer = await rehearse(approvalId);
    expect(answer).toMatchObject({
      outcome: "rehearsed",
      rehearsed: true,
      would_send: { path: `/iserver/account/${ACCOUNT}/orders`, body: BODY },
      order: null,
      refusals: [],
    });
    expect(answer.would_send?.in_words).toContain("AAPL");
    expect(answer.next_step).toContain("nothing was sent");
    expect([placed(), keys(), stateOf(approvalId)]).toEqual([0, 0, "approved"]);
    expect(rig.leaves.at(-1)).toMatchObject({
      type: "order.rehearsed",
      decision: "allow",
      meta: { approval_id: approvalId },
    });
    const [job] = rig.jobs.filter(({ operation }) => operation === "order.rehearse");
    expect(job?.grant).toMatchObject({ capability: "orders.paper", broker_account: ACCOUNT });
    expect(await submit(approvalId)).toMatchObject({ order: { state: "accepted" } });
    expect(placed()).toBe(1);
    expect(await rehearse(approvalId)).toMatchObject({ rehearsed: true, would_send: null });
    expect(placed()).toBe(1);
  });

  it("is read for as an agent's question, so that no order waits behind it", async () => {
    const approvalId = await approved();
    rig.jobs.length = 0;
    await rehearse(approvalId);
    expect(rig.jobs.map(({ operation, service }) => [operation, service?.class])).toEqual([
      ["order.preview", "agent"],
      ["order.rehearse", "agent"],
    ]);
  });

  it("without an approval is refused here, and the PC is not asked", async () => {
    const answer = await rehearse(await asked());
    expect(answer).toMatchObject({ outcome: "refused", rehearsed: true, would_send: null });
    expect(answer.refusals.length).toBeGreaterThan(0);
    expect(rig.jobs.some(({ operation }) => operation === "order.rehearse")).toBe(false);
    expect(rig.leaves.at(-1)).toMatchObject({ type: "order.rehearsed", decision: "refuse" });
  });

  it("answers with the PC's refusal", async () => {
    world.pc["order.rehearse"] = () =>
      settled({
        account_id: ACCOUNT,
        refusals: [refusal("LOCAL_CAP_EXCEEDED", "quantity", "max_notional", "Too much.")],
        would_send: null,
        would_wait: false,
        as_of: world.now(),
      });
    const approvalId = await approved();
    expect(await rehearse(approvalId)).toMatchObject({
      outcome: "refused",
      refusals: [{ code: "LOCAL_CAP_EXCEEDED" }],
      would_send: null,
    });
    expect(stateOf(approvalId)).toBe("approved");
  });

  it("never sends an order, whatever stands in its way", async () => {
    const obstacles: Record<string, (on: OwnerWorld) => void> = {
      kill: ({ rig: at }) => {
        const kill = {
          scope: "gateway",
          subject: null,
          actor: "owner",
          reason: "",
          effect: "freeze",
        } as const;
        engageKill(at.parts.storage.sql, kill, at.clock.now);
      },
      late: ({ rig: at }) => {
        at.clock.now += 3_600_000;
      },
      away: ({ pc }) => {
        delete pc["order.rehearse"];
      },
    };
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(Object.keys(obstacles)),
        fc.boolean(),
        fc.constantFrom("single", "bracket"),
        async (names, tapped, structure) => {
          const on = made();
          const approvalId = tapped ? await approved(on) : await asked(on);
          for (const name of names) obstacles[name]?.(on);
          const before = stateOf(approvalId, on);
          const answer = await rehearse(approvalId, { structure }, on).catch(() => null);
          expect([placed(on), keys(on), stateOf(approvalId, on)]).toEqual([0, 0, before]);
          const free = tapped && names.length === 0 && structure === "single";
          expect(answer?.outcome === "rehearsed").toBe(free);
        },
      ),
      { numRuns: 20 },
    );
  });
});
