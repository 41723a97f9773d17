import { afterEach, describe, expect, it } from "vitest";
import { type Bench, startBench } from "../testing/client.ts";

let bench: Bench;
afterEach(() => bench.close());

const VIRTUAL = { limits: { enabled: true, clock: "virtual" as const } };

async function statuses(path: string, count: number): Promise<number[]> {
  const found = [];
  for (let one = 0; one < count; one++) found.push((await bench.get(path)).status);
  return found;
}

describe("the limits of requests", () => {
  it("let ten a second pass, and put the eleventh and all that follow into the box for 15 minutes", async () => {
    bench = await startBench({ behaviours: VIRTUAL });
    expect(await statuses("/iserver/auth/status", 11)).toEqual([...Array(10).fill(200), 429]);
    await bench.control.advance(14 * 60_000);
    expect(await statuses("/portfolio/positions/1", 1)).toEqual([429]);
    expect(await statuses("/tickle", 1)).toEqual([429]);
    await bench.control.advance(60_000);
    expect(await statuses("/tickle", 1)).toEqual([200]);
  });

  it.each([
    ["/portfolio/accounts", 5_000],
    ["/sso/validate", 60_000],
    ["/iserver/account/pnl/partitioned", 5_000],
    ["/iserver/scanner/params", 15 * 60_000],
    ["/tickle", 1_000],
    ["/fyi/settings", 1_000],
  ])("%s once in %d ms", async (path, everyMs) => {
    bench = await startBench({ behaviours: { ...VIRTUAL, resets: { idleMs: 0 } } });
    expect(await statuses(path, 1)).toEqual([200]);
    await bench.control.advance(everyMs);
    expect(await statuses(path, 1)).toEqual([200]);
    await bench.control.advance(everyMs - 1);
    expect(await statuses(path, 1)).toEqual([429]);
  });

  it("may leave the tickle alive inside the box", async () => {
    bench = await startBench({
      behaviours: { limits: { enabled: true, clock: "virtual", penaltyCoversTickle: false } },
    });
    bench.control.penalty(15);
    expect([await statuses("/tickle", 1), await statuses("/iserver/accounts", 1)]).toEqual([
      [200],
      [429],
    ]);
  });

  it("count the wall's time as well by default, so that a paced client may trust a clock that stands still", async () => {
    bench = await startBench({ behaviours: { limits: { enabled: true } } });
    expect(await statuses("/iserver/auth/status", 10)).toEqual(Array(10).fill(200));
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(await statuses("/iserver/auth/status", 10)).toEqual(Array(10).fill(200));
  });
});
