import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApprovalPagePc, approvalPagePc } from "../../../../test/support/approval-page.ts";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aMandate } from "../../../../test/support/orders.ts";
import { answerEnvelope, wasApproved } from "../../trust/tables/approver-envelopes.ts";
import { findMandate } from "../../trust/tables/mandates.ts";
import { claimNonce } from "../../trust/tables/nonces.ts";
import { mandateAtFirstUse } from "../approval/receive-mandates.ts";
import { askOwner } from "./ask-on-page.ts";
import { noteResult } from "./gateway-result.ts";
import { currentReceipts, giveReceipt } from "./page-receipts.ts";
import { createPageService, type PageService } from "./page-service.ts";

const SIGNED = "2".repeat(64);
const { coid } = anIntentRecord();

let at: ApprovalPagePc;
let ticket_sha256: string;
beforeEach(async () => {
  at = approvalPagePc();
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

  it("is nothing for an order whose yes was used a moment ago, before the journal has it", async () => {
    await approve();
    const claim = { nonce: "9".repeat(32), statementHash: SIGNED, notAfterMs: at.pc.clock.now() };
    expect(claimNonce(at.pc.store.db, claim, at.pc.clock.now())).toBe(true);
    expect(await noteResult(at.parts, ticket_sha256, "REFUSED")).toBe(false);
    expect(placeable()).toBe(true);
    expect(await verdicts()).toEqual([["accepted", null]]);
  });
});

describe("a mandate of the page's", () => {
  const NONCE = "9".repeat(32);
  const mandateOf = (envelope: Envelope) =>
    envelope.act === "mandate" ? { ...envelope.body.mandate, nonce: NONCE } : aMandate({});
  let page: PageService;
  beforeEach(() => {
    page = start(at);
  });
  const start = ({ parts }: ApprovalPagePc) =>
    createPageService({
      ...parts,
      hostedFault: () => null,
      tellGateway: () => undefined,
      tellEnrolled: () => undefined,
    });

  /** The owner said yes to it, at this PC or by way of the gateway. */
  async function given(via: "loopback" | "qr" = "loopback") {
    const ticket = (await page.ask(at.asked("mandate"))) ?? "";
    const envelope = at.kept(ticket);
    const message = at.yes(envelope);
    expect(await page.submit(message, via)).toMatchObject({ accepted: true });
    const mandate = mandateOf(envelope);
    return { ticket, mandate, hash: mandateHash(mandate), assertion: message.assertion };
  }
  const stateOf = (hash: string) => findMandate(at.pc.store.db, hash)?.state;
  const alerts = () =>
    at.pc.told.flatMap(({ payload }) => {
      const { kind, message } = Object(payload);
      return kind === "intent_alert" ? [String(message)] : [];
    });

  it("ends where the gateway says it refused it: no order goes out under it afterwards", async () => {
    const { ticket, mandate, hash, assertion } = await given("qr");
    expect(stateOf(hash)).toBe("confirmed");
    expect(await page.heardResult(ticket, "UNIMPLEMENTED")).toBe(true);
    expect((await page.receipts())[0]?.body).toMatchObject({ verdict: "refused" });
    expect(stateOf(hash)).toBe("revoked");
    const again = await mandateAtFirstUse(at.pc.submit, { mandate, assertion });
    expect(again).toMatchObject([{ rule: "not_revoked" }]);
  });

  it.each(["loopback", "qr"] as const)(
    "of which the gateway says nothing ends with its time, and the owner is told that it did (%s)",
    async (via) => {
      const { hash } = await given(via);
      at.pc.clock.run(299_000);
      expect(stateOf(hash)).toBe("confirmed");
      at.pc.clock.run(62_000);
      expect(stateOf(hash)).toBe("revoked");
      expect(alerts()).toEqual([expect.stringContaining("this PC has revoked it")]);
    },
  );

  it("ends so too where this PC was started again meanwhile", async () => {
    const unheard = await given();
    // The timers of the run before are gone with it.
    const { clock } = approvalPagePc().pc;
    start({ ...at, parts: { ...at.parts, clock } });
    clock.run(361_000);
    expect(stateOf(unheard.hash)).toBe("revoked");
  });

  it("stays where the gateway took it up", async () => {
    const { ticket, hash } = await given();
    expect(await page.heardResult(ticket, null)).toBe(true);
    at.pc.clock.run(400_000);
    expect(stateOf(hash)).toBe("confirmed");
    expect(alerts()).toEqual([]);
  });

  it("under which an order is out already is revoked, and nobody signs that it was refused", async () => {
    const { ticket, hash } = await given("qr");
    at.pc.store.insert(anIntentRecord(0, { state: "working", sent: true, mandate_hash: hash }));
    expect(await page.heardResult(ticket, "UNIMPLEMENTED")).toBe(false);
    expect(stateOf(hash)).toBe("revoked");
    expect((await page.receipts()).map(({ body }) => body.verdict)).toEqual(["accepted"]);
  });

  it("is taken on that page alone: whoever carries the yes cannot keep it and bring it later", async () => {
    const envelope = at.kept(await page.ask(at.asked("mandate")));
    const { assertion } = at.yes(envelope);
    const mandate = mandateOf(envelope);
    const directly = await mandateAtFirstUse(at.pc.submit, { mandate, assertion });
    expect(directly).toMatchObject([{ rule: "answered_on_page" }]);
    expect(stateOf(mandateHash(mandate))).toBeUndefined();
  });
});
