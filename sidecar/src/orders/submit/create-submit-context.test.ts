import { describe, expect, it } from "vitest";
import { anIntentRecord, settled } from "../../../../test/support/intent-record.ts";
import { pcOrders } from "../../../../test/support/pc-orders.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { createSubmitContext } from "./create-submit-context.ts";

describe("what the writes about orders work with", () => {
  it("knows the simulator by what the broker side proved, and by nothing else", () => {
    expect(pcOrders().submit.simulator).toBe(true);
    expect(pcOrders({ source: "client_portal" }).submit.simulator).toBe(false);
  });

  it("makes its own numbers of four digits when none are injected", () => {
    const pc = pcOrders();
    const { echo: _injected, ...options } = pc.options;
    const { echo } = createSubmitContext(options, pc.side);
    const numbers = Array.from({ length: 200 }, echo);
    expect(numbers.every((number) => number >= 1_000 && number <= 9_999)).toBe(true);
    expect(new Set(numbers).size).toBeGreaterThan(20);
  });

  it("shows an alert at the terminal, pushes it and tells the gateway", () => {
    const pc = pcOrders();
    pc.submit.progress.alert({ alert: "needs_owner", message: "Look in TWS.", record: null });
    expect(pc.shown).toEqual(["ALERT needs_owner: Look in TWS."]);
    expect(pc.pushed).toEqual(["ibkr-sidecar: needs_owner: Look in TWS."]);
    expect(pc.told[0]).toMatchObject({ type: "broker.alert", payload: { alert: "needs_owner" } });
  });

  it("asks the owner to look when a cancel is turned away again and again", async () => {
    const pc = pcOrders();
    pc.submit.cancelRetries.add("DU1234567/11", () => Promise.resolve("refused_again"));
    for (let turn = 0; turn < 200; turn += 1) {
      pc.clock.run(60_000);
      await settled();
    }
    expect(pc.shown.join()).toContain("order DU1234567/11");
    expect(ORDER_LIMITS.cancelTries).toBeGreaterThan(1);
  });

  it("stops a confirmation when the kill switch is engaged", async () => {
    const pc = pcOrders();
    const record = anIntentRecord();
    pc.store.insert(record);
    pc.local.engaged = true;
    pc.broker.onDial = () => {};
    const placed = pc.submit.conversation.place(record.coid, {
      path: "/iserver/account/DU1234567/orders",
      body: {},
      faults: () => [],
      begin: () => {},
      release: () => {},
    });
    pc.broker.replies.push({
      status: 200,
      contentType: "application/json",
      text: JSON.stringify([{ id: "q", message: ["Sure?"], messageIds: ["o163"] }]),
    });
    await pc.finish(placed);
    // A question is open; nothing was confirmed.
    expect(pc.broker.sent.filter(({ path }) => path.includes("/reply/"))).toEqual([]);
  });
});
