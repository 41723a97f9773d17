import { statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { approvedHash } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import {
  type Envelope,
  envelopeHolds,
  envelopeSha256,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { receiptHolds } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import type { ApprovalMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { aMandate, anOrder, aTicket } from "../../../../test/support/orders.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import {
  type Ceremony,
  softwareAuthenticator,
} from "../../../../test/support/software-authenticator.ts";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { countEnvelopes } from "../../trust/tables/approver-envelopes.ts";
import { enrolApprover } from "../../trust/tables/approvers.ts";
import { takeMandate } from "../../trust/verify/take-mandate.ts";
import { placeOrder } from "../submit/place-order.ts";
import { createPageService, type PageService, pendingForPage } from "./page-service.ts";
import { type ActOn, ticketKeyText } from "./page-service-parts.ts";

const ORIGIN = "http://localhost:41234";
const AT_PAGE = { rpId: "localhost", origin: ORIGIN };
const warning = { message_id: "o163", fingerprint: "1".repeat(64), text: "Exceeds 3 %." };

let pc: PcOrders;
let page: PageService;
let told: ActOn[];
let toldOf: string[];
let own: ReturnType<typeof softwareAuthenticator>;
let hosted: Parameters<typeof createPageService>[0]["hostedFault"];
const ticketKey = memorySigningKey();
const key = ticketKeyText(ticketKey);

beforeEach(() => {
  // A real broker's PC: every waiver of the simulator's is off.
  pc = pcOrders({ source: "client_portal" });
  told = [];
  toldOf = [];
  own = softwareAuthenticator();
  hosted = () => null;
  page = createPageService({
    ...pc.submit,
    ticketKey,
    hostedFault: (credentialId) => hosted(credentialId),
    tellGateway: (ticketSha256, actOn) => {
      told.push(actOn);
      toldOf.push(ticketSha256);
    },
    tellEnrolled: () => undefined,
  });
});

const enrol = () =>
  enrolApprover(
    pc.store.db,
    {
      ...own,
      label: "this PC",
      enrolledBy: "terminal",
      own: { via: "loopback", relyingParty: { id: "localhost", origins: [ORIGIN] } },
    },
    1,
  );

/** Asks about a fresh order of this PC's, as the gateway does. */
async function ask(
  n = 1,
  over: { live?: boolean; warnings?: (typeof warning)[]; tier?: 1 | 2 } = {},
) {
  const preview_id = `pv_${n}`;
  const order = anOrder(over.live === true ? { mode: "live" } : {});
  pc.store.keepPreview(preview_id, {
    ticket: aTicket(order, { warnings: over.warnings ?? [] }),
    generation: 1,
    echo: null,
    madeAt: pc.clock.now(),
    usage: null,
  });
  return page.ask(about(n, over.tier));
}

const about = (n: number, tier: 1 | 2 = 1) => ({
  act: "order" as const,
  preview_id: `pv_${n}`,
  tier,
  policy_version: 1,
  policy_hash: "a".repeat(64),
  not_after: new Date(pc.clock.now() + 300_000).toISOString(),
});

const only = async (): Promise<Envelope> => {
  const [envelope] = await page.pending();
  if (envelope === undefined) throw new Error("nothing waits");
  return envelope;
};

function yes(
  envelope: Envelope,
  over: Partial<ApprovalMessage> & { ceremony?: Partial<Ceremony>; by?: typeof own } = {},
): ApprovalMessage {
  const { ceremony = {}, by = own, ...rest } = over;
  const choice = { nonce: "9".repeat(32), accepted_warnings: [], ...rest };
  return {
    v: 1,
    kind: "approval",
    ticket_sha256: envelopeSha256(envelope),
    ...choice,
    assertion: by.approve(approvedHash(envelope, choice), { ...AT_PAGE, ...ceremony }),
    ...rest,
  };
}

/** What the gateway hands to the PC with a yes, whatever the PC said of it. */
async function place(envelope: Envelope, message: ApprovalMessage) {
  if (envelope.act !== "order") throw new Error("an order");
  const { preview_id, policy_version, policy_hash, not_after, tier } = envelope.body;
  const { nonce, accepted_warnings, assertion } = message;
  const terms = { preview_id, policy_version, policy_hash, accepted_warnings, nonce, not_after };
  const intent = intentOf({
    v: 1,
    ticket: envelope.body.ticket,
    gateway_account_id: pc.options.gatewayAccountId,
    sidecar_id: pc.options.sidecarId,
    generation: 1,
    ...terms,
  });
  pc.broker.replies.push({
    status: 200,
    contentType: "application/json",
    text: JSON.stringify([{ order_id: "11", order_status: "Submitted" }]),
  });
  const outcome = await pc.finish(
    placeOrder(pc.submit, pc.request(), pc.context(), "place", {
      account_id: "DU1234567",
      mode: "paper",
      coid: intent.coid,
      intent_hash: intentHash(intent),
      approval: { kind: "passkey", ...terms, tier, assertion, echo: null },
    }),
  );
  return outcome.refusals.map(({ rule }) => rule);
}

const rules = async (message: ApprovalMessage) =>
  (await page.submit(message, "loopback")).refusals.map(({ rule }) => rule);

describe("an order on the owner's own page", () => {
  it("is asked about only where there is an approver of the PC's own", async () => {
    expect(await ask()).toBeNull();
    enrol();
    expect(await ask(2)).toMatch(/^[0-9a-f]{64}$/);
    const envelope = await only();
    expect(await envelopeHolds(envelope, key)).toBe(true);
    expect(envelope.body).toMatchObject({ number_needed: false, preview_id: "pv_2", tier: 1 });
    // Brought again it is the same request.
    expect(await page.ask(about(2))).toBe(envelopeSha256(envelope));
    expect(await page.pending()).toHaveLength(1);
  });

  it("that its owner approved goes to the gateway with a proof that places it, without a number", async () => {
    enrol();
    await ask();
    const submitted = await page.submit(yes(await only()), "loopback");
    expect(submitted).toMatchObject({ accepted: true, receipt: { body: { verdict: "accepted" } } });
    expect(submitted.receipt === null || (await receiptHolds(submitted.receipt, key))).toBe(true);
    const [actOn] = told;
    if (actOn?.act !== "order") throw new Error("the gateway was told of no order");
    const { approval } = actOn;
    const intent = intentOf({
      v: 1,
      ticket: aTicket(),
      gateway_account_id: pc.options.gatewayAccountId,
      sidecar_id: pc.options.sidecarId,
      generation: 1,
      ...{ preview_id: approval.preview_id, policy_version: 1, policy_hash: "a".repeat(64) },
      ...{ accepted_warnings: [], nonce: approval.nonce, not_after: approval.not_after },
    });
    pc.broker.replies.push({
      status: 200,
      contentType: "application/json",
      text: JSON.stringify([{ order_id: "11", order_status: "Submitted" }]),
    });
    const outcome = await pc.finish(
      placeOrder(pc.submit, pc.request(), pc.context(), "place", {
        account_id: "DU1234567",
        mode: "paper",
        coid: intent.coid,
        intent_hash: intentHash(intent),
        approval,
      }),
    );
    expect(outcome.refusals).toEqual([]);
    expect(pc.broker.sent).toHaveLength(1);
    const [receipt] = await page.receipts();
    expect(receipt?.body).toMatchObject({ verdict: "sent", coid: intent.coid });
    // The last word stands; it is not said twice.
    expect(await page.receipts()).toHaveLength(2);
    const record = pc.store.intent(intent.coid);
    if (record === null) throw new Error("the order is in the journal");
    pc.store.save({ ...record, state: "cancelled" });
    const [last] = await page.receipts();
    expect(last?.body).toMatchObject({ verdict: "sent", code: "cancelled" });
    expect(await page.receipts()).toHaveLength(3);
  });

  it("is answered once", async () => {
    enrol();
    await ask();
    const envelope = await only();
    expect((await page.submit(yes(envelope), "loopback")).accepted).toBe(true);
    expect(await rules(yes(envelope, { nonce: "8".repeat(32) }))).toEqual(["one_answer"]);
    expect(told).toHaveLength(1);
    expect(await page.pending()).toEqual([]);
  });

  it("whose answer was lost on the way is told once more by the same yes, and placed once", async () => {
    enrol();
    await ask();
    const envelope = await only();
    const message = yes(envelope);
    await page.submit(message, "qr");
    expect(await page.submit(message, "qr")).toMatchObject({
      accepted: true,
      receipt: null,
      actOn: { act: "order", approval: { nonce: message.nonce } },
    });
    expect(await page.receipts()).toHaveLength(1);
    expect(await place(envelope, message)).toEqual([]);
    expect(await page.submit(message, "qr")).toMatchObject({ accepted: true, actOn: null });
    expect(await place(envelope, message)).toEqual(["one_use"]);
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("waits for the gateway's word: until then nothing says that it is on its way", async () => {
    enrol();
    await ask();
    const envelope = await only();
    const ticket = envelopeSha256(envelope);
    // Of what nobody answered there is no result.
    expect(await page.heardResult(ticket, "ORDER_REFUSED")).toBe(false);
    await page.submit(yes(envelope), "loopback");
    expect(toldOf).toEqual([ticket]);
    const last = async () => (await page.receipts())[0]?.body;
    expect(await last()).toMatchObject({ verdict: "accepted", code: null });
    expect(await page.heardResult(ticket, null)).toBe(true);
    expect(await last()).toMatchObject({ verdict: "accepted", code: "gateway_took" });
    // Said twice it is one word, and the order goes out.
    expect(await page.heardResult(ticket, null)).toBe(false);
    expect(await place(envelope, yes(envelope))).toEqual([]);
    expect(await page.heardResult(ticket, "ORDER_REFUSED")).toBe(false);
    expect(await last()).toMatchObject({ verdict: "sent" });
  });

  it("that the gateway says it refused is placed by nobody afterwards, and the receipt says who refused", async () => {
    enrol();
    await ask();
    const envelope = await only();
    const message = yes(envelope);
    const submitted = await page.submit(message, "loopback");
    expect(submitted.receipt?.body).toMatchObject({ verdict: "accepted", code: null });
    expect(await page.heardResult(envelopeSha256(envelope), "ORDER_REFUSED")).toBe(true);
    const [receipt] = await page.receipts();
    expect(receipt?.body).toMatchObject({ verdict: "refused", code: "gateway:ORDER_REFUSED" });
    expect(await place(envelope, message)).toEqual(["answered_on_page"]);
    expect(pc.broker.sent).toEqual([]);
    expect(await rules(message)).toEqual(["one_answer"]);
  });

  it("of which the gateway says nothing is an alert when its time is over, and none where it said something", async () => {
    enrol();
    await ask();
    await page.submit(yes(await only()), "loopback");
    await ask(2);
    const second = await only();
    await page.submit(yes(second, { nonce: "8".repeat(32) }), "loopback");
    await page.heardResult(envelopeSha256(second), null);
    const alerts = () =>
      pc.told
        .filter(({ payload }) => Object(payload).kind === "intent_alert")
        .map(({ payload }) => payload);
    pc.clock.run(300_000);
    expect(alerts()).toEqual([]);
    pc.clock.run(61_000);
    expect(alerts()).toMatchObject([
      { alert: "needs_owner", message: expect.stringContaining("never said what became of it") },
    ]);
  });

  it("is one order of its preview: a second request about it is not asked, nor taken, nor placed", async () => {
    enrol();
    await ask();
    // As a gateway may ask that wants two yeses to the same.
    const later = new Date(pc.clock.now() + 299_000).toISOString();
    const asked = { ...about(1), not_after: later };
    expect(await page.ask(asked)).toMatch(/^[0-9a-f]{64}$/);
    const [first, second] = await page.pending();
    if (first === undefined || second === undefined) throw new Error("both wait");
    const yesToFirst = yes(first);
    const yesToSecond = yes(second, { nonce: "8".repeat(32) });
    expect((await page.submit(yesToFirst, "loopback")).accepted).toBe(true);
    expect(await page.pending()).toEqual([]);
    expect(await rules(yesToSecond)).toEqual(["one_order"]);
    expect(
      await page.ask({ ...asked, not_after: about(1).not_after.replace("000Z", "001Z") }),
    ).toBeNull();
    expect(await place(first, yesToFirst)).toEqual([]);
    // Nor by a passkey of the gateway's pages, once it is out.
    expect(await place(second, yesToSecond)).toEqual(["one_order"]);
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("keeps its receipt among the given ones, however many spoiled yeses come to others", async () => {
    enrol();
    await ask();
    const order = await only();
    await page.submit(yes(order), "loopback");
    await page.heardResult(envelopeSha256(order), null);
    let signed = 0;
    for (let n = 2; n < 22; n += 1) {
      await ask(n);
      const envelope = await only();
      for (let times = 0; times < 10; times += 1) {
        const nonce = String(n * 100 + times).padStart(32, "0");
        const spoiled = yes(envelope, { nonce, ceremony: { origin: "http://localhost:1" } });
        const { accepted, receipt } = await page.submit(spoiled, "qr");
        expect(accepted).toBe(false);
        if (receipt !== null) signed += 1;
      }
      const { ticket_sha256 } = yes(envelope);
      await page.submit({ v: 1, kind: "denial", ticket_sha256 }, "loopback");
    }
    // Five of each request are signed as refused.
    expect(signed).toBe(100);
    const given = await page.receipts();
    expect(given).toHaveLength(50);
    const ofOrder = given.filter(({ body }) => body.ticket_sha256 === envelopeSha256(order));
    expect(ofOrder.map(({ body }) => body.code)).toEqual(["gateway_took", null]);
    const seqs = given.map(({ body }) => body.pc_seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
  });

  it("that a version before asked in another form keeps nothing back: it says to ask again, and can be", async () => {
    enrol();
    await ask(1);
    const asked = about(1);
    const older = await only();
    pc.clock.run(1_000);
    await ask(2);
    const ticket_sha256 = envelopeSha256(older);
    // As an older program wrote it: a member less than this one asks for.
    pc.store.db
      .prepare(
        "UPDATE approver_envelopes SET envelope = json_remove(envelope, '$.body.tier') WHERE ticket_sha256 = ?",
      )
      .run(ticket_sha256);
    const items = await pendingForPage(page);
    expect(items).toMatchObject([{ older: true }, { body: { preview_id: "pv_2" } }]);
    expect((await rules(yes(older))).at(0)).toBe("form_of_now");
    expect(await page.receipts()).toEqual([]);
    // Asked about again it is one of this version.
    pc.clock.run(1_000);
    expect(await page.ask(asked)).toMatch(/^[0-9a-f]{64}$/);
    expect(await pendingForPage(page)).toMatchObject([
      { body: { preview_id: "pv_2" } },
      { body: { preview_id: "pv_1" } },
    ]);
  });

  it("that is denied needs no passkey, and goes to the gateway as a no", async () => {
    enrol();
    await ask();
    const ticket_sha256 = envelopeSha256(await only());
    const no = { v: 1, kind: "denial", ticket_sha256 } as const;
    expect(await page.submit(no, "loopback")).toMatchObject({ accepted: true, receipt: null });
    expect(told).toEqual([{ act: "deny_order", preview_id: "pv_1" }]);
    expect((await page.submit(no, "loopback")).accepted).toBe(false);
  });

  it("takes no yes of a passkey of the gateway's pages, with a number neither", async () => {
    enrol();
    await ask();
    const envelope = await only();
    pc.store.setEcho("pv_1", 4711);
    const gateway = { rpId: "gateway.example", origin: "https://gateway.example" };
    const planted = yes(envelope, { by: pc.phone, ceremony: gateway, number: 4711 });
    expect(await rules(planted)).toEqual(["enrolled_key"]);
    expect(await rules(yes(envelope, { by: softwareAuthenticator() }))).toEqual(["enrolled_key"]);
    expect(told).toEqual([]);
  });

  it.each<[string, Partial<Ceremony>]>([
    ["another port", { origin: "http://localhost:41235" }],
    ["the address for the name", { origin: "http://127.0.0.1:41234" }],
    ["a frame", { crossOrigin: true }],
    ["another site's key", { rpId: "gateway.example" }],
    ["nobody verified", { userVerified: false }],
    [
      "a signature that was changed",
      { tamper: (s) => Buffer.concat([s.subarray(0, -1), Buffer.from([(s.at(-1) ?? 0) ^ 1])]) },
    ],
  ])("takes no yes from %s", async (_name, ceremony) => {
    enrol();
    await ask();
    const envelope = await only();
    const answer = await page.submit(yes(envelope, { ceremony }), "loopback");
    expect(answer).toMatchObject({ accepted: false, receipt: { body: { verdict: "refused" } } });
    // It is open still, for another tap of its owner's.
    const again = yes(envelope, { nonce: "8".repeat(32) });
    expect((await page.submit(again, "loopback")).accepted).toBe(true);
  });

  it("whose fields were swapped on the way signs another intent than this PC's", async () => {
    enrol();
    await ask();
    const envelope = await only();
    if (envelope.act !== "order") throw new Error("an order");
    const { ticket } = envelope.body;
    const dearer = aTicket(anOrder(), { ...ticket, notional: "1" });
    const shown = { ...envelope, body: { ...envelope.body, ticket: dearer } };
    const message = { ...yes(shown), ticket_sha256: envelopeSha256(envelope) };
    expect(await rules(message)).toEqual(["own_statement_hash"]);
    for (const change of [{ nonce: "7".repeat(32) }, { ticket_sha256: "0".repeat(64) }]) {
      expect((await page.submit({ ...yes(envelope), ...change }, "loopback")).accepted).toBe(false);
    }
    expect(told).toEqual([]);
  });

  it("accepts of the broker's warnings those that were shown with it, and no other", async () => {
    enrol();
    await ask(1, { warnings: [warning] });
    const envelope = await only();
    const { message_id, fingerprint } = warning;
    const slipped = [{ message_id: "o164", fingerprint: "2".repeat(64) }];
    const other = { nonce: "8".repeat(32), accepted_warnings: slipped };
    expect(await rules(yes(envelope, other))).toEqual(["shown_warnings"]);
    const message = yes(envelope, { accepted_warnings: [{ message_id, fingerprint }] });
    expect((await page.submit(message, "loopback")).accepted).toBe(true);
    expect(told).toMatchObject([
      { approval: { accepted_warnings: [{ message_id, fingerprint }] } },
    ]);
  });

  it("is dead when its time is over", async () => {
    enrol();
    await ask();
    const message = yes(await only());
    pc.clock.run(300_000);
    expect(await page.pending()).toEqual([]);
    expect(await rules(message)).toEqual(["not_expired"]);
    const { ticket_sha256 } = message;
    const no = { v: 1, kind: "denial", ticket_sha256 } as const;
    expect(await page.submit(no, "loopback")).toMatchObject({ accepted: false });
    expect(told).toEqual([]);
    // Asked for anew it is another request.
    expect(await page.ask(about(1))).not.toBe(ticket_sha256);
    expect(await page.pending()).toHaveLength(1);
  });

  it("from the hosted page is not taken while that page is another than this PC made; at the PC it is", async () => {
    enrol();
    await ask();
    const fault = { code: "APPROVAL_ORIGIN_REFUSED", field: "page", rule: "page_as_made" } as const;
    hosted = () => ({ ...fault, message: "The page is another one." });
    const message = yes(await only());
    expect((await page.submit(message, "qr")).refusals.map(({ rule }) => rule)).toEqual([
      "page_as_made",
    ]);
    expect((await page.submit(message, "loopback")).accepted).toBe(true);
  });

  it("that the gateway never let out is said to be refused, once its time is over", async () => {
    enrol();
    await ask();
    const message = yes(await only());
    await page.submit(message, "loopback");
    pc.clock.run(300_000);
    expect((await page.receipts()).map(({ body }) => body.verdict)).toEqual(["accepted"]);
    pc.clock.run(61_000);
    const [last] = await page.receipts();
    expect(last?.body).toMatchObject({ verdict: "refused", code: "APPROVAL_EXPIRED" });
    expect(await page.receipts()).toHaveLength(2);
  });

  it("that the gateway spoiled on the way, so that the PC signs a refusal, is not placed afterwards", async () => {
    enrol();
    await ask();
    const envelope = await only();
    const message = yes(envelope);
    const { assertion } = message;
    const last = assertion.signature.endsWith("A") ? "Q" : "A";
    const signature = `${assertion.signature.slice(0, -1)}${last}`;
    const spoiled = { ...message, assertion: { ...assertion, signature } };
    const said = await page.submit(spoiled, "qr");
    expect(said.receipt?.body).toMatchObject({ verdict: "refused" });
    expect(await place(envelope, message)).not.toEqual([]);
    // Handed over whole after that, it is what the PC said of it.
    expect((await page.submit(message, "qr")).accepted).toBe(false);
    expect(await place(envelope, message)).not.toEqual([]);
    expect(pc.broker.sent).toEqual([]);
    // Another tap is another answer.
    expect((await page.submit(yes(envelope, { nonce: "8".repeat(32) }), "qr")).accepted).toBe(true);
  });

  it("that the gateway denied in its owner's name, or holds back from the page's way, is not placed", async () => {
    enrol();
    await ask();
    const envelope = await only();
    const message = yes(envelope);
    expect(await place(envelope, message)).toEqual(["answered_on_page"]);
    const no = { v: 1, kind: "denial", ticket_sha256: message.ticket_sha256 } as const;
    expect((await page.submit(no, "qr")).accepted).toBe(true);
    expect(await place(envelope, message)).toEqual(["answered_on_page"]);
    expect(pc.broker.sent).toEqual([]);
  });

  it("of the longest kind leaves room for no more than a page takes at once", async () => {
    enrol();
    const long = Array.from({ length: 20 }, (_, n) => ({
      ...warning,
      text: `${n}`.repeat(4_000).slice(0, 4_000),
    }));
    for (let n = 1; n <= 10; n += 1) await ask(n, { warnings: long });
    const shown = await page.pending();
    expect(shown.length).toBeGreaterThan(3);
    expect(JSON.stringify(shown).length).toBeLessThan(512 * 1_024);
  });

  it("that only reduces is shown before what waited longer, and is not kept back by how much that is", async () => {
    enrol();
    for (let n = 1; n <= 25; n += 1) await ask(n);
    const ticket = aTicket(anOrder({ reduce_only: true }));
    const kept = { generation: 1, echo: null, madeAt: pc.clock.now() + 1, usage: null };
    pc.store.keepPreview("pv_exit", { ticket, ...kept });
    const sha256 = await page.ask({ ...about(1), preview_id: "pv_exit" });
    const [first, ...others] = await page.pending();
    expect(first === undefined ? null : envelopeSha256(first)).toBe(sha256);
    expect(others).toHaveLength(19);
  });

  it("is asked about a thousand times an hour at most, and forgotten after a day without an answer", async () => {
    enrol();
    await ask();
    const again = (n: number) =>
      page.ask({ ...about(1), not_after: new Date(pc.clock.now() + 1_000 + n).toISOString() });
    for (let n = 1; n < 1_000; n += 1) expect(await again(n)).not.toBeNull();
    expect(await again(1_000)).toBeNull();
    const ticket = aTicket(anOrder({ reduce_only: true }));
    const kept = { generation: 1, echo: null, madeAt: pc.clock.now(), usage: null };
    pc.store.keepPreview("pv_exit", { ticket, ...kept });
    expect(await page.ask({ ...about(1), preview_id: "pv_exit" })).not.toBeNull();
    pc.clock.run(3_600_000);
    expect(await again(1_001)).not.toBeNull();
    const count = () => countEnvelopes(pc.store.db, 0);
    expect(count()).toBe(1_002);
    pc.clock.run(86_400_000);
    pc.store.prune(pc.clock.now());
    expect(count()).toBe(1);
  });

  it("of real money asks for no number, and for the strength that the caps ask for", async () => {
    enrol();
    await ask(1, { live: true });
    const envelope = await only();
    // By the caps of now every live order is of tier 2: the page has it typed out.
    expect(envelope.body).toMatchObject({ tier: 2, number_needed: false });
    expect((await page.submit(yes(envelope), "loopback")).accepted).toBe(true);
    expect(told).toMatchObject([{ act: "order", approval: { tier: 2, echo: null } }]);
  });
});

describe("what else is asked there", () => {
  it("is a policy or a kill switch, signed as its own act and told to the gateway", async () => {
    enrol();
    const not_after = new Date(pc.clock.now() + 60_000).toISOString();
    const gateway_account_id = pc.options.gatewayAccountId;
    const lift = { gateway_account_id, scope: "gateway", subject: null, epoch: 3 } as const;
    await page.ask({ act: "lift_kill_switch", lift, not_after });
    const message = yes(await only());
    expect(await page.submit(message, "loopback")).toMatchObject({ accepted: true });
    expect(told).toEqual([
      { act: "lift_kill_switch", lift: { ...lift, nonce: message.nonce, not_after } },
    ]);
    expect(
      await page.ask({
        act: "lift_kill_switch",
        lift: { ...lift, gateway_account_id: "x" },
        not_after,
      }),
    ).toBeNull();
  });

  it("is a standing approval, which the gateway cannot spoil for the page and bring to the PC by itself", async () => {
    enrol();
    const not_after = new Date(pc.clock.now() + 60_000).toISOString();
    const mandate = aMandate({ gateway_account_id: pc.options.gatewayAccountId });
    await page.ask({ act: "mandate", mandate, not_after });
    const envelope = await only();
    const message = yes(envelope);
    const signature = `${"A".repeat(4)}${message.assertion.signature.slice(4)}`;
    const spoiled = { ...message, assertion: { ...message.assertion, signature } };
    expect((await page.submit(spoiled, "qr")).receipt?.body).toMatchObject({ verdict: "refused" });
    const signed = { mandate: { ...mandate, nonce: message.nonce }, assertion: message.assertion };
    const own = { ...pc.options, mandatesAllowed: true, newNumber: () => 4711 };
    const view = { ...own, relyingParty: pc.submit.relyingParty, simulator: false };
    const taken = await takeMandate(pc.store.db, signed, { ...view, nowMs: pc.clock.now() });
    expect(taken).toMatchObject({ ok: false, refusals: [{ rule: "one_use", field: "nonce" }] });
  });

  it("is no order: what was signed for a policy approves none", async () => {
    enrol();
    await ask();
    const order = await only();
    if (order.act !== "order") throw new Error("an order");
    const change = {
      gateway_account_id: pc.options.gatewayAccountId,
      broker_account_id: "DU1234567",
      from_hash: null,
      to_hash: order.body.policy_hash,
      to_version: 2,
      nonce: "9".repeat(32),
      not_after: order.body.not_after,
    };
    const other = statementHash({ act: "loosen_policy", change });
    const message = { ...yes(order), assertion: own.approve(other, AT_PAGE) };
    expect(await rules(message)).toEqual(["own_statement_hash"]);
  });
});
