import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { PreviewedTicket } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { afterEach, describe, expect, it } from "vitest";
import {
  GATEWAY,
  limitOrder,
  type OrderRig,
  POLICY_HASH,
  type Submission,
  startOrderRig,
} from "../support/order-rig.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";

/**
 * The edge is hostile: it holds everything an edge holds and says whatever it likes. What counts is
 * the simulator's request log: no order POST, no order.
 */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

const AWAY = "150";

async function previewed(over: JsonObject = {}, options = {}): Promise<PreviewedTicket> {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } }, ...options });
  return rig.preview(limitOrder(rig.account, AWAY, over));
}

async function refused(
  operation: string,
  submission: JsonObject,
  more: Parameters<OrderRig["start"]>[2] = {},
): Promise<string[]> {
  const told = rig.start(operation, submission, more);
  await rig.until(() => told.done, 120_000);
  expect(rig.posts()).toEqual([]);
  expect(rig.sim.control.orders()).toEqual([]);
  expect(told.began).toBe(0);
  if (told.failed !== null) return [told.failed.code];
  expect(told.outcome).toMatchObject({ state: "rejected", proved_by: "sidecar_not_sent" });
  return told.outcome?.refusals.map(({ code }) => code) ?? [];
}

/** The same terms under another signature or none, the way a breached edge would put it together. */
const withApproval = (submission: Submission, over: JsonObject): Submission => ({
  ...submission,
  approval: { ...submission.approval, ...over },
});

describe("a hostile edge places nothing", () => {
  it("with an approval it signed itself", async () => {
    const preview = await previewed();
    const codes = await refused(
      "order.place",
      rig.approve(preview, { phone: softwareAuthenticator() }),
    );
    expect(codes).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
  });

  it("with an approval it signed itself under the owner's credential id", async () => {
    const preview = await previewed();
    const forger = softwareAuthenticator();
    const codes = await refused(
      "order.place",
      rig.approve(preview, { phone: forger, ceremony: { credentialId: rig.phone.credentialId } }),
    );
    expect(codes).toEqual(["APPROVAL_SIGNATURE_INVALID"]);
  });

  it("with the owner's signature over another statement: a sign-in, an older order", async () => {
    const preview = await previewed();
    const other = await rig.preview(limitOrder(rig.account, "149"));
    const signed = rig.approve(other);
    const meant = rig.approve(preview);
    const codes = await refused(
      "order.place",
      withApproval(meant, { assertion: signed.approval.assertion ?? null }),
    );
    expect(codes).toContain("APPROVAL_CHALLENGE_MISMATCH");
  });

  it("without any approval", async () => {
    const preview = await previewed();
    const { approval: _none, ...bare } = rig.approve(preview);
    expect(await refused("order.place", bare)).toEqual(["INPUT_INVALID"]);
    expect(await refused("order.place", { ...bare, approval: null })).toEqual(["INPUT_INVALID"]);
  });

  it.each<[string, JsonObject, string]>([
    ["the policy's hash", { policy_hash: "b".repeat(64) }, "APPROVAL_PREVIEW_MISMATCH"],
    ["the policy's version", { policy_version: 9 }, "APPROVAL_PREVIEW_MISMATCH"],
    ["the expiry", { not_after: "2099-01-01T00:00:00.000Z" }, "APPROVAL_PREVIEW_MISMATCH"],
    ["the nonce", { nonce: "9".repeat(32) }, "APPROVAL_PREVIEW_MISMATCH"],
    [
      "the accepted warnings",
      { accepted_warnings: [{ message_id: "o163", fingerprint: "c".repeat(64) }] },
      "APPROVAL_PREVIEW_MISMATCH",
    ],
  ])("by changing %s after the owner signed", async (_name, over, code) => {
    const preview = await previewed();
    expect(await refused("order.place", withApproval(rig.approve(preview), over))).toEqual([code]);
  });

  it("by changing a field and computing hash and reference anew for it", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    const nonce = "8".repeat(32);
    const intent = intentOf({
      v: 1,
      ticket: preview.ticket,
      gateway_account_id: GATEWAY.accountId,
      sidecar_id: GATEWAY.sidecarId,
      generation: preview.generation,
      preview_id: preview.preview_id,
      policy_version: 1,
      policy_hash: POLICY_HASH,
      accepted_warnings: [],
      nonce,
      not_after: "2099-01-01T00:00:00.000Z",
    });
    const codes = await refused("order.place", {
      ...withApproval(submission, { nonce, not_after: intent.not_after }),
      coid: intent.coid,
      intent_hash: intentHash(intent),
    });
    expect(codes).toEqual(["APPROVAL_CHALLENGE_MISMATCH"]);
  });

  it("N53: by one unit more, another price, side, instrument, account, term or currency than the owner signed", async () => {
    const preview = await previewed();
    const signed = rig.approve(preview);
    const { order } = preview.ticket;
    const [leg] = order.legs;
    if (leg === undefined) throw new Error("the ticket has no leg");
    const { contract } = leg;
    const changes: Partial<typeof leg>[] = [
      { quantity: "3" },
      { side: "SELL" },
      { limit_price: "150.01" },
      { time_in_force: "GTC" },
      { outside_rth: true },
      { contract: { ...contract, conid: contract.conid + 1 } },
      { contract: { ...contract, symbol: "AAPL1" } },
      { contract: { ...contract, currency: "CAD" } },
    ];
    const orders = [
      ...changes.map((change) => ({ ...order, legs: [{ ...leg, ...change }] })),
      { ...order, account_id: `${order.account_id.slice(0, -1)}9` },
      { ...order, mode: "live" as const },
    ];
    const { not_after, nonce } = signed.approval;
    if (typeof not_after !== "string" || typeof nonce !== "string") throw new Error("no terms");
    const seen = new Set([signed.intent_hash]);
    for (const changed of orders) {
      const intent = intentOf({
        v: 1,
        ticket: { ...preview.ticket, order: changed },
        gateway_account_id: GATEWAY.accountId,
        sidecar_id: GATEWAY.sidecarId,
        generation: preview.generation,
        preview_id: preview.preview_id,
        policy_version: 1,
        policy_hash: POLICY_HASH,
        accepted_warnings: [],
        nonce,
        not_after,
      });
      const intent_hash = intentHash(intent);
      // No change is too small to be another order.
      expect(seen.has(intent_hash)).toBe(false);
      seen.add(intent_hash);
      const codes = await refused("order.place", { ...signed, coid: intent.coid, intent_hash });
      expect(codes, JSON.stringify(changed).slice(0, 300)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
    }
  });

  it("by swapping the ticket under the approval for one of another preview", async () => {
    const small = await previewed();
    const large = await rig.preview(limitOrder(rig.account, AWAY, { quantity: "60" }));
    const signed = rig.approve(small);
    // Everything as for the large order, and the signature of the small one.
    const forged = rig.approve(large);
    const codes = await refused(
      "order.place",
      withApproval(forged, { assertion: signed.approval.assertion ?? null }),
    );
    expect(codes).toContain("APPROVAL_CHALLENGE_MISMATCH");
  });

  it("under a preview this PC never made", async () => {
    const preview = await previewed();
    const forged = rig.approve({ ...preview, preview_id: "pv_made_up_by_the_edge" });
    expect(await refused("order.place", forged)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
  });

  it("in another account: named in the input, in the grant, or in both", async () => {
    const preview = await previewed({}, { accounts: 2 });
    const submission = rig.approve(preview);
    const accounts = await rig.ask("accounts.list");
    const other = accounts.accounts[1]?.account_id ?? "";
    expect(other).not.toBe(rig.account);
    const swapped = { ...submission, account_id: other };
    expect(await refused("order.place", swapped)).toEqual(["INPUT_UNAUTHORIZED_ACCOUNT"]);
    expect(await refused("order.place", submission, { brokerAccount: other })).toEqual([
      "INPUT_UNAUTHORIZED_ACCOUNT",
    ]);
    expect(await refused("order.place", submission, { brokerAccount: null })).toEqual([
      "INPUT_UNAUTHORIZED_ACCOUNT",
    ]);
    expect(await refused("order.place", swapped, { brokerAccount: other })).toEqual([
      "APPROVAL_PREVIEW_MISMATCH",
    ]);
  });

  it("for another owner's gateway account or another PC", async () => {
    const preview = await previewed();
    const forOther = rig.approve(preview, { gatewayAccountId: "acc_other" });
    expect(await refused("order.place", forOther)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
    const forOtherPc = rig.approve(preview, { sidecarId: "sc_other" });
    expect(await refused("order.place", forOtherPc)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
  });

  it("after the approval expired", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview, { ttlMs: 60_000 });
    await rig.advance(61_000);
    expect(await refused("order.place", submission)).toContain("APPROVAL_EXPIRED");
  });

  it("in another broker session than the owner saw", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    rig.sim.control.evict();
    await rig.until(() => rig.broker.session().generation === preview.generation + 1, 600_000);
    await rig.until(() => rig.broker.session().state === "ready", 600_000);
    expect(await refused("order.place", submission)).toContain("GENERATION_CHANGED");
    const relabelled = rig.approve(preview, { generation: preview.generation + 1 });
    expect(await refused("order.place", relabelled)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
  });

  it("live, with a grant for paper; nor paper with a grant for live", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    expect(await refused("order.place", submission, { capability: "orders.live" })).toEqual([
      "SIDECAR_CAPABILITY_MISSING",
    ]);
    expect(await refused("order.place", { ...submission, mode: "live" })).toEqual([
      "SIDECAR_CAPABILITY_MISSING",
    ]);
    expect(
      await refused("order.place", { ...submission, mode: "live" }, { capability: "orders.live" }),
    ).toEqual(["SIDECAR_CAPABILITY_MISSING"]);
  });

  it("live, on a live login, while this PC has not switched live on", async () => {
    rig = await startOrderRig({ paper: false });
    expect(rig.broker.session().mode).toBe("live");
    const preview = await rig.preview(limitOrder(rig.account, AWAY));
    expect(preview.local_refusals.map(({ rule }) => rule)).toContain("mode_enabled");
    expect(await refused("order.place", rig.approve(preview))).toEqual([
      "SIDECAR_CAPABILITY_MISSING",
    ]);
  });

  it("after the user switched from paper to live on the same port (S13)", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    rig.sim.control.logOut();
    rig.sim.control.logIn(false);
    await rig.until(() => rig.broker.session().mode === "live", 600_000);
    const codes = await refused("order.place", submission);
    expect(codes.length).toBeGreaterThan(0);
  });

  it("beyond this PC's caps, however well approved", async () => {
    const preview = await previewed({ quantity: "900" });
    expect(preview.local_refusals.map(({ code }) => code)).toContain("LOCAL_CAP_EXCEEDED");
    expect(await refused("order.place", rig.approve(preview))).toEqual(["LOCAL_CAP_EXCEEDED"]);
  });

  it("with a broken caps file: it stops all orders, and never turns into a default", async () => {
    const preview = await previewed();
    rig.caps((caps) => ({ ...caps, paper: { ...caps.paper, max_notional: "lots" } }));
    expect(await refused("order.place", rig.approve(preview))).toContain("LOCAL_CAP_EXCEEDED");
  });

  it("by lifting the kill switch: there is no such operation", async () => {
    const preview = await previewed();
    await rig.job("kill.engage", { reason: "stop" });
    for (const operation of [
      "kill.lift",
      "kill.disengage",
      "unkill",
      "policy.set",
      "approvers.add",
    ]) {
      await expect(rig.job(operation, {})).rejects.toMatchObject({
        failure: { code: "INPUT_INVALID" },
      });
    }
    expect(await refused("order.place", rig.approve(preview))).toContain("LOCAL_KILL_SWITCH");
    await rig.restart();
    await rig.ready();
    expect(await refused("order.place", rig.approve(preview))).toContain("LOCAL_KILL_SWITCH");
  });

  it("by enrolling a key: an approval it signs stays one by a key nobody enrolled", async () => {
    const preview = await previewed();
    const planted = softwareAuthenticator();
    const status = await rig.job("trust.status", {});
    expect(JSON.stringify(status)).not.toContain(planted.credentialId);
    expect(await refused("order.place", rig.approve(preview, { phone: planted }))).toEqual([
      "APPROVAL_KEY_NOT_ENROLLED",
    ]);
  });

  it("by a signature of the owner's over a planted key: there is no such job", async () => {
    await previewed();
    const planted = softwareAuthenticator();
    const before = await rig.job("trust.status", {});
    const enrolment = {
      credential_id: planted.credentialId,
      public_key: Buffer.from(planted.publicKey).toString("base64url"),
      label: "phone",
      assertion: rig.phone.approve("6".repeat(64)),
    };
    for (const operation of ["approver.enrol", "approvers.add", "trust.enrol"]) {
      await expect(rig.job(operation, enrolment)).rejects.toMatchObject({
        failure: { code: "INPUT_INVALID" },
      });
    }
    const { approvers } = before as { approvers: unknown };
    expect(approvers).toHaveLength(1);
    expect(await rig.job("trust.status", {})).toMatchObject({ approvers });
  });

  it("with a mandate the owner never signed", async () => {
    const preview = await previewed();
    const forger = softwareAuthenticator();
    const { approval, ...rest } = rig.approve(preview, { phone: forger });
    const { preview_id, policy_version, policy_hash, accepted_warnings, nonce, not_after } =
      approval;
    const mandate = {
      v: 1,
      mandate_id: "m1",
      gateway_account_id: GATEWAY.accountId,
      accounts: [rig.account],
      mode: "paper",
      clients: ["c"],
      conids: null,
      asset_classes: ["STK"],
      sides: ["BUY"],
      order_types: ["LMT"],
      reduce_only: false,
      max_notional_per_order: "100000",
      max_notional_per_day: "100000",
      max_quantity_per_order: "1000",
      max_orders_per_day: 100,
      accepted_warnings: [],
      not_before: "2026-01-01T00:00:00.000Z",
      not_after: "2099-01-01T00:00:00.000Z",
      nonce: "7".repeat(32),
    };
    const codes = await refused("order.place", {
      ...rest,
      approval: {
        kind: "mandate",
        preview_id: preview_id ?? null,
        policy_version: policy_version ?? null,
        policy_hash: policy_hash ?? null,
        accepted_warnings: accepted_warnings ?? null,
        nonce: nonce ?? null,
        not_after: not_after ?? null,
        mandate,
        assertion: approval.assertion ?? null,
      },
    });
    expect(codes).toContain("APPROVAL_KEY_NOT_ENROLLED");
  });

  it("(m) by letting the requester answer for the owner: a tool's words are no signature", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview, { ceremony: { userVerified: false } });
    expect(await refused("order.place", submission)).toEqual(["APPROVAL_USER_NOT_VERIFIED"]);
  });

  it("from a page of another origin", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview, { ceremony: { origin: "https://gateway.evil" } });
    expect(await refused("order.place", submission)).toEqual(["APPROVAL_ORIGIN_REFUSED"]);
  });
});

describe("a hostile edge places no second order", () => {
  it("by replaying a job under a new id, at once, later, and after a restart", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    await rig.place(submission);
    for (let replay = 0; replay < 3; replay++) {
      const again = await rig.place(submission, { jobId: `replay-${replay}` });
      expect(again.refusals.map(({ code }) => code)).toEqual(["APPROVAL_CONSUMED"]);
    }
    await rig.restart();
    await rig.until(() => rig.broker.session().mode === "paper", 300_000);
    const after = await rig.place(submission, { jobId: "after-restart" });
    expect(after.refusals.map(({ code }) => code)).toEqual(["APPROVAL_CONSUMED"]);
    expect(rig.posts()).toHaveLength(1);
    expect(rig.sim.control.orders()).toHaveLength(1);
  });

  it("by using one approval under another reference", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    await rig.place(submission);
    const again = await rig.place({ ...submission, coid: `ieg1-${"0".repeat(32)}` });
    expect(again.refusals.map(({ code }) => code)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("by calling a placed order a modify, or a modify a new order", async () => {
    const preview = await previewed();
    const submission = rig.approve(preview);
    const told = await rig.write("order.modify", submission);
    expect(told.refusals.map(({ rule }) => rule)).toEqual(["action_of_ticket"]);
    expect(rig.posts()).toEqual([]);
  });
});
