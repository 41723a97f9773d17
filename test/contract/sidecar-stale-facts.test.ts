import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/** The last answer of the broker decides no order once it is old, however busy the line is. */
let rig: OrderRig;
afterEach(() => rig.close());

const search = (n: number) =>
  rig.broker
    .execute({
      operation: "contracts.search",
      input: { query: `Q${n.toString(36).toUpperCase()}`, by_name: false },
      deadlineMs: 60_000,
      signal: new AbortController().signal,
      jobId: `read-${n}`,
      grant: { capability: "broker.read", brokerAccount: null },
    })
    .catch(() => {});

describe("a position that was closed elsewhere", () => {
  it.each([
    ["with nobody in a hurry", 0, 20_000],
    ["with a deadline that the edge made short", 8, 400],
    ["under a flood of reads", 600, 20_000],
  ])(
    "makes an entry of an approved exit, which the engaged switch stops: %s",
    async (_name, reads, deadlineMs) => {
      rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
      rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
      const sell = (quantity: string) =>
        rig.preview(limitOrder(rig.account, "179", { side: "SELL", quantity }));
      const probe = await sell("1");
      const held = probe.facts.positions?.find(({ conid }) => conid === AAPL_CONID);
      const all = held?.quantity ?? "0";
      const exit = rig.approve(await sell(all));
      // The owner closes the position in TWS.
      const closed = rig.sim.control.foreignOrder(
        rig.account,
        {
          conid: AAPL_CONID,
          orderType: "LMT",
          side: "SELL",
          quantity: Number(all),
          price: 179.9,
          tif: "DAY",
        },
        "tws",
      );
      const now = rig.sim.control.orders().find(({ id }) => id === closed.id);
      if (now?.status !== "Filled") rig.sim.control.fillOrder(closed.id);
      await rig.advance(90_000);
      rig.rules.engage("test", rig.now());
      for (let n = 0; n < reads; n += 1) void search(n);
      const told = rig.start("order.place", exit, { deadlineMs });
      await rig.until(() => told.done, 120_000);
      expect(rig.posts()).toEqual([]);
    },
  );
});
