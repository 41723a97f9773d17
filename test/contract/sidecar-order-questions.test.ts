import { statementHash } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { IntentQuestionEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { fingerprintOf, messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { afterEach, describe, expect, it } from "vitest";
import {
  AAPL_CONID,
  type ApproveOver,
  limitOrder,
  type OrderRig,
  startOrderRig,
} from "../support/order-rig.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";

/** What the broker asks before it takes an order, and who may answer. */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

const TEXTS = ["Do you like the first one?", "And the second one?", "And the third?"];
const extra = TEXTS.map((text, index) => ({ id: `o99${index}`, text }));
const accepted = extra.map(({ id, text }) => ({
  message_id: id,
  fingerprint: fingerprintOf(text),
}));

async function asking(
  questions: readonly { id: string; text: string }[],
  more: object = {},
): Promise<OrderRig> {
  rig = await startOrderRig({ behaviours: { questions: { extra: questions, ...more } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  return rig;
}

/** Met before, so that the next ticket shows them: only that can be accepted. */
const known = (): void => {
  for (const { id, text } of extra) {
    rig.store().noteQuestion("place LMT", messageOf(id, text), rig.now());
  }
};

const place = async (over: ApproveOver = {}, limit = "176") => {
  if (over.warnings !== undefined) known();
  const submission = rig.approve(await rig.preview(limitOrder(rig.account, limit)), over);
  return { submission, outcome: await rig.place(submission) };
};

const happened = (): string[] =>
  rig.events.flatMap((event) => {
    const parsed = IntentQuestionEvent.safeParse(event.payload);
    return parsed.success ? [`${parsed.data.happened} ${parsed.data.by}`] : [];
  });

const confirmation = (
  outcome: OrderOutcome,
  over: {
    phone?: typeof rig.phone;
    fingerprints?: string[];
    confirm?: boolean;
    echo?: number;
    nonce?: string;
  } = {},
) => {
  const { question, intent_hash } = outcome;
  if (question === null || intent_hash === null) throw new Error("no question is open");
  const fingerprints = over.fingerprints ?? question.messages.map(({ fingerprint }) => fingerprint);
  const not_after = new Date(rig.now() + 60_000).toISOString();
  const nonce = over.nonce ?? "f".repeat(32);
  const statement = {
    intent_hash,
    reply_id: question.reply_id,
    fingerprints,
    confirm: true,
    nonce,
    not_after,
  };
  return {
    account_id: rig.account,
    mode: "paper" as const,
    coid: outcome.coid,
    reply_id: question.reply_id,
    confirm: over.confirm ?? true,
    owner: {
      fingerprints,
      nonce,
      not_after,
      assertion: (over.phone ?? rig.phone).approve(
        statementHash({ act: "question", question: statement }),
      ),
      ...(over.echo === undefined ? {} : { echo: over.echo }),
    },
  };
};

describe("a broker's question", () => {
  it("accepted word for word by the approval is confirmed, the whole chain of it", async () => {
    await asking(extra);
    const { outcome, submission } = await place({ warnings: accepted });
    expect(outcome.answered).toEqual(
      accepted.map((one) => ({ ...one, confirmed: true, by: "approval" })),
    );
    await rig.untilState(submission.coid, "working");
    expect(rig.replies().map(({ body }) => body)).toEqual(Array(3).fill('{"confirmed":true}'));
    expect(rig.posts()).toHaveLength(1);
  });

  it("the preview warned of is accepted by its id and wording", async () => {
    await asking([], { mandatoryCap: false });
    const preview = await rig.preview(limitOrder(rig.account, "160"));
    expect(preview.ticket.warnings.map(({ message_id }) => message_id)).toEqual(["o163"]);
    const warnings = preview.ticket.warnings.map(({ message_id, fingerprint }) => ({
      message_id,
      fingerprint,
    }));
    const submission = rig.approve(preview, { warnings });
    await rig.place(submission);
    await rig.untilState(submission.coid, "working");
  });

  it("S8 (d): nobody accepted is shown to the owner and, unanswered, declined; nothing is placed", async () => {
    await asking(extra.slice(0, 1));
    const { outcome, submission } = await place();
    expect(outcome.state).toBe("awaiting_confirmation");
    expect(outcome.question?.messages[0]).toMatchObject({ message_id: "o990", text: TEXTS[0] });
    expect(rig.replies()).toEqual([]);
    expect(rig.alerts().map(({ alert }) => alert)).toContain("question_waiting");
    await rig.untilState(submission.coid, "rejected");
    expect(rig.replies().map(({ body }) => body)).toEqual(['{"confirmed":false}']);
    expect(happened()).toEqual(["asked broker", "declined sidecar"]);
    expect(rig.sim.control.orders()).toEqual([]);
  });

  it("S8: under a known id with another wording is not confirmed", async () => {
    await asking([{ id: "o990", text: "Do you like something else altogether?" }]);
    const { outcome } = await place({ warnings: accepted });
    expect(outcome.state).toBe("awaiting_confirmation");
    expect(outcome.question?.reason).toContain("wording has changed");
  });

  it("(d) is confirmed by the owner's passkey over that very question", async () => {
    await asking(extra.slice(0, 1));
    const { outcome, submission } = await place();
    const answered = await rig.write("order.answer", confirmation(outcome));
    expect(answered.refusals).toEqual([]);
    expect(rig.shown.join("\n")).toContain("Your yes to the broker's question is being used");
    await rig.untilState(submission.coid, "working");
    expect(happened()).toEqual(["asked broker", "confirmed owner"]);
    // The same answer again finds no question.
    const again = await rig.write("order.answer", confirmation({ ...outcome }));
    expect(again.refusals.map(({ rule }) => rule)).toEqual(["question_open"]);
    expect(rig.replies()).toHaveLength(1);
  });

  it.each<[string, () => Parameters<typeof confirmation>[1], string]>([
    [
      "a key nobody enrolled",
      () => ({ phone: softwareAuthenticator() }),
      "APPROVAL_KEY_NOT_ENROLLED",
    ],
    ["another question", () => ({ fingerprints: ["b".repeat(64)] }), "APPROVAL_CHALLENGE_MISMATCH"],
  ])("is not confirmed by %s", async (_name, over, code) => {
    await asking(extra.slice(0, 1));
    const { outcome } = await place();
    const answered = await rig.write("order.answer", confirmation(outcome, over()));
    expect(answered.refusals.map((one) => one.code)).toEqual([code]);
    expect(rig.replies()).toEqual([]);
  });

  it("needs the owner to confirm, and nobody to decline", async () => {
    await asking(extra.slice(0, 1));
    const { outcome, submission } = await place();
    const bare = { ...confirmation(outcome), owner: null };
    expect((await rig.write("order.answer", bare)).refusals.map(({ code }) => code)).toEqual([
      "APPROVAL_MISSING",
    ]);
    const declined = await rig.write("order.answer", { ...bare, confirm: false });
    expect(declined.state).toBe("rejected");
    expect(happened()).toEqual(["asked broker", "declined owner"]);
    expect(rig.state(submission.coid)).toBe("rejected");
  });

  it("that no ticket of this PC showed is not confirmed, whatever the gateway says was accepted", async () => {
    await asking([]);
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    expect(preview.ticket.warnings).toEqual([]);
    const [first] = extra;
    rig.sim.control.change({
      questions: { enabled: true, extra: first === undefined ? [] : [first] },
    });
    const outcome = await rig.place(rig.approve(preview, { warnings: accepted }));
    expect(outcome.state).toBe("awaiting_confirmation");
    expect(rig.replies()).toEqual([]);
    // Whoever sits at this PC reads all of it, with the order.
    expect(rig.shown.at(-1)).toContain(`The broker asks: ${TEXTS[0]} (o990)`);
    expect(rig.shown.at(-1)).toContain("Buy 2 AAPL at 176 USD or less");
  });

  it("about an order that took this PC's number takes one for its yes; that none came costs no try", async () => {
    await asking(extra.slice(0, 1));
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    const { preview_id } = preview;
    await rig.job("approval.announce", { preview_id, tier: 2, requested_by: "An agent" });
    const outcome = await rig.place(rig.approve(preview, { tier: 2, echo: 42 }));
    expect(rig.shown.at(-1)).toContain("Number for your yes on the question's page: 42");
    expect(rig.pushed.join()).not.toMatch(/\b42\b/);
    const yes = async (over: Parameters<typeof confirmation>[1]) =>
      (await rig.write("order.answer", confirmation(outcome, over))).refusals.map(
        ({ rule }) => rule,
      );
    expect(await yes({ nonce: "1".repeat(32) })).toEqual(["number_shown_at_pc"]);
    // Who has no key of the owner's learns nothing of the number.
    expect(await yes({ phone: softwareAuthenticator(), echo: 42 })).toEqual(["enrolled_key"]);
    expect(rig.replies()).toEqual([]);
    expect(await yes({ nonce: "3".repeat(32), echo: 42 })).toEqual([]);
    expect(rig.replies().map(({ body }) => body)).toEqual(['{"confirmed":true}']);
  });

  it("whose number was guessed once takes no yes any more, and a no as ever", async () => {
    await asking(extra.slice(0, 1));
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    const { preview_id } = preview;
    await rig.job("approval.announce", { preview_id, tier: 2, requested_by: "An agent" });
    const outcome = await rig.place(rig.approve(preview, { tier: 2, echo: 42 }));
    for (const [index, echo] of [41, 42].entries()) {
      const answer = confirmation(outcome, { nonce: String(index).repeat(32), echo });
      const { refusals } = await rig.write("order.answer", answer);
      expect(refusals.map(({ code }) => code)).toEqual(["APPROVAL_ECHO_MISMATCH"]);
      expect(rig.shown.at(-1)).toContain("A wrong number came from the gateway");
    }
    const bare = { ...confirmation(outcome), owner: null, confirm: false };
    expect((await rig.write("order.answer", bare)).state).toBe("rejected");
  });

  it("S7: keeps its lane; another order waits, is refused, and never voids it", async () => {
    await asking(extra.slice(0, 1), { invalidatedGoesLiveMs: 5_000 });
    const second = rig.approve(await rig.preview(limitOrder(rig.account, "175")));
    const { outcome, submission } = await place();
    const told = rig.start("order.place", second);
    await rig.until(() => told.done);
    expect(told.failed?.code).toBe("RATE_LIMITED");
    expect(told.began).toBe(0);
    expect(rig.posts()).toHaveLength(1);
    await rig.write("order.answer", confirmation(outcome));
    await rig.untilState(submission.coid, "working");
  });

  it("of an entry is declined when an exit wants the lane", async () => {
    await asking(extra.slice(0, 1));
    known();
    const preview = await rig.preview(
      limitOrder(rig.account, "184", { side: "SELL", quantity: "5" }),
    );
    const { submission } = await place();
    const exit = rig.approve(preview, { warnings: accepted });
    const done = await rig.place(exit);
    expect(done.refusals).toEqual([]);
    await rig.untilState(exit.coid, "working");
    expect(rig.state(submission.coid)).toBe("rejected");
  });

  it("S6: lost in the middle of a chain leaves the order in doubt, and it is not sent again", async () => {
    await asking(extra);
    rig.sim.control.addFault({
      match: { method: "POST", path: "/^/iserver/reply/.*$/", nth: 2 },
      do: { action: "reset", when: "before-headers", applied: true },
    });
    const { outcome, submission } = await place({ warnings: accepted });
    expect(outcome.state).toBe("unknown");
    await rig.untilState(submission.coid, "rejected");
    expect(rig.posts()).toHaveLength(1);
    expect(rig.replies()).toHaveLength(2);
  });

  it("lost on the last reply is found, if the broker took the order", async () => {
    await asking(extra);
    rig.sim.control.addFault({
      match: { method: "POST", path: "/^/iserver/reply/.*$/", nth: 3 },
      do: { action: "applyThenFail", how: "503" },
    });
    const { submission } = await place({ warnings: accepted });
    await rig.untilState(submission.coid, "working");
    expect(rig.posts()).toHaveLength(1);
    expect(rig.replies()).toHaveLength(3);
  });

  it("that changes the order is never confirmed beforehand, whatever the approval accepted", async () => {
    await asking([]);
    const preview = await rig.preview(limitOrder(rig.account, "187"));
    const CAP =
      "<h4>Confirm Mandatory Cap Price</h4>To avoid trading at a price that is not consistent with a fair and orderly market, IB may set a cap (for a buy order) or sell order). THIS MAY CAUSE AN ORDER THAT WOULD OTHERWISE BE MARKETABLE TO NOT BE TRADED.";
    const warnings = [
      ...preview.ticket.warnings.map(({ message_id, fingerprint }) => ({
        message_id,
        fingerprint,
      })),
      { message_id: "o10153", fingerprint: fingerprintOf(CAP) },
    ];
    const outcome = await rig.place(rig.approve(preview, { warnings }));
    expect(outcome.state).toBe("awaiting_confirmation");
    expect(outcome.question?.messages[0]?.message_id).toBe("o10153");
    expect(outcome.answered.map(({ message_id }) => message_id)).toEqual(["o163"]);
  });

  it("S3: open at the nightly reset lapses; a working GTC order is found again and not sent again", async () => {
    await asking([]);
    const gtc = rig.approve(
      await rig.preview(limitOrder(rig.account, "176", { time_in_force: "GTC" })),
    );
    await rig.place(gtc);
    await rig.untilState(gtc.coid, "working");
    rig.sim.control.change({ questions: { extra: extra.slice(0, 1) } });
    const { submission } = await place({}, "175");
    expect(rig.state(submission.coid)).toBe("awaiting_confirmation");
    rig.sim.control.killSso();
    await rig.until(() => rig.broker.session().state === "login_required", 300_000);
    expect(happened()).toContain("lapsed sidecar");
    expect(rig.state(submission.coid)).not.toBe("awaiting_confirmation");
    rig.sim.control.logIn(true);
    await rig.until(() => rig.broker.session().state === "ready", 300_000);
    await rig.untilState(submission.coid, "rejected");
    expect(rig.state(gtc.coid)).toBe("working");
    expect(rig.posts()).toHaveLength(2);
  });
});
