import { afterAll, beforeAll, expect, it } from "vitest";
import { type OrderChain, startOrderChain } from "../support/order-chain.ts";

/**
 * The same through all of it: agents' tools over the real Worker, object, relay and PC. The times are
 * the machine's own, so the bound is wide; what is shown is that nothing stands in the way.
 */
const REQUESTS = Number(process.env.SATURATION_REQUESTS ?? 600);
const BOUND_MS = 10_000;

let chain: OrderChain;
beforeAll(async () => {
  chain = await startOrderChain();
}, 180_000);
afterAll(() => chain?.close());

it("an exit is at the broker, and the owner's page is shown, while three agents ask for all they can", async () => {
  const approval_id = await chain.approved({ side: "SELL", limit_price: "900" });
  const agents = await Promise.all(["One", "Two", "Three"].map((name) => chain.newAgent(name)));
  let answered = 0;
  const flood = Array.from({ length: REQUESTS }, (_, n) => {
    const agent = agents[n % agents.length];
    const asked =
      n % 2 === 0
        ? agent?.call("ibkr_positions_list", { account_id: chain.broker, offset: n % 5 })
        : agent?.call("ibkr_order_preview", {
            account_id: chain.broker,
            conid: 265598,
            side: "BUY",
            order_type: "LMT",
            quantity: "1",
            limit_price: String(100 + (n % 60)),
          });
    return Promise.resolve(asked)
      .catch(() => undefined)
      .finally(() => {
        answered += 1;
      });
  });
  const before = chain.posts();
  const from = performance.now();
  const submit = chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id,
    idempotency_key: "saturation-exit-1",
  });
  const page = chain.page("/").then(() => performance.now() - from);
  await expect.poll(() => chain.posts(), { timeout: 60_000, interval: 20 }).toBe(before + 1);
  const exitMs = Math.round(performance.now() - from);
  const left = REQUESTS - answered;
  const pageMs = Math.round(await page);
  console.log(
    `chain: ${REQUESTS} requests, ${left} unanswered then; ms: exit ${exitMs}, page ${pageMs}`,
  );
  expect((await submit).refusals).toEqual([]);
  expect(exitMs).toBeLessThanOrEqual(BOUND_MS);
  expect(pageMs).toBeLessThanOrEqual(BOUND_MS);
  // What is still asked ends with the gateway; nobody waits for it.
  expect(flood).toHaveLength(REQUESTS);
}, 240_000);
