import { receiptHolds } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import {
  enrolmentBearer,
  enrolmentCodeOf,
  enrolmentMac,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { sha256OfToken } from "@ibkr-edge-gateway/protocol/approval-page/page-token.ts";
import {
  approverAsk,
  approverPages,
  approverPending,
  approverReceipts,
  approverSubmit,
  OwnerAnswerEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { approvalPagePc } from "../../../../test/support/approval-page.ts";
import { anOrderBody } from "../../../../test/support/approver.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { storePage } from "../../trust/tables/approver-pages.ts";
import { beginEnrolment, currentEnrolment } from "../../trust/tables/enrolments.ts";
import { askOwner } from "./ask-on-page.ts";
import { judgeApproval } from "./judge-page-approval.ts";
import { approvalPageOperations } from "./page-operations.ts";
import { currentReceipts, giveReceipt } from "./page-receipts.ts";
import { createPageService } from "./page-service.ts";
import { ticketKeyText } from "./page-service-parts.ts";
import { receiveEnrolment } from "./receive-page-enrolment.ts";
import { ownerAnswer } from "./report-page-answer.ts";

/** What the gateway carries between the hosted page and this PC, and each step behind it by itself. */
const ORIGIN = "https://approver.example";
const ticketKey = memorySigningKey();

let pc: PcOrders;
let parts: PcOrders["submit"] & { ticketKey: typeof ticketKey };
let operations: ReturnType<typeof approvalPageOperations>;

beforeEach(() => {
  pc = pcOrders({ source: "client_portal" });
  parts = { ...pc.submit, ticketKey };
  const page = createPageService({
    ...parts,
    hostedFault: () => null,
    tellGateway: () => {},
    tellEnrolled: () => {},
  });
  operations = approvalPageOperations(page, parts);
});

async function carried(operation: string, input: object) {
  const served = operations[operation]?.(pc.request());
  if (served === undefined) throw new Error(`${operation} is not served`);
  return served.execute(pc.context(), input);
}

const beginCeremony = () => {
  const exp = Math.floor(pc.clock.now() / 1_000) + 300;
  const code = enrolmentCodeOf(new Uint8Array(11).fill(2), exp);
  const place = { via: "qr", origin: ORIGIN, rpId: "approver.example", label: "x" } as const;
  beginEnrolment(pc.store.db, { ...place, code }, pc.clock.now());
  return code;
};

const anEnrolment = (secret: string) => {
  const unsigned = {
    v: 1 as const,
    kind: "enrolment" as const,
    rp_id: "approver.example",
    origin: ORIGIN,
    registration: { id: "AQID", client_data_json: "e30", attestation_object: "AQ", transports: [] },
    page_token_sha256: "f".repeat(64),
  };
  return { ...unsigned, mac: enrolmentMac(secret, unsigned) };
};

describe("the operations of the hosted page", () => {
  it("name its tokens, and the page that an enrolment is open for", async () => {
    const read = async () => approverPages.output.parse(await carried("approver.pages", {}));
    expect(await read()).toMatchObject({ pages: [], enrolling: null });
    const tokenSha256 = "a".repeat(64);
    const page = { tokenSha256, origin: ORIGIN, credentialId: "c", endsAt: null };
    storePage(pc.store.db, page, 1);
    const { secret } = beginCeremony();
    expect(await read()).toMatchObject({
      pages: [{ origin: ORIGIN, page_token_sha256: tokenSha256 }],
      enrolling: ORIGIN,
      enrolling_token_sha256: sha256OfToken(enrolmentBearer(secret)),
    });
    pc.clock.run(300_000);
    expect(await read()).toMatchObject({ enrolling: null, enrolling_token_sha256: null });
  });

  it("refuse what is no message of a page's, and what nobody was asked", async () => {
    for (const [message, code] of [
      [{ kind: "approval", newer: 1 }, "APPROVAL_MALFORMED"],
      [{ v: 1, kind: "denial", ticket_sha256: "0".repeat(64) }, "APPROVAL_PREVIEW_MISMATCH"],
      [anEnrolment("0".repeat(32)), "APPROVAL_KEY_NOT_ENROLLED"],
    ] as const) {
      const answer = approverSubmit.output.parse(await carried("approver.submit", { message }));
      expect(answer).toMatchObject({ accepted: false, receipt: null, act_on: null });
      expect(answer.refusals.map((refusal) => refusal.code)).toEqual([code]);
    }
  });

  it("carry a request to the page, its answer back, and what the PC says of it", async () => {
    const at = approvalPagePc();
    at.enrol();
    at.preview();
    const said: unknown[] = [];
    const page = createPageService({
      ...at.parts,
      hostedFault: () => null,
      tellGateway: (actOn) => said.push(actOn),
      tellEnrolled: () => {},
    });
    const served = approvalPageOperations(page, at.parts);
    const carry = (name: string, input: object) =>
      served[name]?.(at.pc.request()).execute(at.pc.context(), input);
    const as_of = at.inMs(0);

    const asked = approverAsk.output.parse(await carry("approver.ask", at.asked("order")));
    const envelope = at.kept(asked.ticket_sha256);
    const pending = approverPending.output.parse(await carry("approver.pending", {}));
    expect(pending).toEqual({ envelopes: [envelope], as_of });
    const message = at.yes(envelope);
    const taken = approverSubmit.output.parse(await carry("approver.submit", { message }));
    const act_on = { act: "order", approval: { nonce: message.nonce, preview_id: "pv_1" } };
    expect(taken).toMatchObject({ accepted: true, refusals: [], as_of, act_on });
    // Who carried it hears it by the answer; only what came over loopback is told beside it.
    expect(said).toEqual([]);
    const receipts = approverReceipts.output.parse(await carry("approver.receipts", {}));
    expect(receipts).toEqual({ receipts: [taken.receipt], as_of });
  });

  it("ask nothing where there is no approver of the owner's own", async () => {
    const not_after = new Date(pc.clock.now() + 60_000).toISOString();
    const gateway_account_id = pc.options.gatewayAccountId;
    const lift = { gateway_account_id, scope: "gateway", subject: null, epoch: 1 } as const;
    expect(await askOwner(parts, { act: "lift_kill_switch", lift, not_after })).toBeNull();
    expect(await carried("approver.pending", {})).toMatchObject({ envelopes: [] });
  });
});

describe("an enrolment that was carried", () => {
  it("ends the ceremony with one wrong seal, and with a registration that is none", async () => {
    const code = beginCeremony();
    const wrong = await receiveEnrolment(parts, anEnrolment("0".repeat(32)), "qr");
    expect(wrong.refusals.map(({ rule }) => rule)).toEqual(["mac"]);
    expect(currentEnrolment(pc.store.db)?.state).toBe("ended");
    const late = await receiveEnrolment(parts, anEnrolment(code.secret), "qr");
    expect(late.refusals.map(({ rule }) => rule)).toEqual(["open_at_pc"]);
    const again = beginCeremony();
    expect((await receiveEnrolment(parts, anEnrolment(again.secret), "qr")).accepted).toBe(false);
    expect(currentEnrolment(pc.store.db)?.state).toBe("ended");
  });

  it("is taken over the way that the ceremony is for, and over no other", async () => {
    const code = beginCeremony();
    const other = await receiveEnrolment(parts, anEnrolment(code.secret), "loopback");
    expect(other.refusals.map(({ rule }) => rule)).toEqual(["open_at_pc"]);
    expect(currentEnrolment(pc.store.db)?.state).toBe("open");
  });
});

describe("what the PC says of an answer", () => {
  it("is signed, each under the next number, and given out the newest first", async () => {
    const said = { ticket_sha256: "1".repeat(64), intent_hash: "2".repeat(64), coid: null };
    const first = await giveReceipt(parts, { ...said, verdict: "accepted", code: null });
    const second = await giveReceipt(parts, { ...said, verdict: "refused", code: "X" });
    expect(second.body.pc_seq).toBeGreaterThan(first.body.pc_seq);
    expect(await receiptHolds(second, ticketKeyText(ticketKey))).toBe(true);
    expect(await currentReceipts(parts)).toEqual([second, first]);
  });

  it("goes to the gateway in a form that it reads, under a name of its own each time", () => {
    const [one, two] = [1, 2].map(() =>
      ownerAnswer("1".repeat(64), { act: "deny_order", preview_id: "pv" }, 1_000),
    );
    expect(one?.type).toBe("broker.alert");
    expect(OwnerAnswerEvent.safeParse(one?.payload).success).toBe(true);
    expect(one?.payload).not.toEqual(two?.payload);
  });

  it("is no to a key that nobody enrolled here", async () => {
    const choice = { nonce: "9".repeat(32), accepted_warnings: [] };
    const assertion = softwareAuthenticator().approve("0".repeat(64));
    const message = { v: 1, kind: "approval", ticket_sha256: "1".repeat(64), ...choice, assertion };
    const judged = await judgeApproval(
      parts,
      { act: "order", body: anOrderBody(), signature: "" },
      { ...message, v: 1, kind: "approval" },
    );
    expect(judged).toMatchObject({ ok: false, refusals: [{ rule: "enrolled_key" }] });
  });
});
