import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  tradeApproval,
  tradeAsk,
} from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { tradeSubmit } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-writes.ts";
import { Intent, intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { type DeskRig, outcome, settled } from "../../../../test/support/order-desk.ts";
import {
  AGENT_SCOPES,
  AWAY,
  approvalIdOf,
  type OwnerWorld,
  ownerWorld,
  type PcAnswers,
} from "../../../../test/support/owner-world.ts";
import { changeClient } from "../../clients/clients.ts";
import type { OwnerAccount } from "../../rpc/owner.ts";
import { SessionEnded } from "../../rpc/session-ended.ts";
import { orderAlarm } from "../alarm.ts";
import { findApproval } from "../tables/approvals.ts";
import { engageKill } from "../transactions/kill-switches.ts";

/** *Approve and send*, over a PC that says and does what the test makes it. */
const SCOPES = [...AGENT_SCOPES, "ibkr:orders:paper:modify"] as const;
const KEY = "agents-key-0001";

let world: OwnerWorld;
let rig: DeskRig;
let pc: PcAnswers;
let owner: OwnerAccount["orders"];

beforeEach(() => {
  world = ownerWorld({
    scopes: SCOPES,
    requestId: "rq-owner",
    pc: (now) => ({
      "approval.check": () =>
        settled({ holds: true, refusals: [], tries_left: null, as_of: now() }),
    }),
  });
  ({ rig, pc } = world);
  owner = world.verbs.orders;
});

const preview = async (): Promise<string> => (await world.preview()).preview_id;

const ask = async (over: JsonObject = {}, scopes?: readonly string[]) =>
  world.run(
    tradeAsk,
    { preview_id: await preview(), submit_on_approval: true, idempotency_key: KEY, ...over },
    scopes === undefined ? {} : { scopes },
  );
const asked = async (over?: JsonObject): Promise<string> => approvalIdOf(await ask(over));
const submit = (approval_id: string, idempotency_key = KEY) =>
  world.run(tradeSubmit, { mode: "paper", structure: "single", approval_id, idempotency_key });
const status = (approval_id: string) => world.run(tradeApproval, { approval_id });
const stateOf = (approvalId: string) =>
  findApproval(rig.parts.storage.sql, approvalId, rig.clock.now)?.state;
const placed = () => rig.jobs.filter(({ operation }) => operation === "order.place").length;
const codes = (answer: { refusals: { code: string }[] }) => answer.refusals.map(({ code }) => code);

function tap(approvalId: string): PasskeyAssertion {
  const [row] = rig.parts.storage.sql
    .exec<{ intent: string }>(
      "SELECT intent FROM order_approvals WHERE approval_id = ?",
      approvalId,
    )
    .toArray();
  const hash = intentHash(Intent.parse(JSON.parse(row?.intent ?? "null")));
  return world.tap(hash);
}

const press = (approvalId: string, send = true) =>
  owner.approveOrder({ approvalId, assertion: tap(approvalId), typed: null, send });

/** Nothing was approved, nothing let out, and the owner can press again. */
async function asItWas(approvalId: string): Promise<void> {
  const { order } = await status(approvalId);
  expect([stateOf(approvalId), placed(), order]).toEqual(["pending", 0, null]);
}

describe("Approve and send", () => {
  it("sends at once, with the agent gone, and says who asked and what set it off", async () => {
    const approvalId = await asked();
    const from = rig.leaves.length;
    expect(await press(approvalId)).toEqual({ ok: true, state: "consumed" });
    expect(placed()).toBe(1);
    const [decided, submitted] = rig.leaves.slice(from);
    expect(decided).toMatchObject({
      type: "approval.decided",
      kind: "owner",
      clientId: "client-1",
      meta: { said: "approve", sends: "yes" },
    });
    expect(submitted).toMatchObject({
      type: "order.submitted",
      kind: "agent",
      clientId: "client-1",
      requestId: "rq-owner",
      meta: { approval_id: approvalId, trigger: "approval" },
    });
    expect(await status(approvalId)).toMatchObject({
      approval: { state: "consumed", submit_on_approval: true },
      order: { state: "accepted" },
    });
  });

  it("is the same order for the agent's own submit: before, at the same moment, after", async () => {
    const approvalId = await asked();
    expect(await submit(approvalId)).toMatchObject({ outcome: "refused", order: null });
    let answered = (_: JobSettlement) => {};
    pc["order.place"] = () => new Promise((resolve) => (answered = resolve));
    const pressed = press(approvalId);
    await expect.poll(placed).toBe(1);
    const beside = submit(approvalId);
    const { coid } = findApproval(rig.parts.storage.sql, approvalId, rig.clock.now)?.intent ?? {};
    answered(
      settled(
        outcome(
          { coid: coid ?? "", state: "accepted", proved_by: "submit_answer" },
          "901",
          rig.clock.now,
        ),
      ),
    );
    expect(await pressed).toMatchObject({ ok: true });
    const after = await submit(approvalId);
    for (const answer of [await beside, after]) {
      expect(answer).toMatchObject({
        replayed: true,
        order: { order_ref: coid, state: "accepted" },
      });
    }
    expect(placed()).toBe(1);
  });

  it("leaves another key nothing to send, and a key of it no other order", async () => {
    const approvalId = await asked();
    await press(approvalId);
    expect(codes(await submit(approvalId, "another-key-1"))).toContain("APPROVAL_CONSUMED");
    expect(codes(await ask())).toEqual(["IDEMPOTENCY_CONFLICT"]);
    const other = await asked({ idempotency_key: "another-key-2" });
    await press(other, false);
    expect(codes(await submit(other, KEY))).toEqual(["IDEMPOTENCY_CONFLICT"]);
    expect(placed()).toBe(1);
  });

  it("can be approved without sending; then the agent sends, under the same key", async () => {
    const approvalId = await asked();
    expect(await press(approvalId, false)).toEqual({ ok: true, state: "approved" });
    expect(placed()).toBe(0);
    expect((await status(approvalId)).next_step).toContain('"idempotency_key":"agents-key-0001"');
    expect(await submit(approvalId)).toMatchObject({
      replayed: false,
      order: { state: "accepted" },
    });
  });

  it("does not send what the agent did not ask to have sent", async () => {
    const shown = await world.run(tradeAsk, { preview_id: await preview() });
    expect(shown.approval).toMatchObject({ submit_on_approval: false });
    const approvalId = approvalIdOf(shown);
    expect(await press(approvalId)).toMatchObject({ ok: false, reason: "not_sent" });
    await asItWas(approvalId);
  });

  it("takes a press that was answered twice for one", async () => {
    const approvalId = await asked();
    const both = await Promise.all([press(approvalId), press(approvalId)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(placed()).toBe(1);
  });
});

describe("where it cannot be sent, it is not approved, and nothing is sent later", () => {
  const notSent = { ok: false, reason: "not_sent" };

  it("the session ended while the PC was asked", async () => {
    const approvalId = await asked();
    const { sql } = rig.parts.storage;
    const said = pc["approval.check"];
    pc["approval.check"] = (input) => {
      sql.exec("UPDATE owner_sessions SET expires_at = 0");
      return said?.(input) ?? AWAY;
    };
    await expect(press(approvalId)).rejects.toThrow(SessionEnded);
    await asItWas(approvalId);
  });

  it("the PC did not say whether the approval holds", async () => {
    const approvalId = await asked();
    pc["approval.check"] = () => AWAY;
    expect(await press(approvalId)).toMatchObject({
      ...notSent,
      detail: "Your PC did not answer.",
    });
    await asItWas(approvalId);
  });

  it("the PC went away while the market was read", async () => {
    const approvalId = await asked();
    pc["order.preview"] = () => AWAY;
    expect(await press(approvalId)).toMatchObject(notSent);
    await asItWas(approvalId);
    rig.clock.now += 240_000;
    await orderAlarm(rig.parts);
    expect(placed()).toBe(0);
  });

  it("what is read now is refused by the limits: both leaves say so, and no other", async () => {
    const approvalId = await asked();
    const from = rig.leaves.length;
    const read = pc["order.preview"];
    pc["order.preview"] = async (input) => {
      const told = await read?.(input);
      if (told === undefined || !told.ok) return AWAY;
      const result = JSON.parse(JSON.stringify(told.result));
      return settled({ ...result, facts: { ...result.facts, working: null } });
    };
    expect(await press(approvalId)).toMatchObject(notSent);
    expect(rig.leaves.slice(from).map(({ type, decision }) => [type, decision])).toEqual([
      ["order.refused", "refuse"],
      ["approval.decided", "refuse"],
    ]);
    await asItWas(approvalId);
  });

  it("a switch was engaged between the page and the press, or while the PC was asked", async () => {
    const approvalId = await asked();
    const { sql } = rig.parts.storage;
    const freeze = () =>
      engageKill(
        sql,
        { scope: "gateway", subject: null, actor: "owner", reason: "", effect: "freeze" },
        rig.clock.now,
      );
    const read = pc["order.preview"];
    pc["order.preview"] = (input) => {
      freeze();
      return read?.(input) ?? AWAY;
    };
    expect(await press(approvalId)).toMatchObject({ ok: false, reason: "stands_in_the_way" });
    await asItWas(approvalId);
    expect(await press(approvalId)).toMatchObject({ ok: false, reason: "stands_in_the_way" });
    await asItWas(approvalId);
  });

  it("its time is over by the time the PC has answered", async () => {
    const approvalId = await asked({ ttl_seconds: 60 });
    const read = pc["order.preview"];
    pc["order.preview"] = (input) => {
      rig.clock.now += 61_000;
      return read?.(input) ?? AWAY;
    };
    expect(await press(approvalId)).toMatchObject({ ok: false, reason: "not_open" });
    expect([stateOf(approvalId), placed()]).toEqual(["expired", 0]);
  });

  it("the owner took the right to send from the client after it had asked", async () => {
    const approvalId = await asked();
    changeClient(rig.parts.storage.sql, {
      clientId: "client-1",
      scopes: ["ibkr:orders:preview", "ibkr:approvals:create"],
      accounts: null,
      atOnce: true,
    });
    expect(await press(approvalId)).toMatchObject({ ok: false });
    await asItWas(approvalId);
  });

  it("the PC does not take it up: approved, not sent, said so, and the agent may send it again", async () => {
    const approvalId = await asked();
    const takes = pc["order.place"];
    pc["order.place"] = () => AWAY;
    expect(await press(approvalId)).toEqual({ ok: true, state: "approved" });
    const told = await status(approvalId);
    expect(told).toMatchObject({ approval: { state: "approved" }, order: { state: "rejected" } });
    expect(told.next_step).toContain("It was not sent");
    if (takes !== undefined) pc["order.place"] = takes;
    rig.clock.now += 60_000;
    await orderAlarm(rig.parts);
    expect(placed()).toBe(1);
    expect(await submit(approvalId)).toMatchObject({
      replayed: true,
      order: { state: "rejected" },
    });
    expect(await submit(approvalId, "another-key-1")).toMatchObject({
      replayed: false,
      order: { state: "accepted" },
    });
  });

  it("the object dies between the commit and the frame: nothing was sent, and nothing is", async () => {
    const approvalId = await asked();
    pc["order.place"] = () => new Promise(() => {});
    void press(approvalId);
    await expect.poll(placed).toBe(1);
    // The job's row went with the process, before its frame could leave.
    rig.parts.storage.sql.exec("DELETE FROM relay_jobs");
    rig.clock.now += 31_000;
    await orderAlarm(rig.parts);
    expect(stateOf(approvalId)).toBe("approved");
    expect(await status(approvalId)).toMatchObject({ order: { state: "rejected" } });
    expect(placed()).toBe(1);
  });
});

describe("asking for it", () => {
  it("is refused before the owner is asked, where this client may not send", async () => {
    const answer = await ask({}, ["ibkr:orders:preview", "ibkr:approvals:create"]);
    expect([answer.outcome, codes(answer)]).toEqual(["refused", ["AUTH_MISSING_SCOPE"]]);
  });

  it("again is the same request; with another wish it is refused", async () => {
    const preview_id = await preview();
    const first = await ask({ preview_id });
    expect(await ask({ preview_id })).toMatchObject({ approval: first.approval });
    expect(codes(await ask({ preview_id, idempotency_key: "another-key-1" }))).toEqual([
      "IDEMPOTENCY_CONFLICT",
    ]);
    const plain = await preview();
    await world.run(tradeAsk, { preview_id: plain });
    expect(codes(await ask({ preview_id: plain, idempotency_key: "another-key-2" }))).toEqual([
      "IDEMPOTENCY_CONFLICT",
    ]);
  });

  it("tells the agent not to send it itself", async () => {
    expect((await ask()).next_step).toContain("do not submit it");
  });
});
