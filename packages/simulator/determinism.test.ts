import { expect, it } from "vitest";
import { readyToTrade, resting, submitAll } from "./orders/testing.ts";
import { startBench } from "./testing/client.ts";

/** Quotes, fills, ids and questions of one short session. */
async function story(seed: number): Promise<string[]> {
  const bench = await startBench({ seed });
  try {
    await readyToTrade(bench);
    const told: string[] = [];
    for (let read = 0; read < 3; read++) {
      told.push(
        (await bench.get("/iserver/marketdata/snapshot?conids=756733,14204&fields=31,84,86")).text,
      );
    }
    await submitAll(
      bench,
      resting({ orderType: "MKT", price: undefined, tif: "DAY", quantity: 17 }),
    );
    await bench.control.advance(5_000);
    told.push(
      (await bench.get("/iserver/account/trades")).text,
      (await bench.get("/iserver/account/orders")).text,
    );
    told.push((await bench.get("/iserver/secdef/search?symbol=SPX")).text);
    return told;
  } finally {
    await bench.close();
  }
}

it("the same seed tells the same story to the letter, another seed another", async () => {
  const [first, again, other] = [await story(7), await story(7), await story(8)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
