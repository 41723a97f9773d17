import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFaults } from "../control/injected-faults.ts";
import {
  AAPL,
  listed,
  postOrders,
  readyToTrade,
  resting,
  row,
  submitAll,
} from "../orders/testing.ts";
import { createRandom } from "../random.ts";
import { type Bench, PAPER, startBench } from "../testing/client.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ behaviours: { questions: { enabled: false } } });
  await readyToTrade(bench);
});
afterEach(() => bench.close());

const ORDERS = `/iserver/account/${PAPER}/orders`;
const refs = (): (string | undefined)[] => bench.control.orders().map(({ ref }) => ref);
const lastRequest = () => bench.control.requests().at(-1);

describe("a fault", () => {
  it("acts on what it matches, as often as it says, and is seen in the log", async () => {
    const fault = bench.control.addFault({
      match: { method: "GET", path: "/portfolio/accounts", nth: 2 },
      do: { action: "respond", status: 500, body: "{}" },
    });
    const statuses = [];
    for (let count = 0; count < 3; count++)
      statuses.push((await bench.get("/portfolio/accounts")).status);
    expect(statuses).toEqual([200, 500, 200]);
    expect(
      bench.control.requests().filter(({ faults }) => faults.includes(fault.id)),
    ).toMatchObject([{ status: 500, applied: false }]);
  });

  it("may match a pattern, a piece of the body, a time, or a chance drawn from the seed", async () => {
    bench.control.addFault({
      match: { path: "/^\\/iserver\\/account\\/.+\\/orders$/", body: "bad-one" },
      do: { action: "badGateway" },
      times: 0,
    });
    expect((await postOrders(bench, resting({ cOID: "good" }))).status).toBe(200);
    expect(await postOrders(bench, resting({ cOID: "bad-one" }))).toMatchObject({
      status: 502,
      contentType: "text/html; charset=utf-8",
    });
    bench.control.addFault({
      match: { path: "/tickle", after: bench.control.now() + 60_000 },
      do: { action: "badGateway" },
    });
    expect((await bench.get("/tickle")).status).toBe(200);
    await bench.control.advance(60_000);
    expect((await bench.get("/tickle")).status).toBe(502);
    bench.control.addFault({
      match: { path: "/portfolio/accounts", prob: 0.5 },
      do: { action: "badGateway" },
      times: 0,
    });
    const statuses = [];
    for (let count = 0; count < 40; count++)
      statuses.push((await bench.get("/portfolio/accounts")).status);
    const failed = statuses.filter((status) => status === 502).length;
    expect(failed).toBeGreaterThan(8);
    expect(failed).toBeLessThan(32);
  });

  it("that is not a good one is refused by name", () => {
    const faults = createFaults(createRandom(1, "test"), Date.now);
    const add = (input: unknown) => () => faults.add(input);
    expect(add({ do: { action: "explode" } })).toThrow();
    expect(add({ do: { action: "delay", ms: -1 } })).toThrow();
    expect(add({ match: { patth: "/tickle" }, do: { action: "truncate" } })).toThrow();
  });
});

describe("answers that are none", () => {
  const on = (path: string, action: Parameters<Bench["control"]["addFault"]>[0]["do"]) =>
    bench.control.addFault({ match: { path }, do: action });

  it("empty, cut off, of another type, forbidden", async () => {
    on("/portfolio/accounts", { action: "emptyOk" });
    expect(await bench.get("/portfolio/accounts")).toMatchObject({ status: 200, text: "" });
    on("/portfolio/accounts", { action: "truncate" });
    expect(await bench.get("/portfolio/accounts")).toMatchObject({ status: 200, json: undefined });
    on("/portfolio/accounts", { action: "wrongType" });
    expect((await bench.get("/portfolio/accounts")).contentType).toBe("text/html");
    on("/portfolio/accounts", { action: "accessDenied" });
    expect(await bench.get("/portfolio/accounts")).toMatchObject({
      status: 403,
      text: expect.stringContaining("Access Denied"),
    });
  });

  it.each(["before-headers", "mid-body", "after-body"] as const)("reset %s", async (when) => {
    on("/portfolio/accounts", { action: "reset", when });
    const call = bench.get("/portfolio/accounts");
    if (when === "after-body") await expect(call).resolves.toMatchObject({ status: 200 });
    else await expect(call).rejects.toThrow();
    expect(lastRequest()).toMatchObject({ applied: true });
    expect((await bench.get("/portfolio/accounts")).status).toBe(200);
  });

  it("late, and too late: the gateway gives up after ten seconds though the work was done", async () => {
    on("/portfolio/accounts", { action: "delay", ms: 80 });
    const started = performance.now();
    await bench.get("/portfolio/accounts");
    expect(performance.now() - started).toBeGreaterThan(75);
  });

  it("a byte at a time", async () => {
    on("/portfolio/accounts", { action: "slowloris", ms: 200 });
    const started = performance.now();
    expect((await bench.get("/portfolio/accounts")).json).toBeDefined();
    expect(performance.now() - started).toBeGreaterThan(150);
  });

  it("another account's", async () => {
    on("/portfolio/accounts", { action: "wrongAccountInAnswer" });
    expect((await bench.get("/portfolio/accounts")).json).toMatchObject([{ id: "U9999999" }]);
  });

  it("a fault that fires on a request may end the session, fill the penalty box, or hush the socket", async () => {
    on("/tickle", { action: "competeEvict" });
    await bench.get("/tickle");
    expect(bench.control.world()).toMatchObject({ rival: "tws", brokerage: { phase: "evicted" } });
    on("/tickle", { action: "penalty", minutes: 1 });
    expect((await bench.get("/tickle")).status).toBe(429);
  });
});

describe("an order whose answer fails", () => {
  it.each(["503", "reset"] as const)("with %s though it was placed", async (how) => {
    bench.control.addFault({ match: { path: ORDERS }, do: { action: "applyThenFail", how } });
    const call = postOrders(bench, resting({ cOID: "landed" }));
    if (how === "503") expect((await call).status).toBe(503);
    else await expect(call).rejects.toThrow();
    expect(refs()).toEqual(["landed"]);
    expect(lastRequest()).toMatchObject({ applied: true, body: expect.stringContaining("landed") });
  });

  it("by never coming, placed or not", async () => {
    const impatient = (path: string) =>
      Promise.race([
        postOrders(bench, resting({ cOID: path })),
        new Promise((resolve) => setTimeout(() => resolve("timeout"), 150)),
      ]);
    bench.control.addFault({ match: { path: ORDERS }, do: { action: "dropRequest" } });
    expect(await impatient("dropped")).toBe("timeout");
    bench.control.addFault({
      match: { path: ORDERS },
      do: { action: "applyThenFail", how: "timeout" },
    });
    expect(await impatient("placed")).toBe("timeout");
    expect(refs()).toEqual(["placed"]);
  });

  it("and appears a while later", async () => {
    bench.control.addFault({
      match: { path: ORDERS },
      do: { action: "applyLate", ms: 30_000, how: "503" },
    });
    expect((await postOrders(bench, resting({ cOID: "late" }))).status).toBe(503);
    expect(refs()).toEqual([]);
    await bench.control.advance(30_000);
    expect(refs()).toEqual(["late"]);
  });

  it("by lying: accepted and never seen again, or not seen yet", async () => {
    bench.control.addFault({ match: { path: ORDERS }, do: { action: "silentDrop" } });
    const lost = await submitAll(bench, resting({ cOID: "lost" }));
    expect(lost.id).toBeGreaterThan(0);
    bench.control.addFault({
      match: { path: ORDERS },
      do: { action: "hideFromOrders", ms: 20_000 },
    });
    const hidden = await submitAll(bench, resting({ cOID: "hidden" }));
    await bench.control.advance(1_000);
    expect([...(await listed(bench)).keys()]).toEqual([]);
    expect((await bench.get(`/iserver/account/order/status/${lost.id}`)).status).toBe(400);
    await bench.control.advance(20_000);
    expect([...(await listed(bench)).keys()]).toEqual([hidden.id]);
  });

  it("by telling of only some, or of each twice", async () => {
    const pair = [
      resting({ cOID: "P", price: 101 }),
      resting({ parentId: "P", side: "SELL", price: 102 }),
    ];
    bench.control.addFault({ match: { path: ORDERS }, do: { action: "partialAck", rows: 1 } });
    expect((await postOrders(bench, ...pair)).json).toHaveLength(1);
    expect(bench.control.orders()).toHaveLength(2);
    bench.control.addFault({ match: { path: ORDERS }, do: { action: "duplicateAck" } });
    const twice = (await postOrders(bench, resting({ conid: AAPL }))).json;
    expect(Array.isArray(twice) && twice[0]).toEqual(Array.isArray(twice) && twice[1]);
  });

  it("for a reply as well", async () => {
    bench.control.change({ questions: { enabled: true } });
    bench.control.addFault({
      match: { path: "/^\\/iserver\\/reply\\//" },
      do: { action: "applyThenFail", how: "503" },
    });
    const asked = await postOrders(bench, resting({ price: 90, cOID: "asked" }));
    expect(
      (await bench.post(`/iserver/reply/${String(row(asked).id)}`, { confirmed: true })).status,
    ).toBe(503);
    expect(refs()).toEqual(["asked"]);
  });
});
