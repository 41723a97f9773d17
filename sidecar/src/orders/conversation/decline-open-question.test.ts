import { describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { openOrderStore } from "../journal/order-store.ts";
import type { Conversation } from "./conversation-interface.ts";
import { declineOpenQuestion } from "./decline-open-question.ts";

type How = Parameters<Conversation["answer"]>;

/** A broker session in which a question of this order is open, or of none. */
function rig(record: IntentRecord | null, open = record !== null) {
  const store = openOrderStore(":memory:");
  if (record !== null) store.insert(record);
  const answers: How[] = [];
  const coid = record?.coid ?? "ieg1-unknown";
  const conversation = {
    waiting: () => (open ? { coid, replyId: "r1" } : null),
    answer: async (...how: How) => {
      answers.push(how);
      return record;
    },
  };
  return { parts: { store, conversation }, conversation, coid, answers };
}

const asked = (effect: IntentRecord["effect"]) =>
  anIntentRecord(0, { state: "awaiting_confirmation", sent: true, effect });
const declined = (coid: string): How => [coid, "r1", { confirm: false, by: "sidecar" }];

describe("an exit that finds a question open", () => {
  it.each(["entry", "flip"] as const)(
    "has that of an order that opens declined (%s)",
    async (is) => {
      const { parts, coid, answers } = rig(asked(is));
      await declineOpenQuestion(parts, "place");
      expect(answers).toEqual([declined(coid)]);
    },
  );

  it("leaves the question of another exit to the owner", async () => {
    const { parts, answers } = rig(asked("exit"));
    await declineOpenQuestion(parts, "place");
    expect(answers).toEqual([]);
  });

  const changed = { ...asked("exit"), action: "modify" as const };

  it("has that of another exit's change declined: the order stands as it stood", async () => {
    const { parts, coid, answers } = rig(changed);
    await declineOpenQuestion(parts, "place");
    expect(answers).toEqual([declined(coid)]);
  });

  it("leaves it to the owner where it is a change itself: two would decline one another", async () => {
    const { parts, answers } = rig(changed);
    await declineOpenQuestion(parts, "modify");
    expect(answers).toEqual([]);
  });

  it("does not wait for an order that the journal does not know", async () => {
    const { parts, coid, answers } = rig(null, true);
    await declineOpenQuestion(parts, "place");
    expect(answers).toEqual([declined(coid)]);
  });

  it("answers nothing while none is open, whatever the journal holds", async () => {
    const { parts, answers } = rig(asked("entry"), false);
    await declineOpenQuestion(parts, "place");
    expect(answers).toEqual([]);
  });

  it("goes on only when the question is answered, and hears why it was not", async () => {
    const { parts, conversation } = rig(asked("entry"));
    const failed = { ...conversation, answer: () => Promise.reject(new Error("not declined")) };
    await expect(declineOpenQuestion({ ...parts, conversation: failed }, "place")).rejects.toThrow(
      "not declined",
    );
  });
});
