import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import { receiptHolds } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApprovalPagePc, approvalPagePc } from "../../../../test/support/approval-page.ts";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { answerEnvelope } from "../../trust/tables/approver-envelopes.ts";
import { claimNonce } from "../../trust/tables/nonces.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { askOwner } from "./ask-on-page.ts";
import { noteResult } from "./gateway-result.ts";
import { currentReceipts, giveReceipt } from "./page-receipts.ts";
import { ticketKeyText } from "./page-service-parts.ts";

const SIGNED = "2".repeat(64);
const { coid } = anIntentRecord();
const why = refusal("ORDER_QUANTITY_INVALID", "legs", "cap", "It is above a cap.");

let at: ApprovalPagePc;
let ticket_sha256: string;
beforeEach(async () => {
  at = approvalPagePc();
  at.enrol();
  at.preview();
  ticket_sha256 = (await askOwner(at.parts, at.asked("order"))) ?? "";
});

/** What its owner answered, as the page keeps it. */
const answered = (state: "approved" | "denied" = "approved") =>
  answerEnvelope(at.pc.store.db, ticket_sha256, {
    state,
    ...(state === "approved" ? { signedSha256: SIGNED, coid } : { signedSha256: null, coid: null }),
  });
const said = (verdict: "accepted" | "refused", code: string | null = null) =>
  giveReceipt(at.parts, { ticket_sha256, intent_hash: SIGNED, coid, verdict, code });
const verdicts = async () =>
  (await currentReceipts(at.parts)).map(({ body }) => [body.verdict, body.code]);

describe("a receipt", () => {
  it("is signed by the ticket key over all that it says", async () => {
    const receipt = await said("refused", "APPROVAL_EXPIRED");
    const key = ticketKeyText(at.parts.ticketKey);
    expect(receipt.body).toMatchObject({ ticket_sha256, intent_hash: SIGNED, at: at.inMs(0) });
    expect(await receiptHolds(receipt, key)).toBe(true);
    expect(await receiptHolds(receipt, ticketKeyText(memorySigningKey()))).toBe(false);
    const changed = { ...receipt, body: { ...receipt.body, verdict: "accepted" as const } };
    expect(await receiptHolds(changed, key)).toBe(false);
  });

  it("has the next number each time, and the newest comes first", async () => {
    const given = [await said("accepted"), await said("refused", "X"), await said("accepted")];
    const numbers = given.map(({ body }) => body.pc_seq);
    expect(numbers).toEqual([0, 1, 2].map((n) => (numbers[0] ?? 0) + n));
    expect(await currentReceipts(at.parts)).toEqual(given.toReversed());
  });

  it("is given out among so many of the last", async () => {
    for (let n = 0; n <= APPROVER_LIMITS.receiptsMax; n += 1) await said("refused", `${n}`);
    const last = await verdicts();
    expect(last).toHaveLength(APPROVER_LIMITS.receiptsMax);
    expect(last[0]).toEqual(["refused", `${APPROVER_LIMITS.receiptsMax}`]);
  });
});

describe("what became of an order that was approved", () => {
  it.each<[string, Partial<IntentRecord>, string, string | null]>([
    ["begun and not sent", { state: "submitting" }, "accepted", "gateway_took"],
    ["refused before it was sent", { state: "rejected", refusals: [why] }, "refused", why.code],
    ["cancelled before it was sent", { state: "cancelled" }, "refused", "cancelled"],
    ["refused by the broker", { state: "rejected", sent: true }, "refused", "rejected"],
    ["working", { state: "working", sent: true }, "sent", null],
    ["cancelled at the broker", { state: "cancelled", sent: true }, "sent", "cancelled"],
    ["filled", { state: "filled", sent: true }, "filled", null],
    ["in doubt", { state: "unknown", sent: true }, "unknown", null],
    ["waiting for its owner", { state: "needs_owner", sent: true }, "unknown", null],
  ])("is told by its record: %s", async (_name, record, verdict, code) => {
    answered();
    at.pc.store.insert(anIntentRecord(0, record));
    expect(await verdicts()).toEqual([[verdict, code]]);
    const [receipt] = await currentReceipts(at.parts);
    expect(receipt?.body).toMatchObject({ ticket_sha256, intent_hash: SIGNED, coid });
  });

  it("is told again when it changed, and else not", async () => {
    answered();
    await said("accepted");
    at.pc.store.insert(anIntentRecord(0, { state: "working", sent: true }));
    const sent = [
      ["sent", null],
      ["accepted", null],
    ];
    expect(await verdicts()).toEqual(sent);
    expect(await verdicts()).toEqual(sent);
    at.pc.store.save(anIntentRecord(0, { state: "filled", sent: true, version: 1 }));
    expect(await verdicts()).toEqual([["filled", null], ...sent]);
  });

  it("is a refusal a minute after its end, where it was never begun", async () => {
    answered();
    await said("accepted");
    at.pc.clock.run(300_000 + 60_000);
    expect(await verdicts()).toEqual([["accepted", null]]);
    at.pc.clock.run(1);
    expect(await verdicts()).toEqual([
      ["refused", "APPROVAL_EXPIRED"],
      ["accepted", null],
    ]);
  });

  it("is no refusal where somebody else's order was cancelled: a cancel stands in no journal", async () => {
    const before = aLeg();
    const target = { order_id: "77", order_ref: null, foreign: true, before, filled_quantity: "0" };
    at = approvalPagePc();
    at.enrol();
    at.preview({}, anOrder({ action: "cancel", target }));
    const asked = at.asked("order", { not_after: at.inMs(290_000) });
    ticket_sha256 = (await askOwner(at.parts, asked)) ?? "";
    answered();
    await said("accepted");
    expect(await verdicts()).toEqual([["accepted", null]]);
    // As when the gateway has it carried out.
    const claim = { nonce: "9".repeat(32), statementHash: SIGNED, notAfterMs: at.pc.clock.now() };
    expect(claimNonce(at.pc.store.db, claim, at.pc.clock.now())).toBe(true);
    expect(await noteResult(at.parts, ticket_sha256, "UNAVAILABLE")).toBe(false);
    at.pc.clock.run(600_000);
    expect(await verdicts()).toEqual([
      ["unknown", null],
      ["accepted", null],
    ]);
  });

  it("is nothing for what was denied, or waits", async () => {
    at.pc.store.insert(anIntentRecord(0, { state: "working", sent: true }));
    expect(await verdicts()).toEqual([]);
    answered("denied");
    at.pc.clock.run(3_600_000);
    expect(await verdicts()).toEqual([]);
  });
});
