// fixed dates: labels of records; the clock of what reads them is set here.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../test/support/intent-record.ts";
import { pcOrders } from "../../../test/support/pc-orders.ts";
import { memoryDeviceKey } from "../../../test/support/relay/live-sidecar.ts";
import { testExecutor, testOperations } from "../../../test/support/relay/test-executor.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import { type Journal, openJournal } from "../journal/relay-journal.ts";
import { createOrderSide } from "../orders/order-side.ts";
import { createRelayLink } from "../relay/relay-link.ts";
import { createBrokerEvents } from "./broker-events.ts";

// fixed dates: the orders of this PC have a clock of their own; the machine's stamps the journal alone.
let folder: string;
let journal: Journal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "broker-events-"));
  journal = openJournal({ path: join(folder, "journal.sqlite"), now: Date.now });
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true });
});

const linked = (events: ReturnType<typeof createBrokerEvents>) =>
  createRelayLink({
    pairing: {
      gateway_origin: "https://gateway.example",
      relay_url: "wss://gateway.example/relay/acc",
      account_id: "acc_7d3f",
      sidecar_id: "sc_1b2c",
      edge_identity_key: "A".repeat(43),
      capabilities: ["events"],
      paired_at: "2026-11-20T15:00:00.000Z",
    },
    deviceKey: memoryDeviceKey(),
    policy: { offer: ["events"], broker_accounts: null },
    journal,
    executor: { ...testExecutor(), onEvent: events.onEvent },
    operations: testOperations,
    version: "test",
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    connect: () => ({ send() {}, close() {}, buffered: () => 0 }),
    now: Date.now,
    random: () => 0,
    random32: () => "0".repeat(43),
    onChange: () => undefined,
  });

describe("what is told before the link to the gateway listens", () => {
  it("of an order that the last run left open is in the journal of the link, in its order", async () => {
    const pc = pcOrders();
    // The last run ended over a question of the broker's.
    const left = anIntentRecord(1, {
      state: "awaiting_confirmation",
      sent: true,
      question: {
        reply_id: "r1",
        messages: [],
        reason: "asked",
        asked_at: "2026-11-20T14:59:30.000Z",
        lapses_at: "2026-11-20T15:00:10.000Z",
      },
    });
    expect(pc.store.insert(left)).toBe(true);
    const events = createBrokerEvents();
    const status: BrokerEvent[] = [];
    const service = createOrderSide(pc.options, { ...pc.side, tell: events.tell });
    events.onEvent((event) => status.push(event));
    expect(status).toEqual([]);
    const link = linked(events);
    const kept = journal.eventsAfter(0, 100).map(({ payload }) => JSON.parse(payload).kind);
    expect(kept).toContain("intent_question");
    expect(kept).toContain("intent_state");
    // What is told from now on is heard once by each, and nothing twice.
    events.tell({ type: "broker.alert", payload: { kind: "later" } });
    expect(status.map(({ payload }) => payload)).toEqual([{ kind: "later" }]);
    const all = journal.eventsAfter(0, 100).map(({ payload }) => JSON.parse(payload).kind);
    expect(all).toEqual([...kept, "later"]);
    await link.stop("test over");
    service.close();
  });

  it("goes to one listener alone, and not again to another", () => {
    const events = createBrokerEvents();
    const event = (kind: string): BrokerEvent => ({ type: "broker.alert", payload: { kind } });
    events.tell(event("early"));
    const heard: [string, BrokerEvent][] = [];
    const by = (name: string) => (one: BrokerEvent) => void heard.push([name, one]);
    events.onEvent(by("link"), { fromStart: true });
    events.onEvent(by("second"), { fromStart: true });
    expect(heard).toEqual([["link", event("early")]]);
  });
});
