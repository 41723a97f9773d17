import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { AAPL, aBracket, aLeg, anOrder } from "../../../../test/support/orders.ts";
import { notAnswered, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import type { Ask } from "../../client-portal/portal-interface.ts";
import { askWhatIf } from "./ask-what-if.ts";

let pc: PcOrders;
let notes: string[];
beforeEach(() => {
  pc = pcOrders();
  notes = [];
});
const ask = (order = anOrder()) => pc.finish(askWhatIf(pc.submit, pc.context(), order, notes));

describe("the broker's what-if", () => {
  it("is asked about the principal leg alone, under no reference", async () => {
    const bodies: unknown[] = [];
    pc.broker.answers["order.what-if"] = ({ body }: Ask<unknown>) => {
      bodies.push(body);
      return { amount: { commission: "1 USD" } };
    };
    const answer = await ask(aBracket());
    expect(answer?.whatIf).toMatchObject({ commission: "1", commission_currency: "USD" });
    expect(bodies).toMatchObject([{ orders: [{ conid: 265598, side: "BUY", quantity: 10 }] }]);
    expect(JSON.stringify(bodies)).not.toContain("cOID");
    expect(JSON.stringify(bodies)).not.toContain("parentId");
  });

  it("does not disturb an order that waits for an answer, and says so", async () => {
    await pc.submit.mutex.acquire(0);
    expect(await ask()).toBeNull();
    expect(notes.join()).toContain("Another order waits");
    expect(pc.broker.asked).toEqual([]);
  });

  it("frees the broker session however it ends", async () => {
    pc.broker.answers["order.what-if"] = notAnswered();
    expect(await ask()).toBeNull();
    expect(notes).toHaveLength(1);
    expect(pc.submit.mutex.busy()).toBe(false);
    pc.broker.answers["order.what-if"] = new TypeError("a mistake");
    await expect(ask()).rejects.toThrow("a mistake");
    expect(pc.submit.mutex.busy()).toBe(false);
  });

  it("that the broker refuses is a what-if with its words, not a failure", async () => {
    pc.broker.answers["order.what-if"] = (question: Ask<unknown>) =>
      question.onRefused?.(400, "No trading permissions");
    expect(await ask()).toMatchObject({
      whatIf: { error: "No trading permissions", commission: null },
      warning: null,
    });
    pc.broker.answers["order.what-if"] = (question: Ask<unknown>) =>
      question.onRefused?.(500, "out of order") ??
      new GatewayError(failure("BROKER_BACKEND_UNAVAILABLE", "no"));
    expect(await ask()).toBeNull();
  });

  it("of a future needs the operator that the owner names", async () => {
    const future = { ...AAPL, asset_class: "FUT" as const, expiry: "20261218", multiplier: "50" };
    expect(await ask(anOrder({ legs: [aLeg({ contract: future })] }))).toBeNull();
    expect(notes).toHaveLength(1);
    expect(pc.broker.asked).toEqual([]);
  });
});
