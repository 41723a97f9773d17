import {
  BrokerAlertEvent,
  BrokerExecutionEvent,
  BrokerOrderEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/broker-events.ts";
import { afterEach, describe, expect, it } from "vitest";
import { type BrokerRig, startRig } from "../support/broker.ts";

let rig: BrokerRig;
afterEach(async () => {
  await rig.close();
});

const LIMIT_BUY = {
  conid: 756733,
  orderType: "LMT",
  side: "BUY",
  price: 500,
  quantity: 10,
  tif: "GTC",
};

const account = (): string => {
  const [first] = rig.broker.core.supervisor.state().accounts;
  if (first === undefined) throw new Error("no account");
  return first;
};

const executions = () =>
  rig.events
    .filter((event) => event.type === "broker.execution")
    .map((event) => BrokerExecutionEvent.parse(event.payload));
const orders = () =>
  rig.events
    .filter((event) => event.type === "broker.order")
    .map((event) => BrokerOrderEvent.parse(event.payload));

/** Ready, with the stream subscribed and confirmed by reads. */
async function streaming(): Promise<void> {
  await rig.ready();
  await rig.until(() => rig.broker.core.stream.orders() !== null);
}

describe("the broker's stream", () => {
  it("S20: an order placed on the phone is told, and shown as foreign", async () => {
    rig = await startRig();
    await streaming();
    const placed = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "mobile");
    await rig.advance(2_000);
    expect(orders().at(-1)?.order).toMatchObject({
      order_id: String(placed.id),
      origin: "foreign",
      status: "working",
      side: "buy",
      quantity: "10",
    });
    const list = await rig.ask("orders.list");
    expect(list).toMatchObject({ served_from: "stream", proved: true });
    expect(list.orders[0]).toMatchObject({
      origin: "foreign",
      limit_price: "500",
      currency: "USD",
    });
    const status = await rig.ask("orders.status", { order_id: String(placed.id) });
    expect(status.order).toMatchObject({ origin: "foreign", status: "working" });
  });

  it("a fill is told once, in order, and shown without asking the broker", async () => {
    rig = await startRig();
    await streaming();
    const placed = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "tws");
    await rig.advance(2_000);
    rig.sim.control.fillOrder(placed.id, 4, 499.5);
    await rig.advance(2_000);
    rig.sim.control.fillOrder(placed.id, 6, 499);
    await rig.advance(2_000);
    expect(executions().map((event) => event.execution.quantity)).toEqual(["4", "6"]);
    expect(executions()[0]?.execution).toMatchObject({
      side: "buy",
      price: "499.5",
      currency: "USD",
    });
    expect(orders().map((event) => event.order.status)).toContain("partially_filled");
    expect(orders().at(-1)?.order).toMatchObject({ status: "filled", filled: "10" });
    const keys = rig.events
      .filter((event) => event.type !== "broker.session")
      .map((event) => (event.payload as { event_key: string }).event_key);
    expect(new Set(keys).size).toBe(keys.length);
    const list = await rig.ask("executions.list", { days: 7 });
    expect(list).toMatchObject({ served_from: "stream", proved: true });
    expect(list.executions).toHaveLength(2);
    const history = await rig.ask("orders.history", { status: "filled" });
    expect(history.orders.map((order) => order.order_id)).toContain(String(placed.id));
  });

  it("S12: a fill while the line is silent is found within a minute and told once", async () => {
    rig = await startRig();
    await streaming();
    const placed = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "tws");
    await rig.advance(3_000);
    rig.sim.control.webSocket({ kind: "silence" });
    rig.sim.control.webSocket({ kind: "pauseHeartbeat" });
    const at = rig.now();
    rig.sim.control.fillOrder(placed.id);
    await rig.until(() => executions().length > 0, 60_000);
    expect(rig.now() - at).toBeLessThanOrEqual(60_000);
    await rig.advance(120_000);
    expect(executions()).toHaveLength(1);
    expect(orders().at(-1)?.order.status).toBe("filled");
    expect(rig.broker.core.stream.orders()).not.toBeNull();
  });

  it("an order stream that falls silent alone is caught by the minute's look", async () => {
    rig = await startRig();
    await streaming();
    const placed = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "tws");
    await rig.advance(3_000);
    rig.sim.control.webSocket({ kind: "stopTopic", topic: "sor" });
    rig.sim.control.webSocket({ kind: "stopTopic", topic: "str" });
    rig.sim.control.fillOrder(placed.id);
    await rig.until(() => executions().length > 0, 90_000);
    await rig.until(() => orders().at(-1)?.order.status === "filled", 30_000);
    expect(executions()).toHaveLength(1);
  });

  it("what happened while the sidecar was off is told when it is back, and nothing twice", async () => {
    rig = await startRig();
    await streaming();
    const first = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "tws");
    await rig.advance(2_000);
    rig.sim.control.fillOrder(first.id);
    await rig.advance(3_000);
    expect(executions()).toHaveLength(1);
    const second = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "tws");
    await rig.advance(2_000);
    await rig.broker.close();
    rig.sim.control.fillOrder(second.id);
    await rig.restart();
    await streaming();
    await rig.advance(20_000);
    expect(executions()).toHaveLength(2);
    expect(executions()[1]?.execution.order_id).toBe(String(second.id));
  });

  it("what was there before the very first run is not news", async () => {
    rig = await startRig({
      beforeStart: (sim) => {
        const [id] = Object.values(sim.control.world().accounts ?? {}).flatMap((one) =>
          typeof one === "object" && one !== null && "id" in one ? [String(one.id)] : [],
        );
        if (id === undefined) return;
        const placed = sim.control.foreignOrder(id, LIMIT_BUY, "tws");
        sim.control.fillOrder(placed.id);
      },
    });
    await streaming();
    await rig.advance(20_000);
    expect(executions()).toEqual([]);
  });

  it("survives invalid UTF-8, noise, doubled and swapped frames, and a closed line", async () => {
    rig = await startRig();
    await streaming();
    rig.sim.control.webSocket({ kind: "invalidUtf8" });
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      '{"topic":5}',
      '{"topic":"sor","args":[null,7,"x"]}',
    ]) {
      rig.sim.control.webSocket({ kind: "frame", text });
    }
    rig.sim.control.webSocket({ kind: "noData" });
    await rig.advance(1_000);
    expect(rig.broker.core.stream.orders()).not.toBeNull();
    const placed = rig.sim.control.foreignOrder(account(), LIMIT_BUY, "tws");
    rig.sim.control.webSocket({ kind: "duplicateNext" });
    await rig.advance(2_000);
    rig.sim.control.webSocket({ kind: "terminate" });
    rig.sim.control.fillOrder(placed.id);
    await rig.until(() => executions().length > 0, 60_000);
    await rig.until(() => rig.broker.core.stream.orders() !== null, 60_000);
    expect(executions()).toHaveLength(1);
    expect(rig.broker.session().state).toBe("ready");
  });

  it("profit and loss come from the stream while it flows", async () => {
    rig = await startRig();
    await streaming();
    await rig.advance(3_000);
    rig.sim.control.clearRequests();
    const pnl = await rig.ask("pnl.partitioned");
    expect(pnl).toMatchObject({ served_from: "stream", currency: "USD", proved: true });
    expect(pnl.partitions[0]?.partition).toBe("Core");
    expect(rig.requestsTo("/iserver/account/pnl/partitioned")).toEqual([]);
    rig.sim.control.webSocket({ kind: "stopTopic", topic: "spl" });
    await rig.advance(20_000);
    expect((await rig.ask("pnl.partitioned")).served_from).toBe("broker");
  });

  it("a quote asked for again and again comes from its own stream, renewed before its silent end", async () => {
    rig = await startRig();
    await streaming();
    for (let second = 0; second < 6; second++) {
      await rig.ask("market.snapshot", { conids: [756733] });
      await rig.advance(1_500);
    }
    rig.sim.control.clearRequests();
    const streamed = await rig.ask("market.snapshot", { conids: [756733] });
    expect(streamed.served_from).toBe("stream");
    expect(streamed.age_ms).toBeLessThanOrEqual(2_000);
    expect(streamed.quotes[0]).toMatchObject({ availability: "live", currency: "USD" });
    expect(rig.requestsTo("/iserver/marketdata/snapshot")).toEqual([]);
    for (let minute = 0; minute < 13; minute++) {
      await rig.advance(60_000);
      await rig.ask("market.snapshot", { conids: [756733] });
    }
    await rig.advance(1_000);
    expect((await rig.ask("market.snapshot", { conids: [756733] })).served_from).toBe("stream");
    rig.sim.control.webSocket({ kind: "stopTopic", topic: "smd" });
    await rig.advance(3_000);
    expect((await rig.ask("market.snapshot", { conids: [756733] })).served_from).toBe("broker");
  }, 60_000);

  it("the order book comes best price first, one question at a time", async () => {
    rig = await startRig();
    await streaming();
    const [book, other] = await Promise.all([
      rig.ask("market.depth", { conid: 756733, levels: 3 }),
      rig.ask("market.depth", { conid: 265598, levels: 3 }),
    ]);
    expect(book.bids).toHaveLength(3);
    expect(Number(book.bids[0]?.price)).toBeGreaterThan(Number(book.bids[1]?.price));
    expect(Number(book.asks[0]?.price)).toBeLessThan(Number(book.asks[1]?.price));
    expect(Number(book.bids[0]?.price)).toBeLessThan(Number(book.asks[0]?.price));
    expect(Math.abs(Number(other.bids[0]?.price) - Number(book.bids[0]?.price))).toBeGreaterThan(
      50,
    );
  });

  it("a notice of the broker is told, its words fenced", async () => {
    rig = await startRig();
    await streaming();
    rig.sim.control.broadcast({
      topic: "ntf",
      args: { id: "X1", title: "<i>Warning</i>", text: "Call this number now" },
    });
    await rig.advance(1_000);
    const told = rig.events.filter((event) => event.type === "broker.alert");
    expect(told).toHaveLength(1);
    expect(BrokerAlertEvent.parse(told[0]?.payload)).toMatchObject({
      notice_id: "X1",
      title: { untrusted_text: "Warning" },
      text: { untrusted_text: "Call this number now" },
    });
  });
});
