import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AAPL, readyToTrade, resting, submitAll } from "../orders/testing.ts";
import { type Bench, PAPER, startBench } from "../testing/client.ts";
import { type Ears, listen, listenIn, untilQuiet } from "../testing/socket.ts";

let bench: Bench;
let ears: Ears | undefined;
beforeEach(async () => {
  bench = await startBench();
  await readyToTrade(bench);
});
afterEach(async () => {
  ears?.close();
  ears = undefined;
  await bench.close();
});

async function open(): Promise<Ears> {
  ears = await listenIn(bench);
  return ears;
}

async function say(to: Ears, text: string): Promise<void> {
  to.say(text);
  await untilQuiet(to);
}

async function advance(to: Ears, ms: number): Promise<void> {
  await bench.control.advance(ms);
  await untilQuiet(to);
}

const args = (frame: Record<string, unknown> | undefined): unknown => frame?.args;

describe("a socket that knows the session", () => {
  it("hears who it is, its accounts and the state, one key a frame", async () => {
    const { frames } = await open();
    expect(frames[0]).toEqual({
      topic: "system",
      success: "simpaper1",
      isFT: false,
      isPaper: true,
    });
    expect(frames[1]).toMatchObject({
      topic: "act",
      args: { accounts: [PAPER], serverInfo: { serverName: "SIMULATOR" } },
    });
    const states = frames.slice(2);
    expect(
      states.every(
        (frame) => frame.topic === "sts" && Object.keys(Object(frame.args)).length === 1,
      ),
    ).toBe(true);
    expect(states[0]).toEqual({ topic: "sts", args: { authenticated: true } });
  });

  it("hears a heartbeat each ten seconds, unless it is paused", async () => {
    const to = await open();
    await advance(to, 30_000);
    expect(to.of("system").filter((frame) => "hb" in frame)).toHaveLength(3);
    bench.control.webSocket({ kind: "pauseHeartbeat" });
    await advance(to, 30_000);
    expect(to.of("system").filter((frame) => "hb" in frame)).toHaveLength(3);
  });

  it("hears of the loss of the session, false said twice", async () => {
    const to = await open();
    to.frames.length = 0;
    bench.control.rival("mobile");
    await untilQuiet(to);
    const said = to.of("sts").map(args);
    expect(
      said.filter((one) => JSON.stringify(one) === '{"authenticated":false}').length,
    ).toBeGreaterThan(1);
    expect(said).toContainEqual({ competing: true });
    await bench.post("/iserver/auth/ssodh/init", { publish: true, compete: true });
    await advance(to, 1_000);
    expect(to.of("act").map(args)).toEqual([expect.objectContaining({ accounts: [PAPER] })]);
  });

  it("keeps the brokerage session alive by tic, which nothing answers", async () => {
    bench.control.change({ resets: { idleMs: 6 * 60_000 } });
    const to = await open();
    for (let minute = 0; minute < 10; minute++) {
      await advance(to, 60_000);
      await say(to, "tic");
    }
    expect(bench.control.world().brokerage.phase).toBe("authenticated");
  });
});

it("a socket is told false, hears no heartbeat and is told to wait once the login is over", async () => {
  const to = await open();
  bench.control.killSso();
  await untilQuiet(to);
  expect(to.of("sts").map(args)).toContainEqual({ authenticated: false });
  to.frames.length = 0;
  await advance(to, 60_000);
  expect(to.frames).toEqual([]);
  await say(to, "spl+{}");
  expect(to.frames).toEqual([{ message: "waiting for session" }]);
  bench.control.logIn(false);
  await advance(to, 10_000);
  expect(to.frames).toHaveLength(1);
});

describe("a socket that does not know the session", () => {
  it("is told to wait, until its first message says it", async () => {
    bench.control.change({ webSocket: { withoutCookie: "waits" } });
    ears = await listen(bench);
    await say(ears, "sor+{}");
    expect(ears.frames).toEqual([{ message: "waiting for session" }]);
    await say(ears, JSON.stringify({ session: "wrong" }));
    expect(ears.frames).toHaveLength(2);
    await say(ears, JSON.stringify({ session: bench.control.world().sso.sessionId }));
    expect(ears.of("system")).toHaveLength(1);
  });
});

describe("market data", () => {
  it("comes whole once, then only what changed, and ends without a word", async () => {
    const to = await open();
    await say(to, 'smd+756733+{"fields":["31","84","86","55"]}');
    expect(to.of("smd+756733")[0]).toMatchObject({
      conid: 756733,
      conidEx: "756733",
      "55": "SPY",
      "6509": "RpB",
      "31": expect.any(String),
      topic: "smd+756733",
    });
    await advance(to, 5 * 60_000);
    const deltas = to.of("smd+756733").slice(1);
    expect(deltas.length).toBeGreaterThan(5);
    expect(deltas.every((frame) => !("55" in frame) && !("6509" in frame))).toBe(true);
    await advance(to, 5 * 60_000);
    const heard = to.of("smd").length;
    await advance(to, 5 * 60_000);
    expect(to.of("smd")).toHaveLength(heard);
  });

  it("stops when unsubscribed, in silence, and has none for what it does not know", async () => {
    const to = await open();
    await say(to, "smd+756733+{}");
    await say(to, "umd+756733+{}");
    const heard = to.frames.length;
    await advance(to, 5_000);
    expect(to.frames).toHaveLength(heard);
    await say(to, "smd+1+{}");
    expect(to.frames.at(-1)).toEqual({ error: "No data." });
  });

  it("counts against the lines", async () => {
    bench.control.change({ webSocket: { marketDataLines: 1 } });
    const to = await open();
    await say(to, "smd+756733+{}");
    await say(to, "smd+265598+{}");
    expect(to.frames.at(-1)).toMatchObject({
      topic: "smd+265598",
      error: expect.stringContaining("lines"),
    });
  });

  it("of history is one answer, and a slot until it is given back", async () => {
    const to = await open();
    const ask = () => say(to, 'smh+756733+{"period":"2h","bar":"5min"}');
    for (let count = 0; count < 6; count++) await ask();
    const heard = to.of("smh");
    expect(heard.filter((frame) => Array.isArray(frame.data))).toHaveLength(5);
    expect(heard.at(-1)).toHaveProperty("error");
    await say(to, `umh+${heard[0]?.serverId}`);
    await ask();
    expect(to.of("smh").at(-1)).toHaveProperty("data");
  });

  it("has a ladder for what is live, and no data for what is delayed", async () => {
    const to = await open();
    await say(to, `sbd+${PAPER}+756733`);
    const rows = to.of("sbd")[0]?.data;
    expect(Array.isArray(rows) && rows.filter((one) => one.focus === 1)).toHaveLength(1);
    await say(to, `sbd+${PAPER}+14204`);
    expect(to.frames.at(-1)).toEqual({ error: "No data." });
  });
});

describe("orders", () => {
  it("come as ids, then whole, then by what changed; it never tells what happened before", async () => {
    const { id } = await submitAll(bench, resting({ cOID: "seen" }));
    const to = await open();
    await say(to, "sor+{}");
    expect(to.of("sor").map(args)).toEqual([
      [{ acct: PAPER, orderId: id }],
      [
        expect.objectContaining({
          orderId: id,
          status: "PendingSubmit",
          ticker: "AAPL",
          order_ref: "seen",
          price: 98,
        }),
      ],
    ]);
    await advance(to, 250);
    const deltas = to
      .of("sor")
      .slice(2)
      .flatMap((frame) => (Array.isArray(frame.args) ? frame.args : []));
    expect(deltas.map((one) => one.status)).toEqual(["PreSubmitted", "Submitted"]);
    expect(deltas.every((one) => !("ticker" in one) && !("remainingQuantity" in one))).toBe(true);
    const again = await open();
    await say(again, "sor+{}");
    expect(again.of("sor")).toHaveLength(2);
    again.close();
    to.close();
  });

  it("fall silent after a filtered read, until a forced one", async () => {
    const to = await open();
    await say(to, "sor+{}");
    await bench.get("/iserver/account/orders?filters=submitted");
    await submitAll(bench, resting());
    await advance(to, 1_000);
    expect(to.of("sor")).toHaveLength(0);
    await bench.get("/iserver/account/orders?force=true");
    await submitAll(bench, resting());
    await advance(to, 1_000);
    expect(to.of("sor").length).toBeGreaterThan(0);
  });
});

describe("trades", () => {
  it("are told again from the start, or only as they happen, each with the same id", async () => {
    await submitAll(
      bench,
      resting({ orderType: "MKT", price: undefined, tif: "DAY", quantity: 1 }),
    );
    await bench.control.advance(1_000);
    const to = await open();
    await say(to, 'str+{"realtimeUpdatesOnly":true}');
    expect(to.of("str")).toHaveLength(0);
    await say(to, 'str+{"days":1}');
    const told = to.of("str")[0]?.args;
    const { json } = await bench.get("/iserver/account/trades");
    expect(Array.isArray(told) && told[0]).toMatchObject({ conid: String(AAPL), price: "100.01" });
    expect(Array.isArray(told) && told[0].execution_id).toBe(
      Array.isArray(json) && json[0].execution_id,
    );
    await submitAll(
      bench,
      resting({ orderType: "MKT", price: undefined, tif: "DAY", quantity: 1 }),
    );
    await advance(to, 1_000);
    expect(to.of("str")).toHaveLength(2);
    await say(to, "utr");
    await submitAll(
      bench,
      resting({ orderType: "MKT", price: undefined, tif: "DAY", quantity: 1 }),
    );
    await advance(to, 1_000);
    expect(to.of("str")).toHaveLength(2);
  });
});

describe("money", () => {
  it("P&L comes each second, warms the partitioned answer, and needs no brokerage session", async () => {
    const to = await open();
    await say(to, "spl+{}");
    await advance(to, 3_000);
    expect(to.of("spl")).toHaveLength(4);
    expect(to.of("spl")[0]?.args).toHaveProperty([`${PAPER}.Core`, "dpl"]);
    expect((await bench.get("/iserver/account/pnl/partitioned")).json).toHaveProperty([
      "upnl",
      `${PAPER}.Core`,
      "upl",
    ]);
    bench.control.evict();
    await advance(to, 2_000);
    expect(to.of("spl")).toHaveLength(6);
  });

  it("summary and ledger come each ten seconds with what changed, and say so when they end", async () => {
    const to = await open();
    await say(
      to,
      `ssd+${PAPER}+{"keys":["NetLiquidation","AccountCode"],"fields":["currency","monetaryValue","value"]}`,
    );
    expect(to.of("ssd")[0]?.result).toEqual([
      expect.objectContaining({ key: "AccountCode", value: PAPER }),
      expect.objectContaining({
        key: "NetLiquidation",
        currency: "USD",
        monetaryValue: expect.any(Number),
      }),
    ]);
    await advance(to, 10_000);
    expect(to.of("ssd")[1]?.result).toEqual([expect.objectContaining({ key: "NetLiquidation" })]);
    await say(to, `sld+${PAPER}+{"keys":["LedgerListUSD","LedgerListEUR"]}`);
    expect(to.of("sld")[0]?.result).toHaveLength(2);
    await say(to, `usd+${PAPER}+{}`);
    await say(to, `uld+${PAPER}+{}`);
    expect(to.frames.slice(-2)).toEqual([
      { result: "unsubscribed from summary" },
      { result: "unsubscribed from ledger" },
    ]);
  });

  it("of another login's account is none", async () => {
    const to = await open();
    await say(to, "ssd+U4815162+{}");
    expect(to.frames.at(-1)).toEqual({ error: "No data." });
  });
});

describe("what goes wrong on a socket", () => {
  it("a silent one stays open and says nothing", async () => {
    const to = await open();
    bench.control.webSocket({ kind: "silence" });
    const heard = to.frames.length;
    await advance(to, 60_000);
    expect([to.frames.length, to.socket.readyState]).toEqual([heard, to.socket.OPEN]);
    bench.control.webSocket({ kind: "speak" });
    await advance(to, 10_000);
    expect(to.frames.length).toBeGreaterThan(heard);
  });

  it("one topic stops, a frame comes twice, two frames change places", async () => {
    const to = await open();
    await say(to, "spl+{}");
    bench.control.webSocket({ kind: "stopTopic", topic: "spl" });
    const heard = to.of("spl").length;
    bench.control.webSocket({ kind: "duplicateNext" });
    await advance(to, 10_000);
    expect(to.of("spl")).toHaveLength(heard);
    const beats = () =>
      to
        .of("system")
        .filter((frame) => "hb" in frame)
        .map((frame) => frame.hb);
    expect(beats()).toHaveLength(2);
    expect(beats()[0]).toBe(beats()[1]);
    bench.control.webSocket({ kind: "reorderNext" });
    await advance(to, 20_000);
    const [, , later, earlier] = beats();
    expect(Number(later)).toBeGreaterThan(Number(earlier));
  });

  it("a frame holds bytes that are no text; another is an error without a topic", async () => {
    const to = await open();
    bench.control.webSocket({ kind: "invalidUtf8" });
    bench.control.webSocket({ kind: "noData" });
    await untilQuiet(to);
    expect(to.raw.at(-2)?.includes(0xff)).toBe(true);
    expect(to.frames.at(-1)).toEqual({ error: "No data." });
  });

  it("it is closed, or torn down", async () => {
    const first = await open();
    bench.control.webSocket({ kind: "close", code: 1000 });
    expect(await first.closed).toBe(1000);
    const second = await open();
    bench.control.webSocket({ kind: "terminate" });
    expect(await second.closed).toBe(1006);
    expect(bench.control.sockets()).toBe(0);
  });

  it("a notice comes unasked", async () => {
    const to = await open();
    bench.control.broadcast({
      topic: "ntf",
      args: { id: "X", text: "a text", title: "Warning", url: "https://example.com/" },
    });
    await untilQuiet(to);
    expect(to.of("ntf")).toHaveLength(1);
  });
});
