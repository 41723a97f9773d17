import { afterEach, describe, expect, it } from "vitest";
import { type BrokerRig, startRig } from "../support/broker.ts";

let rig: BrokerRig;
afterEach(async () => {
  await rig.close();
});

const MINUTE = 60_000;
const SNAPSHOT = "/iserver/marketdata/snapshot";

/** The most requests that came within any window of this length. */
function mostWithin(times: readonly number[], windowMs: number): number {
  let most = 0;
  for (const [first, from] of times.entries()) {
    const last = times.findLastIndex((at) => at < from + windowMs);
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describe("pacing", () => {
  it("S11: a 429 silences everything for 15 minutes, and answers come with their age", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.advance(30_000);
    const before = await rig.ask("account.summary");
    await rig.advance(10_000);
    rig.sim.control.addFault({
      match: { path: "/iserver/secdef/search" },
      do: { action: "respond", status: 429, body: '{"error":"Too many requests"}' },
    });
    const hit = await rig.run("contracts.search", { query: "AAPL" });
    expect(hit.failed).toMatchObject({ code: "BROKER_RATE_LIMITED", retryable: true });
    expect(rig.broker.session()).toMatchObject({ state: "penalty_box", reads: "cached_only" });

    const since = rig.now();
    const served = await rig.ask("account.summary");
    expect(served.net_liquidation).toEqual(before.net_liquidation);
    expect(served.served_from).toBe("stale");
    expect(served.age_ms).toBeGreaterThanOrEqual(10_000);
    expect(served.notes.join(" ")).toContain("last answer");
    const refused = await rig.run("contracts.search", { query: "MSFT" });
    expect(refused.failed?.code).toBe("BROKER_RATE_LIMITED");
    expect(refused.failed?.retry_after_ms).toBeGreaterThan(14 * MINUTE);

    await rig.advance(14 * MINUTE);
    const during = rig.sim.control.requests().filter((entry) => entry.at > since);
    expect(during).toEqual([]);
    await rig.advance(3 * MINUTE);
    await rig.ready();
    expect(
      (await rig.ask("contracts.search", { query: "MSFT" })).candidates.length,
    ).toBeGreaterThan(0);
  });

  it("the penalty outlives a restart of the sidecar", async () => {
    rig = await startRig();
    await rig.ready();
    rig.sim.control.addFault({
      match: { path: "/iserver/secdef/search" },
      do: { action: "respond", status: 429, body: "" },
    });
    await rig.run("contracts.search", { query: "AAPL" });
    const since = rig.now();
    await rig.restart();
    await rig.advance(10 * MINUTE);
    expect(rig.broker.session().state).toBe("penalty_box");
    expect(rig.sim.control.requests().filter((entry) => entry.at > since)).toEqual([]);
    await rig.advance(6 * MINUTE);
    await rig.ready();
  });

  it("never starts more than eight requests in a second, whatever is asked at once", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.advance(20_000);
    rig.sim.control.clearRequests();
    const symbols = ["AAPL", "MSFT", "SPY", "QQQ", "TSLA", "AMD", "AMZN", "IBM", "SAP", "HON"];
    await Promise.all([
      ...symbols.map((query) => rig.run("contracts.search", { query })),
      ...["orders.list", "executions.list", "positions.list", "account.ledger"].map((name) =>
        rig.run(name as "positions.list"),
      ),
      rig.run("market.snapshot", { conids: [265598, 756733] }),
    ]);
    const times = rig.sim.control.requests().map((entry) => entry.at);
    expect(times.length).toBeGreaterThan(20);
    expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(8);
    expect(mostWithin(times, 10_000)).toBeLessThanOrEqual(60);
    expect(rig.sim.control.requests().filter((entry) => entry.status === 429)).toEqual([]);
  });

  it("32 clients that ask for the same quote make one broker call", async () => {
    rig = await startRig();
    await rig.ready();
    const warm = await rig.ask("market.snapshot", { conids: [756733] });
    expect(warm.quotes[0]?.missing).toEqual([]);
    await rig.advance(5_000);
    rig.sim.control.clearRequests();
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => rig.ask("market.snapshot", { conids: [756733] })),
    );
    expect(rig.requestsTo(SNAPSHOT)).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.quotes))).size).toBe(1);
  });

  it("the pacing of slow endpoints outlives a restart of the sidecar", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.ask("performance.get", { period: "1M" });
    await rig.restart();
    await rig.ready();
    const again = await rig.run("performance.get", { period: "3M" });
    expect(again.failed?.code).toBe("BROKER_RATE_LIMITED");
    expect(again.failed?.retry_after_ms).toBeGreaterThan(10 * MINUTE);
    expect(rig.requestsTo("/pa/performance")).toHaveLength(1);
  });

  it("an idle, ready session costs at most two broker calls a minute", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.advance(MINUTE);
    rig.sim.control.clearRequests();
    await rig.advance(60 * MINUTE);
    expect(rig.broker.session().state).toBe("ready");
    expect(rig.sim.control.requests().length).toBeLessThanOrEqual(120);
  }, 60_000);

  it("a session held by a rival costs at most two broker calls a minute", async () => {
    rig = await startRig({ behaviours: { session: { forceCompeteRequired: true } } });
    await rig.ready();
    rig.sim.control.rival("mobile");
    await rig.until(() => rig.broker.session().state === "takeover_required");
    rig.sim.control.clearRequests();
    await rig.advance(60 * MINUTE);
    expect(rig.sim.control.requests().length).toBeLessThanOrEqual(120);
  }, 60_000);
});
