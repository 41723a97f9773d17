import { describe, expect, it } from "vitest";
import { anIntentRecord, handClock, noLog } from "../../../../test/support/intent-record.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { commitWrite, retryJournaling } from "./conversation-journal.ts";

const message = { message_id: "o163", fingerprint: "f".repeat(64), text: "Sure?" };

describe("what a step writes", () => {
  it("is in the journal, the order's record as well as the question", () => {
    const store = openOrderStore(":memory:");
    const parts = { store, clock: handClock(), logger: noLog };
    const record = anIntentRecord(0);
    store.insert(record);
    commitWrite(parts, { kind: "save", record: { ...record, version: record.version + 1 } });
    expect(store.intent(record.coid)?.version).toBe(record.version + 1);
    commitWrite(parts, { kind: "routine_question", orderKind: "place LMT", message });
    expect(store.routineQuestions("place LMT")).toMatchObject([{ message_id: "o163" }]);
  });

  it("stops the step where the journal takes no record, and does not where it takes no question", () => {
    const full = () => {
      throw new Error("the disk is full");
    };
    const store = { ...openOrderStore(":memory:"), save: full, noteQuestion: full };
    const parts = { store, clock: handClock(), logger: noLog };
    expect(() => commitWrite(parts, { kind: "save", record: anIntentRecord(0) })).toThrow("full");
    commitWrite(parts, { kind: "routine_question", orderKind: "place LMT", message });
  });
});

describe("what the journal did not take", () => {
  const tried = (fails: number, goesOn = () => true) => {
    const clock = handClock();
    let tries = 0;
    retryJournaling({ clock, logger: noLog }, goesOn, () => {
      tries += 1;
      if (tries <= fails) throw new Error("the disk is full");
    });
    return { clock, tries: () => tries };
  };

  it("is tried again until it is taken, and not once more", () => {
    const { clock, tries } = tried(2);
    for (let n = 0; n < 5; n += 1) clock.run(ORDER_LIMITS.retryMs);
    expect(tries()).toBe(3);
  });

  it("is left when the process ends", () => {
    const { clock, tries } = tried(0, () => false);
    clock.run(ORDER_LIMITS.retryMs * 3);
    expect(tries()).toBe(0);
  });
});
