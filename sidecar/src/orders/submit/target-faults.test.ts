import type { TargetOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { AAPL, aLeg, anOrder } from "../../../../test/support/orders.ts";
import { ACCOUNT, bookRow, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { readTarget } from "../preview/read-target-order.ts";
import { targetFaults } from "./target-faults.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

type Row = Record<string, unknown>;

/** The broker's list shows one order, or none. */
function shows(row: Row | null): void {
  const orders = row === null ? [] : [bookRow(row)];
  pc.broker.answers["iserver.orders"] = { orders, snapshot: true };
}

/** The order as a preview restates it from the list. */
async function previewed(row: Row = {}): Promise<TargetOrder> {
  shows(row);
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  const read = await readTarget(context, account, pc.store, "11", "modify");
  if (!read.ok) throw new Error("the order was not read");
  return read.target;
}

async function faults(target: TargetOrder | null) {
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  return targetFaults(context, account, pc.store, anOrder({ action: "modify", target }));
}

/** What the refusal names as moved. */
async function moved(target: TargetOrder): Promise<string[]> {
  const found = await faults(target);
  if (found.length === 0) return [];
  expect(found).toMatchObject([{ code: "ORDER_NOT_MODIFIABLE", rule: "as_previewed" }]);
  const [, names = ""] = /\(([^)]*)\)/.exec(found[0]?.message ?? "") ?? [];
  return names.split(", ");
}

/** An order of this PC with a trail, which the broker's list does not tell. */
async function trailed(): Promise<TargetOrder> {
  const trailing = { offset: "2", unit: "percent" as const };
  const legs = [aLeg({ side: "SELL", order_type: "TRAIL", limit_price: null, trailing })];
  const record = anIntentRecord(0, {}, anOrder({ legs }));
  const orders = record.orders.map((order) => ({ ...order, order_id: "11" }));
  pc.store.insert({ ...record, orders });
  return previewed({ order_ref: record.coid, side: "SELL", origOrderType: "TRAIL" });
}

describe("the order that a change is sent to", () => {
  it("is the one that the owner saw while nothing of it moved", async () => {
    expect(await faults(await previewed())).toEqual([]);
    expect(await faults(await trailed())).toEqual([]);
  });

  it.each<[string, Row, Row, string[]]>([
    ["trades", {}, { filledQuantity: 0.5, remainingQuantity: 0.5 }, ["filled quantity"]],
    ["is of another size", {}, { totalSize: 2, remainingQuantity: 2 }, ["quantity"]],
    ["has another limit", {}, { price: "188" }, ["limit price"]],
    ["has another trigger", { origOrderType: "STOP" }, { price: "180" }, ["stop price"]],
    ["turns to the other side", {}, { side: "SELL" }, ["side"]],
    ["becomes another type", {}, { origOrderType: "MIDPRICE" }, ["type"]],
    ["loses its limit", {}, { origOrderType: "MARKET" }, ["limit price", "type"]],
    ["stands for longer", {}, { timeInForce: "GTC" }, ["time in force"]],
    ["may trade at night", {}, { outsideRTH: true }, ["hours"]],
  ])("is refused by what moved when it %s", async (_what, then, now, names) => {
    const target = await previewed(then);
    shows({ ...then, ...now });
    expect(await moved(target)).toEqual(names);
  });

  it("is refused when its trail or its contract is another one", async () => {
    const target = await trailed();
    const { before } = target;
    const trail = (offset: string, unit: "percent" | "amount"): TargetOrder => ({
      ...target,
      before: { ...before, trailing: { offset, unit } },
    });
    expect(await moved(trail("2.1", "percent"))).toEqual(["trailing offset"]);
    expect(await moved(trail("2", "amount"))).toEqual(["trailing unit"]);
    expect(await moved({ ...target, before: { ...before, trailing: null } })).toEqual([
      "trailing offset",
      "trailing unit",
    ]);
    const contract = { ...AAPL, conid: 7 };
    expect(await moved({ ...target, before: { ...before, contract } })).toEqual(["contract"]);
  });

  it("is the same by the value of its figures, however they are written", async () => {
    const target = await previewed();
    const { before } = target;
    const written = { ...before, quantity: "1.0", limit_price: "187.250" };
    expect(await faults({ ...target, filled_quantity: "0.00", before: written })).toEqual([]);
    const near = { ...written, limit_price: "187.2500001" };
    expect(await moved({ ...target, before: near })).toEqual(["limit price"]);
  });

  it("does not take a missing figure for zero", async () => {
    const target = await previewed();
    const before = { ...target.before, stop_price: "0" };
    expect(await moved({ ...target, before })).toEqual(["stop price"]);
  });

  it("is read from no list older than the list's own time", async () => {
    const target = await previewed();
    const context = pc.context();
    const account = await resolveAccount(context, ACCOUNT);
    const bounded: boolean[] = [];
    const watched: typeof context = {
      ...context,
      ask: (ask, options = {}) => {
        const { maxAgeMs } = options;
        if (ask.name === "iserver.orders") {
          bounded.push(maxAgeMs !== undefined && maxAgeMs <= ask.ttlMs);
        }
        return context.ask(ask, options);
      },
    };
    const order = anOrder({ action: "modify", target });
    expect(await targetFaults(watched, account, pc.store, order)).toEqual([]);
    expect(bounded).toEqual([true]);
  });

  it("is refused without a name, or where the list does not show it as working", async () => {
    const rules = async (target: TargetOrder | null) => (await faults(target)).map((f) => f.rule);
    const target = await previewed();
    expect(await rules(null)).toEqual(["target"]);
    shows({ status: "Filled" });
    expect(await rules(target)).toEqual(["working"]);
    shows(null);
    expect(await rules(target)).toEqual(["in_broker_list"]);
  });
});
