import type { BrokerExchange } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { describe, expect, it } from "vitest";
import {
  anIntentRecord,
  handClock,
  noLog,
  settled,
} from "../../../../test/support/intent-record.ts";
import { type OrderStore, openOrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { OrderRequest } from "../submit/send-to-broker.ts";
import { createProgress } from "../tracking/progress.ts";
import { createConversation } from "./conversation.ts";

/** The driver over a real journal; requests end when the test says so. */
function start(save?: (commit: () => void) => void) {
  const clock = handClock();
  const disk = openOrderStore(":memory:");
  const store: OrderStore = {
    ...disk,
    save: (...records) =>
      save === undefined ? disk.save(...records) : save(() => disk.save(...records)),
  };
  const requests: {
    request: OrderRequest;
    end(exchange: BrokerExchange): void;
    fail(thrown: unknown): void;
  }[] = [];
  const doubts: string[] = [];
  let released = 0;
  const conversation = createConversation({
    store,
    progress: createProgress({
      store,
      clock,
      source: "simulator",
      logger: noLog,
      tell: () => {},
      push: () => {},
    }),
    tracking: { watch: () => {}, doubt: (coid) => doubts.push(coid) },
    send: (request) => new Promise((end, fail) => requests.push({ request, end, fail })),
    clock,
    source: "simulator",
    logger: noLog,
    stopped: () => null,
    opened: () => {},
  });
  const record = anIntentRecord();
  disk.insert(record);
  const post = {
    path: "/orders",
    body: {},
    faults: () => [],
    begin: () => {},
    release: () => {
      released += 1;
    },
  };
  return {
    clock,
    disk,
    conversation,
    requests,
    doubts,
    record,
    post,
    released: () => released,
    kept: () => disk.intent(record.coid),
  };
}

const question: BrokerExchange = {
  kind: "answer",
  status: 200,
  body: JSON.stringify([{ id: "r1", message: ["Are you sure?"], messageIds: ["o163"] }]),
};

async function asked(rig: ReturnType<typeof start>) {
  const placed = rig.conversation.place(rig.record.coid, rig.post);
  rig.requests[0]?.request.lastLook();
  rig.requests[0]?.end(question);
  expect((await placed).state).toBe("awaiting_confirmation");
}

describe("the driver of the conversation", () => {
  it("writes the owner's yes before its first byte leaves", async () => {
    const rig = start();
    await asked(rig);
    const { coid } = rig.record;
    const answered = rig.conversation.answer(coid, "r1", { confirm: true, by: "owner" });
    await settled();
    expect(rig.kept()?.answered).toEqual([]);
    rig.requests[1]?.request.lastLook();
    expect(rig.kept()?.answered).toMatchObject([{ confirmed: true, by: "owner" }]);
    rig.requests[1]?.end({ kind: "no_answer", sent: true, cause: "timeout" });
    expect((await answered)?.state).toBe("unknown");
    expect(rig.doubts).toEqual([coid]);
    expect(rig.released()).toBe(1);
  });

  it("leaves the question open when the owner's yes was stopped, and says why", async () => {
    const rig = start();
    await asked(rig);
    const answered = rig.conversation.answer(rig.record.coid, "r1", {
      confirm: true,
      by: "owner",
      begin: () => {
        throw new Error("the job was cancelled");
      },
    });
    const failed = expect(answered).rejects.toThrow("the job was cancelled");
    await settled();
    try {
      rig.requests[1]?.request.lastLook();
    } catch (thrown) {
      rig.requests[1]?.fail(thrown);
    }
    await failed;
    expect(rig.conversation.waiting()).toEqual({ coid: rig.record.coid, replyId: "r1" });
    expect(rig.kept()?.answered).toEqual([]);
    expect(rig.released()).toBe(0);
  });

  it("says that the owner's yes could not be sent, and takes it again", async () => {
    const rig = start();
    await asked(rig);
    const { coid } = rig.record;
    const yes = () => rig.conversation.answer(coid, "r1", { confirm: true, by: "owner" });
    const unsent = expect(yes()).rejects.toMatchObject({
      failure: { code: "BROKER_BACKEND_UNAVAILABLE", retryable: true },
    });
    rig.requests[1]?.end({ kind: "no_answer", sent: false, cause: "dial_refused" });
    await unsent;
    expect(rig.kept()).toMatchObject({ state: "awaiting_confirmation", answered: [] });
    void yes();
    rig.requests[2]?.request.lastLook();
    expect(rig.kept()?.answered).toMatchObject([{ confirmed: true, by: "owner" }]);
  });

  it("refuses a second order while a conversation goes on, and gives its mutex back", async () => {
    const rig = start();
    await asked(rig);
    const other = anIntentRecord(1);
    rig.disk.insert(other);
    await expect(rig.conversation.place(other.coid, rig.post)).rejects.toThrow(RangeError);
    expect(rig.released()).toBe(1);
    expect(rig.requests).toHaveLength(1);
  });

  it("comes free when the disk is full, and writes the doubt when it can again", async () => {
    let full = false;
    const rig = start((commit) => {
      if (full) throw new Error("the disk is full");
      commit();
    });
    const placed = rig.conversation.place(rig.record.coid, rig.post);
    rig.requests[0]?.request.lastLook();
    full = true;
    rig.requests[0]?.end(question);
    await expect(placed).rejects.toThrow("the disk is full");
    expect(rig.released()).toBe(1);
    expect(rig.kept()?.state).toBe("submitting");
    full = false;
    rig.clock.run(ORDER_LIMITS.retryMs);
    expect(rig.kept()?.state).toBe("unknown");
    expect(rig.doubts).toContain(rig.record.coid);
  });
});
