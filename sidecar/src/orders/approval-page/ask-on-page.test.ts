import { envelopeHolds } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ACTS,
  type ApprovalPagePc,
  approvalPagePc,
} from "../../../../test/support/approval-page.ts";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { anOrder } from "../../../../test/support/orders.ts";
import { openEnvelopes } from "../../trust/tables/approver-envelopes.ts";
import { revokeApprover } from "../../trust/tables/approvers.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { askOwner, askTheQuestion } from "./ask-on-page.ts";
import { ticketKeyText } from "./page-service-parts.ts";

const warning = { message_id: "o163", fingerprint: "1".repeat(64), text: "Exceeds 3 %." };

let at: ApprovalPagePc;
beforeEach(() => {
  at = approvalPagePc();
});

const waiting = () =>
  openEnvelopes(at.pc.store.db, at.pc.clock.now(), 20).map(({ envelope }) => envelope);

describe.each(ACTS)("what the gateway wants asked: %s", (act) => {
  beforeEach(() => void at.preview());

  it("is asked on a page of the owner's own and nowhere else", async () => {
    // A passkey of the gateway's pages is enrolled; it has no page at this PC.
    expect(await askOwner(at.parts, at.asked(act))).toBeNull();
    at.enrol();
    const envelope = at.kept(await askOwner(at.parts, at.asked(act)));
    expect(envelope.act).toBe(act);
    expect(await envelopeHolds(envelope, ticketKeyText(at.parts.ticketKey))).toBe(true);
    revokeApprover(at.pc.store.db, at.own.credentialId, 2);
    const later = at.asked(act, { not_after: at.inMs(310_000) });
    expect(await askOwner(at.parts, later)).toBeNull();
    expect(waiting()).toHaveLength(1);
  });

  it("is not asked at its end, nor past it", async () => {
    at.enrol();
    for (const ms of [-1, 0]) {
      expect(await askOwner(at.parts, at.asked(act, { not_after: at.inMs(ms) }))).toBeNull();
    }
    expect(waiting()).toEqual([]);
    const last = at.asked(act, { not_after: at.inMs(1) });
    expect(at.kept(await askOwner(at.parts, last)).body.not_after).toBe(last.not_after);
    at.pc.clock.run(1);
    expect(waiting()).toEqual([]);
  });

  it("is one request when it is brought again, and another with another end", async () => {
    at.enrol();
    const asked = at.asked(act);
    const first = await askOwner(at.parts, asked);
    at.pc.clock.run(1_000);
    expect(await askOwner(at.parts, asked)).toBe(first);
    expect(waiting()).toHaveLength(1);
    const again = await askOwner(at.parts, at.asked(act));
    expect(again).not.toBe(first);
    const [one, two] = [at.kept(first), at.kept(again)];
    expect(two.body.pc_seq).toBeGreaterThan(one.body.pc_seq);
  });
});

describe("of another owner's gateway account", () => {
  it.each(["mandate", "lift_kill_switch", "loosen_policy"] as const)(
    "nothing is asked: %s",
    async (act) => {
      at.enrol();
      expect(await askOwner(at.parts, at.asked(act, { owner: "acc_other" }))).toBeNull();
      expect(waiting()).toEqual([]);
    },
  );
});

describe("what is no order", () => {
  it("waits no longer than a preview is kept", async () => {
    at.enrol();
    const far = at.asked("lift_kill_switch", { not_after: at.inMs(86_400_000) });
    const { not_after } = at.kept(await askOwner(at.parts, far)).body;
    expect(not_after).toBe(at.inMs(ORDER_LIMITS.previewKeptMs));
  });
});

describe("an order that is asked about", () => {
  beforeEach(() => void at.enrol());

  it("is the one that this PC previewed itself", async () => {
    expect(await askOwner(at.parts, at.asked("order"))).toBeNull();
    const ticket = at.preview({ warnings: [warning] });
    const envelope = at.kept(await askOwner(at.parts, at.asked("order")));
    const { message_id, fingerprint } = warning;
    expect(envelope.body).toMatchObject({
      ticket,
      preview_id: "pv_1",
      generation: 1,
      accepted_warnings: [{ message_id, fingerprint }],
      gateway_account_id: at.pc.options.gatewayAccountId,
      sidecar_id: at.pc.options.sidecarId,
    });
  });

  it("is not asked about once its preview is kept no more", async () => {
    at.preview();
    at.pc.clock.run(ORDER_LIMITS.previewKeptMs + 1);
    expect(await askOwner(at.parts, at.asked("order"))).toBeNull();
  });

  it("takes the greater strength of the gateway's and this PC's", async () => {
    const tierOf = async (tier: 1 | 2) => {
      const envelope = at.kept(await askOwner(at.parts, at.asked("order", { tier })));
      return envelope.act === "order" ? envelope.body.tier : null;
    };
    at.preview();
    expect(await tierOf(1)).toBe(1);
    at.pc.clock.run(1);
    expect(await tierOf(2)).toBe(2);
    at = approvalPagePc();
    at.enrol();
    at.preview({}, anOrder({ mode: "live" }));
    expect(await tierOf(1)).toBe(2);
  });
});

describe("the broker's open question", () => {
  const record = () => {
    const question = {
      reply_id: "r1",
      messages: [warning],
      reason: "It was not shown before.",
      asked_at: at.inMs(0),
      lapses_at: at.inMs(60_000),
    };
    const made = anIntentRecord(1, { state: "awaiting_confirmation", sent: true, question });
    at.pc.store.insert(made);
    return made;
  };
  const asking = (coid: string, replyId: string) => ({
    ...at.parts,
    conversation: { ...at.parts.conversation, waiting: () => ({ coid, replyId }) },
  });

  it("is asked once, with the order that it is about and the broker's own end", async () => {
    const { coid, intent_hash, ticket } = record();
    await askTheQuestion(asking(coid, "r1"));
    expect(waiting()).toEqual([]);
    at.enrol();
    await askTheQuestion(asking(coid, "r1"));
    await askTheQuestion(asking(coid, "r1"));
    expect(waiting()).toMatchObject([
      {
        act: "question",
        body: {
          ...{ coid, intent_hash, ticket, reply_id: "r1", messages: [warning] },
          not_after: at.inMs(60_000),
        },
      },
    ]);
  });

  it("is not asked when the order's record has another question, or none", async () => {
    at.enrol();
    const { coid } = record();
    const plain = anIntentRecord(2);
    at.pc.store.insert(plain);
    await askTheQuestion(asking(coid, "r2"));
    await askTheQuestion(asking(plain.coid, "r1"));
    await askTheQuestion(asking(anIntentRecord(3).coid, "r1"));
    await askTheQuestion(at.parts);
    expect(waiting()).toEqual([]);
  });
});
