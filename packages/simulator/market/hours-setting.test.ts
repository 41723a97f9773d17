import { afterEach, describe, expect, it } from "vitest";
import { AAPL, listed, resting, submitAll } from "../orders/testing.ts";
import { type Bench, prime, startBench } from "../testing/client.ts";
import type { MarketHours } from "./hours-setting.ts";

/** Saturday evening in New York, two hours before the exchanges' Sunday begins. */
const SATURDAY = Date.UTC(2026, 10, 29, 3);
const CHRISTMAS_MORNING = Date.UTC(2026, 11, 25, 8);
const LAST_SECOND_OF_THE_DAY = Date.UTC(2026, 11, 2, 4, 59, 59);
const HOUR_MS = 3_600_000;

let bench: Bench;
afterEach(() => bench.close());

async function openAt(startAt: number, marketHours: MarketHours): Promise<void> {
  bench = await startBench({ startAt, marketHours });
  bench.control.change({ resets: { idleMs: 0 } });
  await prime(bench);
}

const market = (more: Record<string, unknown> = {}) =>
  resting({ orderType: "MKT", price: undefined, tif: "DAY", ...more });

async function schedule(): Promise<Record<string, { liquid_hours: unknown[] }>> {
  const { json } = await bench.get(`/contract/trading-schedule?conid=${AAPL}`);
  if (typeof json !== "object" || json === null || !("schedules" in json)) return {};
  return Object.assign({}, json.schedules);
}

describe("open around the clock", () => {
  it.each([SATURDAY, CHRISTMAS_MORNING])("quotes and fills at %d, and says so", async (at) => {
    await openAt(at, "always");
    const read = () => bench.get(`/iserver/marketdata/snapshot?conids=${AAPL}&fields=84,86`);
    await read();
    await read();
    const quote = await read();
    expect(quote.json).toMatchObject([{ 84: expect.any(String), 86: expect.any(String) }]);
    const { id } = await submitAll(bench, market());
    await bench.control.advance(10_000);
    expect((await listed(bench)).get(id)?.status).toBe("Filled");
    expect(Object.keys(await schedule())).toHaveLength(14);
  });

  it("loses no session in a week of nights, and shuts for no maintenance", async () => {
    await openAt(SATURDAY, "always");
    await bench.control.advance(7 * 24 * HOUR_MS);
    expect(bench.control.world()).toMatchObject({
      gateway: { up: true, maintenance: false },
      sso: { phase: "valid" },
      brokerage: { phase: "authenticated", generation: 1 },
    });
  });

  it("gives an order of the day at least an hour, also in the day's last second", async () => {
    await openAt(LAST_SECOND_OF_THE_DAY, "always");
    const { id } = await submitAll(bench, resting({ price: 200, tif: "DAY" }));
    await bench.control.advance(HOUR_MS);
    expect((await listed(bench)).get(id)?.status).toBe("Submitted");
    await bench.control.advance(24 * HOUR_MS);
    const order = bench.control.orders().find((one) => one.id === id);
    expect([order?.status, order?.reason]).toEqual(["Cancelled", "Order expired"]);
  });
});

describe("by the exchanges' calendar", () => {
  it.each([SATURDAY, CHRISTMAS_MORNING])("an order waits at %d", async (at) => {
    await openAt(at, "exchange");
    const { id } = await submitAll(bench, market());
    await bench.control.advance(10_000);
    expect((await listed(bench)).get(id)?.status).toBe("PreSubmitted");
  });
});
