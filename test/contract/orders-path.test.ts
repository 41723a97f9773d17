import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/** One paper order from a question to a fill, through every real part. */
let chain: OrderChain;
let limit: string;
beforeAll(async () => {
  chain = await startOrderChain();
  const probe = await chain.agent.call(
    "ibkr_order_preview",
    small(chain.broker, { limit_price: "1" }),
  );
  const market = probe.preview.market;
  const price = Number(market.bid ?? market.last ?? market.prior_close);
  limit = (Math.round(price * 0.99 * 100) / 100).toFixed(2);
}, 240_000);
afterAll(() => chain?.close());

describe("one paper order", () => {
  it("is previewed, asked for, approved by passkey, sent once, filled, and read by the client", async () => {
    const { agent, broker } = chain;
    const previewed = await agent.call("ibkr_order_preview", small(broker, { limit_price: limit }));
    expect(previewed).toMatchObject({ outcome: "prepared", refusals: [] });
    expect(previewed.preview.policy_failures).toEqual([]);
    expect(previewed.preview).toMatchObject({ mode: "paper", may_be_asked: true });

    const asked = await agent.call("ibkr_approvals_create", {
      account_id: broker,
      preview_id: previewed.preview.preview_id,
    });
    expect(asked).toMatchObject({ outcome: "asked", approval: { state: "pending" } });
    const { approval_id, approval_url } = asked.approval;
    expect(approval_url).toBe(`${chain.gateway.url}/approvals/${approval_id}`);

    const answer = await chain.approve(approval_id);
    expect(answer.status).toBe(303);
    const submitted = await agent.call("ibkr_paper_order_submit", {
      account_id: broker,
      approval_id,
      idempotency_key: "first-order-1",
    });
    expect(submitted).toMatchObject({ replayed: false, refusals: [] });
    expect(["accepted", "working", "filled"]).toContain(submitted.order.state);
    expect(chain.posts()).toBe(1);
  }, 60_000);
});
