import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { ActOn } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import { tradeAsk } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT, type DeskRig, settled } from "../../../../test/support/order-desk.ts";
import {
  AGENT_SCOPES,
  approvalIdOf,
  type OwnerWorld,
  ownerWorld,
} from "../../../../test/support/owner-world.ts";
import type { OwnerAccount } from "../../rpc/owner.ts";
import { createOrderService, type OrderService } from "../order-service.ts";
import { listAlerts } from "../tables/alerts.ts";
import { findApproval, pendingApprovals } from "../tables/approvals.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { engagedKills } from "../tables/kill-switches.ts";
import { policyInForce } from "../tables/policies.ts";
import { changePolicy } from "../transactions/policy-transaction.ts";

/** The owner's own page at the gateway: what it carries, and what it does upon the PC's word. */
const TOKEN = "f".repeat(64);
const ORIGIN = "https://approver.example";

let world: OwnerWorld;
let rig: DeskRig;
let desk: OrderService;
let trading: OwnerAccount["trading"];
let actOn: ActOn | null;
let enrolling: string | null;
let enrollingToken: string | null;
let pages: { origin: string; page_token_sha256: string }[];

const asked = (operation: string) => rig.jobs.filter((job) => job.operation === operation);

beforeEach(() => {
  actOn = null;
  enrolling = null;
  enrollingToken = null;
  pages = [{ origin: ORIGIN, page_token_sha256: TOKEN }];
  world = ownerWorld({
    requestId: "rq-owner",
    pc: (now) => ({
      "approver.pages": () =>
        settled({
          pages,
          enrolling,
          ...(enrollingToken === null ? {} : { enrolling_token_sha256: enrollingToken }),
          as_of: now(),
        }),
      "approver.pending": () =>
        settled({ envelopes: [{ act: "newer", body: { x: 1 } }], as_of: now() }),
      "approver.receipts": () => settled({ receipts: [], as_of: now() }),
      "approver.ask": () => settled({ ticket_sha256: "1".repeat(64), as_of: now() }),
      "approver.submit": () =>
        settled({
          accepted: true,
          refusals: [],
          receipt: { body: 1 },
          act_on: actOn,
          as_of: now(),
        }),
    }),
  });
  ({ rig, desk } = world);
  trading = world.verbs.trading;
  knows(["own-page"]);
});

const knows = (words: string[]): void =>
  void rig.parts.storage.sql.exec(
    "UPDATE relay_session SET record = ?",
    JSON.stringify({ capabilities: ["orders.paper", "broker.read"], knows: words }),
  );

const call = (ask: "pending" | "receipts", tokenSha256 = TOKEN) =>
  desk.pageCarrier.call({ ask, tokenSha256, requestId: "rq" });
const submit = (message: JsonObject = { kind: "approval" }, tokenSha256 = TOKEN) =>
  desk.pageCarrier.call({ ask: "submit", message, tokenSha256, requestId: "rq" });

/** An agent asks for an order; with the wish that the approval sends it. */
async function askedFor(sends: boolean) {
  const preview = await world.preview();
  const wish = sends ? { submit_on_approval: true, idempotency_key: "key-00000001" } : {};
  const input = { preview_id: preview.preview_id, ...wish };
  return approvalIdOf(await world.run(tradeAsk, input));
}

const approvalOf = (id: string) => {
  const found = findApproval(rig.parts.storage.sql, id, rig.clock.now);
  if (found === null) throw new Error("no approval");
  return found;
};

/** As the PC gives it back: the page's nonce over what was asked. */
function proofFor(approvalId: string, over: Partial<PasskeyProof> = {}): PasskeyProof {
  const { intent, tier } = approvalOf(approvalId);
  return {
    kind: "passkey",
    preview_id: intent.preview_id,
    policy_version: intent.policy_version,
    policy_hash: intent.policy_hash,
    accepted_warnings: [],
    nonce: "9".repeat(32),
    not_after: intent.not_after,
    tier: tier === 2 ? 2 : 1,
    assertion: { id: "AQID", client_data_json: "AQ", authenticator_data: "AQ", signature: "AQ" },
    echo: null,
    ...over,
  };
}

describe("what a page may ask", () => {
  it("is passed on as it came, to whoever has a token that the PC named", async () => {
    expect(await call("pending")).toEqual({
      kind: "answer",
      origins: [ORIGIN],
      body: { v: 1, envelopes: [{ act: "newer", body: { x: 1 } }] },
    });
    expect(await call("receipts")).toMatchObject({ kind: "answer", body: { receipts: [] } });
  });

  it("is nothing to any other token, which costs the PC one question in a while", async () => {
    for (let times = 0; times < 20; times += 1) {
      expect(await call("pending", "0".repeat(64))).toMatchObject({ kind: "no_page" });
    }
    expect(asked("approver.pages")).toHaveLength(1);
    expect(asked("approver.pending")).toEqual([]);
    for (let times = 0; times < 20; times += 1) await call("pending", "0".repeat(64));
    // Its answer never changes, and takes nothing from who is known.
    expect(await call("pending", "0".repeat(64))).toEqual({ kind: "no_page", origins: [] });
    expect(await call("pending")).toMatchObject({ kind: "answer" });
  });

  it("ends with the token, and begins with a new one", async () => {
    await call("pending");
    pages = [];
    rig.clock.now += 31_000;
    expect(await call("pending")).toMatchObject({ kind: "no_page" });
    pages = [{ origin: ORIGIN, page_token_sha256: TOKEN }];
    rig.clock.now += 3_000;
    expect(await call("pending")).toMatchObject({ kind: "answer" });
  });

  it("without a token is an enrolment, while one is open, and nothing else", async () => {
    const stranger = "0".repeat(64);
    expect(await submit({ kind: "enrolment" }, stranger)).toMatchObject({ kind: "no_page" });
    enrolling = "https://new.example";
    rig.clock.now += 3_000;
    expect(await submit({ kind: "enrolment" }, stranger)).toMatchObject({
      kind: "answer",
      origins: [ORIGIN, "https://new.example"],
    });
    expect(await submit({ kind: "approval" }, stranger)).toMatchObject({ kind: "no_page" });
  });

  it("in an enrolment is let through by what the PC's screen showed, whoever else asks how often", async () => {
    const holder = "a".repeat(64);
    enrolling = "https://new.example";
    enrollingToken = holder;
    for (let times = 0; times < 500; times += 1) {
      const stranger = String(times).padStart(64, "0");
      expect(await submit({ kind: "enrolment" }, stranger)).toMatchObject({ kind: "no_page" });
    }
    // None of them reached the PC, where one wrong seal would have ended the enrolment.
    expect(asked("approver.submit")).toEqual([]);
    expect(await submit({ kind: "enrolment" }, holder)).toMatchObject({ kind: "answer" });
    expect(await submit({ kind: "approval" }, holder)).toMatchObject({ kind: "no_page" });
    expect(await call("pending", holder)).toMatchObject({ kind: "no_page" });
  });

  it("is nothing at a PC that is away, and at one that knows no such page", async () => {
    const stranger = await call("pending", "0".repeat(64));
    rig.presence.online = false;
    // Word for word what a stranger is answered while it is there.
    expect(await call("pending")).toEqual(stranger);
    rig.presence.online = true;
    knows([]);
    expect(await call("pending")).toMatchObject({ kind: "no_page" });
    expect(asked("approver.pages")).toHaveLength(1);
    await askedFor(false);
    await Promise.resolve();
    expect(asked("approver.ask")).toEqual([]);
  });
});

describe("an order that was approved on the owner's own page", () => {
  it("is asked about there, with the terms that the gateway binds it to", async () => {
    const { intent } = approvalOf(await askedFor(true));
    await expect.poll(() => asked("approver.ask").length).toBe(1);
    expect(asked("approver.ask")[0]?.input).toMatchObject({
      act: "order",
      preview_id: intent.preview_id,
      policy_hash: intent.policy_hash,
      not_after: intent.not_after,
    });
  });

  it("is sent at once where the agent asked for that, with the intent of the page's nonce", async () => {
    const id = await askedFor(true);
    const proof = proofFor(id);
    const { coid: _coid, ...draft } = approvalOf(id).intent;
    const signed = intentOf({ ...draft, nonce: proof.nonce, accepted_warnings: [] });
    actOn = { act: "order", approval: proof };
    expect(await submit()).toMatchObject({ body: { accepted: true, refusals: [] } });
    const [job] = asked("order.place");
    expect(job?.input).toMatchObject({
      coid: signed.coid,
      intent_hash: intentHash(signed),
      approval: { nonce: proof.nonce },
    });
    expect(approvalOf(id)).toMatchObject({ state: "consumed", intentHash: intentHash(signed) });
    // Once; the same yes again was taken, and another finds nothing open.
    expect(await submit()).toMatchObject({ body: { accepted: true, refusals: [] } });
    actOn = { act: "order", approval: { ...proof, nonce: "0".repeat(32) } };
    expect(await submit()).toMatchObject({ body: { accepted: false } });
    expect(asked("order.place")).toHaveLength(1);
  });

  it("is the one order of its preview: nobody is asked about a second one", async () => {
    const id = await askedFor(true);
    actOn = { act: "order", approval: proofFor(id) };
    await submit();
    const { previewId } = approvalOf(id);
    const agent = { clientId: "client-1", scopes: AGENT_SCOPES, requestId: "r" };
    const input = { account_id: ACCOUNT, preview_id: previewId };
    for (const wish of [{}, { submit_on_approval: true, idempotency_key: "key-00000002" }]) {
      const again = await desk.runTool(agent, {
        operation: "trade.ask",
        input: { ...input, ...wish },
      });
      expect(again).toMatchObject({
        ok: true,
        result: { outcome: "refused", approval: null, refusals: [{ rule: "one_order" }] },
      });
    }
    expect(pendingApprovals(rig.parts.storage.sql, rig.clock.now)).toEqual([]);
    expect(asked("order.place")).toHaveLength(1);
  });

  it("stands in the log as not taken where something is in its way here", async () => {
    const id = await askedFor(true);
    actOn = { act: "order", approval: proofFor(id, { policy_version: 99 }) };
    await submit();
    const decided = () => rig.leaves.filter(({ type }) => type === "approval.decided");
    expect(decided()).toMatchObject([
      { decision: "refuse", errorCode: "APPROVAL_PREVIEW_MISMATCH", meta: { approval_id: id } },
    ]);
    actOn = { act: "order", approval: proofFor(id) };
    const all = { scope: "gateway", subject: null, effect: "freeze", reason: "test" } as const;
    await trading.engageKill(all);
    await submit();
    expect(decided().map(({ errorCode }) => errorCode)).toEqual([
      "APPROVAL_PREVIEW_MISMATCH",
      "ORDER_REFUSED",
    ]);
  });

  it("else waits for the agent, like one that was approved in the console", async () => {
    const id = await askedFor(false);
    actOn = { act: "order", approval: proofFor(id) };
    expect(await submit()).toMatchObject({ body: { accepted: true } });
    expect(approvalOf(id).state).toBe("approved");
    expect(asked("order.place")).toEqual([]);
    expect(rig.leaves.at(-1)).toMatchObject({ type: "approval.decided", kind: "owner" });
  });

  it.each<[string, (id: string) => Partial<PasskeyProof>]>([
    ["another policy", () => ({ policy_hash: "0".repeat(64) })],
    ["another version of it", () => ({ policy_version: 99 })],
    ["another end", () => ({ not_after: "2026-11-20T23:00:00.000Z" })],
    ["another preview", () => ({ preview_id: "pv_other" })],
  ])("is not, under %s", async (_name, over) => {
    const id = await askedFor(true);
    actOn = { act: "order", approval: proofFor(id, over(id)) };
    expect(await submit()).toMatchObject({ body: { accepted: false } });
    expect([approvalOf(id).state, asked("order.place").length]).toEqual(["pending", 0]);
  });

  it("is stopped by the kill switch and by a policy that changed, as any approval is", async () => {
    const id = await askedFor(true);
    actOn = { act: "order", approval: proofFor(id) };
    const { sql } = rig.parts.storage;
    const document = defaultPolicy(ACCOUNT, "paper");
    document.order.max_notional = "1999";
    const basedOn = policyInForce(sql, ACCOUNT, rig.clock.now)?.hash ?? null;
    changePolicy(sql, { document, basedOn, signed: true }, rig.clock.now);
    expect(await submit()).toMatchObject({ body: { accepted: false } });
    await trading.engageKill({
      scope: "gateway",
      subject: null,
      effect: "freeze",
      reason: "test",
    });
    expect(await submit()).toMatchObject({ body: { accepted: false } });
    expect([approvalOf(id).state, asked("order.place").length]).toEqual(["pending", 0]);
  });

  it("that came to the PC's own page is acted on when the PC reports it", async () => {
    const id = await askedFor(true);
    const payload = {
      kind: "owner_answer",
      event_key: "k",
      observed_at: world.now(),
      act_on: { act: "order", approval: proofFor(id) },
    };
    desk.pageCarrier.heard({ kind: "another report" });
    desk.pageCarrier.heard(payload);
    await expect.poll(() => asked("order.place").length).toBe(1);
  });

  it("at the PC's own page and refused here is told to the PC, and stands as an alert", async () => {
    const id = await askedFor(true);
    const ticket = "5".repeat(64);
    const report = (act_on: ActOn) =>
      desk.pageCarrier.heard({
        kind: "owner_answer",
        event_key: `owner-answer:${ticket}:${"0".repeat(32)}`,
        observed_at: world.now(),
        act_on,
      });
    const results = () => asked("approver.result").map(({ input }) => input);
    const alerts = () => listAlerts(rig.parts.storage.sql, 10);
    report({ act: "order", approval: proofFor(id, { policy_version: 99 }) });
    await expect.poll(() => results().length).toBe(1);
    const refused = { code: "APPROVAL_PREVIEW_MISMATCH" };
    expect(results()).toEqual([{ ticket_sha256: ticket, refused }]);
    expect(alerts()).toMatchObject([
      { kind: "approval_not_used", message: expect.stringContaining("another one by now") },
    ]);
    expect(asked("order.place")).toEqual([]);
    // What is taken up is told as that, the same yes twice at once too, and raises none.
    const taken: ActOn = { act: "order", approval: proofFor(id) };
    report(taken);
    report(taken);
    await expect.poll(() => results().length).toBe(3);
    expect(results().slice(1)).toEqual(
      [1, 2].map(() => ({ ticket_sha256: ticket, refused: null })),
    );
    expect(alerts()).toHaveLength(1);
    expect(asked("order.place")).toHaveLength(1);
  });

  it("that the gateway carried and refused is told to the PC as well", async () => {
    const id = await askedFor(true);
    actOn = { act: "order", approval: proofFor(id, { policy_version: 99 }) };
    const ticket_sha256 = "6".repeat(64);
    await submit({ kind: "approval", ticket_sha256 });
    await expect.poll(() => asked("approver.result").length).toBe(1);
    expect(asked("approver.result")[0]?.input).toMatchObject({
      ticket_sha256,
      refused: { code: "APPROVAL_PREVIEW_MISMATCH" },
    });
    expect(listAlerts(rig.parts.storage.sql, 10)).toEqual([]);
  });

  it("that was denied too late is an alert: the request was decided before", async () => {
    const id = await askedFor(true);
    actOn = { act: "order", approval: proofFor(id) };
    await submit();
    desk.pageCarrier.heard({
      kind: "owner_answer",
      event_key: `owner-answer:${"7".repeat(64)}:${"0".repeat(32)}`,
      observed_at: world.now(),
      act_on: { act: "deny_order", preview_id: approvalOf(id).intent.preview_id },
    });
    const kinds = () => listAlerts(rig.parts.storage.sql, 10).map(({ kind }) => kind);
    await expect.poll(kinds).toEqual(["approval_not_used"]);
  });

  it("that was denied there is denied", async () => {
    const id = await askedFor(true);
    actOn = { act: "deny_order", preview_id: approvalOf(id).intent.preview_id };
    expect(await submit({ kind: "denial" })).toMatchObject({ body: { accepted: true } });
    expect(approvalOf(id).state).toBe("denied");
  });
});

describe("what a signed-in owner confirms elsewhere", () => {
  const GATEWAY = { scope: "gateway", subject: null } as const;
  const signed = () => ({ nonce: "9".repeat(32), not_after: world.now() });

  it("lifts a kill switch, once, and only the one that was asked about", async () => {
    const { sql } = rig.parts.storage;
    await trading.engageKill({ ...GATEWAY, effect: "freeze", reason: "test" });
    const engaged = () => engagedKills(sql).length;
    const lifted = async () => (await submit()).kind === "answer" && engaged() === 0;
    const epoch = killEpoch(sql);
    const lift = { gateway_account_id: "acc_7d3f", ...GATEWAY, epoch };
    actOn = { act: "lift_kill_switch", lift: { ...lift, ...signed() } };
    // The PC's word alone lifts nothing.
    expect(await lifted()).toBe(false);
    expect(await trading.confirmElsewhere({ act: "lift_kill_switch", ...GATEWAY })).toEqual({
      ok: true,
    });
    const asking = Object(asked("approver.ask").at(-1)?.input);
    expect(asking).toMatchObject({ act: "lift_kill_switch", lift: { scope: "gateway" } });
    actOn = { act: "lift_kill_switch", lift: { ...asking.lift, epoch: 999, ...signed() } };
    expect(await lifted()).toBe(false);
    actOn = { act: "lift_kill_switch", lift: { ...asking.lift, ...signed() } };
    expect(await lifted()).toBe(true);
    await trading.engageKill({ ...GATEWAY, effect: "freeze", reason: "again" });
    expect(await lifted()).toBe(false);
  });

  it("finds what was asked for when the object has slept meanwhile, within its ten minutes", async () => {
    const { sql } = rig.parts.storage;
    const engaged = () => engagedKills(sql).length;
    await trading.engageKill({ ...GATEWAY, effect: "freeze", reason: "test" });
    const ask = async () => {
      await trading.confirmElsewhere({ act: "lift_kill_switch", ...GATEWAY });
      const { lift } = Object(asked("approver.ask").at(-1)?.input);
      actOn = { act: "lift_kill_switch", lift: { ...lift, ...signed() } };
      // What was in its memory is gone.
      desk = createOrderService(rig.parts);
    };
    await ask();
    rig.clock.now += 10 * 60_000;
    expect([await submit(), engaged()]).toMatchObject([{ body: { accepted: false } }, 1]);
    await ask();
    rig.clock.now += 9 * 60_000;
    expect([await submit(), engaged()]).toMatchObject([{ body: { accepted: true } }, 0]);
  });

  it("loosens a policy at once, as it was shown, and not after ten minutes", async () => {
    const { sql } = rig.parts.storage;
    const now = () => policyInForce(sql, ACCOUNT, rig.clock.now);
    const basedOn = now()?.hash ?? "";
    const document = structuredClone(now()?.document);
    if (document === undefined) throw new Error("no policy");
    document.order.max_notional = "999999";
    const wanted = { act: "loosen_policy" as const, document, basedOn, loosened: ["more"] };
    const ask = async () => {
      expect(await trading.confirmElsewhere(wanted)).toEqual({ ok: true });
      const { change } = Object(asked("approver.ask").at(-1)?.input);
      actOn = { act: "loosen_policy", change: { ...change, ...signed() } };
    };
    await ask();
    rig.clock.now += 10 * 60_000;
    expect(await submit()).toMatchObject({ body: { accepted: false } });
    await ask();
    expect(await submit()).toMatchObject({ body: { accepted: true } });
    expect(now()?.document.order.max_notional).toBe("999999");
  });

  it("is not asked where the PC has no such page, or nothing is to be lifted", async () => {
    const lift = { act: "lift_kill_switch", ...GATEWAY } as const;
    expect(await trading.confirmElsewhere(lift)).toMatchObject({ ok: false });
    await trading.engageKill({ ...GATEWAY, effect: "freeze", reason: "test" });
    knows([]);
    expect(await trading.confirmElsewhere(lift)).toMatchObject({ ok: false });
    expect(asked("approver.ask")).toEqual([]);
  });
});
