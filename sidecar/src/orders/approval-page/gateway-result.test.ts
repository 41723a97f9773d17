import { beforeEach, describe, expect, it } from "vitest";
import { type OwnPagePc, ownPagePc } from "../../../../test/support/approval-page.ts";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { answerEnvelope, wasApproved } from "../../trust/tables/approver-envelopes.ts";
import { askOwner } from "./ask-on-page.ts";
import { noteResult } from "./gateway-result.ts";
import { currentReceipts, giveReceipt } from "./page-receipts.ts";

const SIGNED = "2".repeat(64);
const { coid } = anIntentRecord();

let at: OwnPagePc;
let ticket_sha256: string;
beforeEach(async () => {
  at = ownPagePc();
  at.enrol();
  at.preview();
  ticket_sha256 = (await askOwner(at.parts, at.asked("order"))) ?? "";
});

/** The owner said yes, and the page has its receipt for that. */
async function approve(): Promise<void> {
  const answer = { state: "approved", signedSha256: SIGNED, coid } as const;
  answerEnvelope(at.pc.store.db, ticket_sha256, answer);
  const named = { ticket_sha256, intent_hash: SIGNED, coid };
  await giveReceipt(at.parts, { ...named, verdict: "accepted", code: null });
}
const verdicts = async () =>
  (await currentReceipts(at.parts)).map(({ body }) => [body.verdict, body.code]);
const placeable = () => wasApproved(at.pc.store.db, SIGNED);

describe("what the gateway says it did about a yes", () => {
  it("is a receipt of its own, once", async () => {
    await approve();
    expect(await noteResult(at.parts, ticket_sha256, null)).toBe(true);
    expect(await noteResult(at.parts, ticket_sha256, null)).toBe(false);
    expect(await verdicts()).toEqual([
      ["accepted", "gateway_took"],
      ["accepted", null],
    ]);
    expect(placeable()).toBe(true);
  });

  it("ends the yes here too, where it refused it", async () => {
    await approve();
    expect(await noteResult(at.parts, ticket_sha256, "KILL_SWITCH_ENGAGED")).toBe(true);
    expect((await verdicts())[0]).toEqual([
      "refused",
      expect.stringMatching(/KILL_SWITCH_ENGAGED$/),
    ]);
    expect(placeable()).toBe(false);
    expect(await noteResult(at.parts, ticket_sha256, null)).toBe(false);
  });

  it("is nothing for what nobody approved, and for an order that the journal has", async () => {
    expect(await noteResult(at.parts, ticket_sha256, "REFUSED")).toBe(false);
    expect(await noteResult(at.parts, "0".repeat(64), "REFUSED")).toBe(false);
    await approve();
    at.pc.store.insert(anIntentRecord(0, { state: "working", sent: true }));
    expect(await noteResult(at.parts, ticket_sha256, "REFUSED")).toBe(false);
    expect(placeable()).toBe(true);
  });
});
