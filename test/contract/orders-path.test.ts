import { mkdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/**
 * One paper order from a question to a fill, through every real part, with the limits and caps a
 * newcomer has: nobody read a manual, and nothing was loosened.
 */
let chain: OrderChain;
beforeAll(async () => {
  chain = await startOrderChain({ defaultCaps: true });
  chain.sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
}, 240_000);
afterAll(() => chain?.close());

interface Leaf {
  type: string;
  meta: Record<string, string>;
}

const leaves = async (): Promise<Leaf[]> =>
  (
    await chain.gateway.sql<{ event: string }>(
      "Account",
      chain.accountId,
      "SELECT event FROM audit_log ORDER BY seq",
    )
  ).map(({ event }) => JSON.parse(event));

describe("one paper order", () => {
  it("is previewed, asked for, approved by passkey, sent once, filled, and read by the client, under the defaults", async () => {
    const { agent, broker } = chain;
    const from = (await leaves()).length;
    const previewed = await agent.call("ibkr_order_preview", small(broker, { limit_price: "179" }));
    expect(previewed).toMatchObject({ outcome: "prepared", refusals: [] });
    expect(previewed.preview.policy_failures).toEqual([]);
    expect(previewed.preview.pc_refusals).toEqual([]);
    expect(previewed.preview).toMatchObject({ mode: "paper", may_be_asked: true, tier: 1 });

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

    chain.sim.control.fillOrder(Number(submitted.order.orders[0].order_id));
    const status = () => agent.call("ibkr_approval_status", { account_id: broker, approval_id });
    await expect.poll(async () => (await status()).order.state, { timeout: 20_000 }).toBe("filled");
    const filled = await status();
    await expect
      .poll(async () => (await leaves()).map(({ type }) => type), { timeout: 20_000 })
      .toContain("broker.execution");

    const left = (await leaves()).slice(from);
    const types = left.map(({ type }) => type);
    const inOrder = [
      "approval.requested",
      "approval.decided",
      "order.submitted",
      "order.state",
      "broker.execution",
    ];
    for (const type of inOrder) expect(types).toContain(type);
    const first = (type: string) => types.indexOf(type);
    expect(first("approval.requested")).toBeLessThan(first("approval.decided"));
    expect(first("approval.decided")).toBeLessThan(first("order.submitted"));
    expect(first("order.submitted")).toBeLessThan(first("order.state"));
    expect(left.findLast(({ type }) => type === "order.state")?.meta.to).toBe("filled");
    await shown(
      [
        ["ibkr_order_preview", previewed],
        ["ibkr_approvals_create", asked],
        ["ibkr_paper_order_submit", submitted],
        ["ibkr_approval_status", filled],
      ],
      left,
    );
    // The walk-through names what a run leaves, and nothing else.
    const page = await readFile(fromRoot("docs/first-order.md"), "utf8");
    const named = [...page.matchAll(/^\d+\. `([a-z]+\.[a-z_]+)`/gm)].map(([, type]) => type);
    expect(named.filter((type) => !types.includes(type ?? ""))).toEqual([]);
    expect(inOrder.filter((type) => !named.includes(type))).toEqual([]);
  }, 60_000);
});

/** The run as it was, for docs/first-order.md: answers and events, word for word. */
async function shown(answers: [string, unknown][], events: Leaf[]): Promise<void> {
  await mkdir(fromRoot("artifacts"), { recursive: true });
  const text = [
    ...answers.map(([tool, answer]) => `${tool}\n${JSON.stringify(answer, null, 2)}`),
    ...events.map(({ type, meta }) => `${type} ${JSON.stringify(meta)}`),
  ];
  await writeFile(fromRoot("artifacts/first-order.txt"), `${text.join("\n\n")}\n`);
}
