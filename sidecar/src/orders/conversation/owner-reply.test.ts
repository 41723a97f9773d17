import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { describe, expect, it } from "vitest";
import { anIntentRecord, handClock, START_MS } from "../../../../test/support/intent-record.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { answerQuestion } from "./owner-reply.ts";

const message = messageOf("o163", "Are you sure?");

function rig() {
  const store = openOrderStore(":memory:");
  const at = new Date(START_MS).toISOString();
  const record = anIntentRecord(0, {
    state: "awaiting_confirmation",
    sent: true,
    question: { reply_id: "r1", messages: [message], reason: "", asked_at: at, lapses_at: at },
  });
  store.insert(record);
  const calls: string[] = [];
  const parts = {
    store,
    clock: handClock(),
    rules: {
      policy: () => ({ offer: ["orders.paper" as const], broker_accounts: null }),
      caps: () => ({ ok: true as const, caps: DEFAULT_CAPS }),
    },
    echo: () => 42,
    conversation: {
      waiting: () => ({ coid: record.coid, replyId: "r1" }),
      pause: () => {
        calls.push("paused");
        return () => calls.push("resumed");
      },
      answer: async (_coid: string, _replyId: string, how: { confirm: boolean }) => {
        calls.push(how.confirm ? "confirmed" : "declined");
        return record;
      },
    },
    relyingParty: { id: "localhost", origins: ["http://localhost"] },
    simulator: true,
    reach: {
      terminal: () => true,
      desktop: () => Promise.resolve(true),
      push: () => Promise.resolve(true),
    },
  };
  const request = {
    grant: { capability: "orders.paper" as const, brokerAccount: record.account_id },
  };
  const input = {
    account_id: record.account_id,
    mode: "paper" as const,
    coid: record.coid,
    reply_id: "r1",
    confirm: false,
    owner: null,
  };
  return { parts, request, input, calls };
}

describe("the owner's answer to a question", () => {
  it("is a no without anybody's signature", async () => {
    const { parts, request, input, calls } = rig();
    await answerQuestion(parts, request, input);
    expect(calls).toEqual(["paused", "declined", "resumed"]);
  });

  it("is no yes without the owner's passkey, and the question's clock goes on", async () => {
    const { parts, request, input, calls } = rig();
    const { refusals } = await answerQuestion(parts, request, { ...input, confirm: true });
    expect(refusals.map(({ code }) => code)).toEqual(["APPROVAL_MISSING"]);
    expect(calls).toEqual(["paused", "resumed"]);
  });

  it.each([
    ["reply_id", { reply_id: "r2" }],
    ["coid", { coid: "ieg1-other" }],
  ])("is none when the question is not open any more (%s)", async (_name, over) => {
    const { parts, request, input, calls } = rig();
    const { refusals } = await answerQuestion(parts, request, { ...input, ...over });
    expect(refusals.map(({ rule }) => rule)).toEqual(["question_open"]);
    expect(calls).toEqual([]);
  });

  it("needs a grant for the account", async () => {
    const { parts, input } = rig();
    await expect(answerQuestion(parts, {}, input)).rejects.toMatchObject({
      failure: { code: "SIDECAR_CAPABILITY_MISSING" },
    });
  });
});
