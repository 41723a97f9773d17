import { describe, expect, it } from "vitest";
import { noLog } from "../../../test/support/intent-record.ts";
import { ACCOUNT, pcOrders } from "../../../test/support/pc-orders.ts";
import { createOrderSide } from "../orders/order-side.ts";
import { executeOperation } from "./dispatch-operation.ts";

function rig(withOrders = true) {
  const pc = pcOrders();
  const orders = withOrders ? createOrderSide(pc.options, pc.side) : null;
  const signals: AbortSignal[] = [];
  const execute = (operation: string, input: unknown, deadlineMs = 20_000) =>
    executeOperation(
      {
        clock: pc.clock,
        logger: noLog,
        orders,
        context: (signal) => {
          signals.push(signal);
          return pc.context({ signal });
        },
      },
      pc.request({ operation, input, deadlineMs }),
    );
  return { pc, execute, signals };
}
const status = { account_id: ACCOUNT, coid: `ieg1-${"a".repeat(26)}` };

describe("an operation that the relay asks for", () => {
  it("is served by the order side or by the reads, by its name", async () => {
    const { pc, execute } = rig();
    expect(await execute("trust.status", {})).toMatchObject({ sidecar_id: "sc_1b2c" });
    expect(await pc.finish(execute("accounts.list", {}))).toMatchObject({
      accounts: [{ account_id: ACCOUNT }],
    });
  });

  it.each(["toString", "__proto__", "constructor", "", "order.everything"])(
    "is refused as unknown when it is called %j",
    async (name) => {
      const { execute } = rig();
      await expect(execute(name, {})).rejects.toMatchObject({ failure: { code: "INPUT_INVALID" } });
    },
  );

  it("about orders is not served without an order side", async () => {
    await expect(rig(false).execute("order.status", status)).rejects.toMatchObject({
      failure: { code: "BROKER_CAPABILITY_UNAVAILABLE" },
    });
  });

  it("is ended by its time, and leaves no timer behind when it ended before", async () => {
    const { pc, execute, signals } = rig();
    await execute("trust.status", {});
    pc.clock.run(30_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    pc.broker.answers["portfolio.accounts"] = () => {
      pc.clock.run(1_000);
      return [{ id: ACCOUNT, accountId: ACCOUNT, currency: "USD" }];
    };
    await pc.finish(execute("accounts.list", {}, 500));
    expect(signals[1]?.aborted).toBe(true);
  });
});
