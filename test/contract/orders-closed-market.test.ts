import { afterAll, beforeAll, expect, it } from "vitest";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/** The next Saturday afternoon, in the exchanges' own hours, through every real part. */
function nextSaturday(wallMs: number): number {
  const day = new Date(wallMs);
  day.setUTCHours(15, 0, 0, 0);
  do day.setUTCDate(day.getUTCDate() + 1);
  while (day.getUTCDay() !== 6);
  return day.getTime();
}
const startAt = nextSaturday(Date.now());

let chain: OrderChain;
beforeAll(async () => {
  chain = await startOrderChain({ defaultCaps: true, startAt });
}, 240_000);
afterAll(() => chain?.close());

const preview = (order: Record<string, unknown>) =>
  chain.agent.call("ibkr_order_preview", small(chain.broker, order));

it("B20: a market order is refused before anybody is asked, with what would do", async () => {
  const { preview: told } = await preview({ order_type: "MKT" });
  expect(told.may_be_asked).toBe(false);
  const messages = told.policy_failures.map(({ message }: { message: string }) => message);
  expect(messages.join(" ")).toMatch(
    /The US stock market is closed \(opens \w{3} \d+ \w{3} 09:30 New York( \([^)]+\))?\)\. Only limit orders can be prepared now\./,
  );
});

it("B20: a limit order is staged on a Saturday: it says that it waits, until when, and fills after the open", async () => {
  const { preview: far } = await preview({ limit_price: "1" });
  const { reference } = far.market;
  expect(reference).toMatchObject({ source: expect.stringMatching(/frozen_last|close/) });
  expect(far.may_be_asked).toBe(false);

  const limit_price = (Number(reference.price) * 1.01).toFixed(2);
  const { preview: told } = await preview({ limit_price });
  expect(told.policy_failures).toEqual([]);
  expect(told.pc_refusals).toEqual([]);
  expect(told.may_be_asked).toBe(true);
  expect(told.in_words).toMatch(
    /for the session of \w{3} \d+ \w{3} only\nWaits: it waits at the broker for the open, \w{3} \d+ \w{3} 09:30 New York( \([^)]+\))?, for the session of \S+$/m,
  );

  const { approval } = await chain.agent.call("ibkr_approvals_create", {
    account_id: chain.broker,
    preview_id: told.preview_id,
  });
  const page = await chain.page(`/approvals/${approval.approval_id}`);
  expect(page).toContain("waits at the broker for the open");
  const said = [...page.matchAll(/<dt>Market (then|now)<\/dt>\s*<dd>(.*?)<\/dd>/gs)];
  expect(said.map(([, when]) => when)).toEqual(["now", "then"]);
  for (const [, , market] of said) {
    expect(market).toMatch(
      /^Market closed; last price \S+ USD of \w{3} \d+ \w{3} \d\d:\d\d New York/,
    );
    expect(market).toContain(`last price ${reference.price} USD`);
  }
  expect((await chain.approve(approval.approval_id)).status).toBe(303);

  const sent = await chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id: approval.approval_id,
    idempotency_key: "staged-order-1",
  });
  expect(sent).toMatchObject({ refusals: [] });
  const status = async () =>
    (
      await chain.agent.call("ibkr_approval_status", {
        account_id: chain.broker,
        approval_id: approval.approval_id,
      })
    ).order;
  await until(async () => (await status()).state === "working");
  const waiting = await status();
  expect(waiting.means).toMatch(
    /It waits at the broker for the open, \w{3} \d+ \w{3} 09:30 New York( \([^)]+\))?, and cannot fill before\./,
  );
  const opens = Date.parse(waiting.waits_until);
  expect(opens).toBeGreaterThan(startAt);

  const { control } = chain.sim;
  await control.advance(opens - control.now() - 60_000);
  expect((await status()).state).toBe("working");
  await control.advance(120_000);
  // The broker ends a login over a weekend; its owner is there again on Monday.
  control.logIn(true);
  // Wherever the price is by then: the market trades, and below the limit.
  control.pin(AAPL, { last: Number(reference.price) - 1, bid: 1, ask: Number(reference.price) });
  await until(async () => (await status()).state === "filled");
  expect(chain.posts()).toBe(1);
  expect((await status()).waits_until).toBeNull();
}, 240_000);

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("it did not come to that in time");
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
