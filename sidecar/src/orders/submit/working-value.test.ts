import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import type { Contract } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { expect, it } from "vitest";
import { ACCOUNT, bookRow, pcOrders } from "../../../../test/support/pc-orders.ts";
import { contract } from "../../../../test/support/risk/cases.ts";
import { readOrders } from "../../operation-handlers/live-orders.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { contractsOf, workingValue } from "./working-value.ts";

async function working(over: Record<string, unknown>): Promise<Order> {
  const pc = pcOrders();
  pc.broker.answers["iserver.orders"] = { orders: [bookRow(over)], snapshot: true };
  const context = pc.context();
  const { orders } = await readOrders(context, await resolveAccount(context, ACCOUNT));
  const [order] = orders;
  if (order === undefined) throw new Error("the row is readable");
  return order;
}
const option = (right: "C" | "P"): Contract =>
  contract({ asset_class: "OPT", multiplier: "100", strike: "500", right });
const future = contract({ asset_class: "FUT", multiplier: "50" });

it.each<[string, Record<string, unknown>, Contract, string | null]>([
  ["shares at their limit", { price: "187.25" }, contract({}), "374.5"],
  ["a put that is sold at its strike", { side: "SELL", price: "0.05" }, option("P"), "100000"],
  ["a put that is bought at its price", { price: "0.05" }, option("P"), "10"],
  [
    "a call that is sold at strike and price",
    { side: "SELL", price: "2.5" },
    option("C"),
    "100500",
  ],
  ["a future whole", { price: "4500" }, future, "450000"],
  [
    "an order without a price as not known",
    { price: "", origOrderType: "MARKET" },
    contract({}),
    null,
  ],
])("counts %s", async (_what, over, of, value) => {
  expect(workingValue(await working(over), "2", of, "1")).toBe(value);
});

it("is not known without the contract's terms or a rate, and in base currency with both", async () => {
  expect(workingValue(await working({}), "2", null, "1")).toBeNull();
  expect(workingValue(await working({}), "2", contract({}), undefined)).toBeNull();
  expect(workingValue(await working({}), "2", contract({}), "0.5")).toBe("187.25");
});

it("asks for the terms of what is no share, and for none where all are shares", async () => {
  const pc = pcOrders();
  const share = await working({});
  const asked = () => pc.broker.asked.filter((name) => name === "trsrv.secdef").length;
  const before = asked();
  const shares = await contractsOf(pc.context(), [share]);
  expect([...shares.values()]).toMatchObject([{ asset_class: "STK", multiplier: "1" }]);
  expect(asked()).toBe(before);
  await contractsOf(pc.context(), [await working({ secType: "FUT" })]);
  expect(asked()).toBe(before + 1);
});
