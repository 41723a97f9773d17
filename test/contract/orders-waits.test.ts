import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENT_WAITS_MAX } from "../../durable-objects/account/orders/agent/change-waits.ts";
import { CLIENT_META, LEGACY, MODERN } from "../support/mcp.ts";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/**
 * Calls that wait for a change, through the real Worker and object: answered with the change, told
 * of the time that passes, bounded in number, and gone with whoever made them.
 */
let chain: OrderChain;
let approvalId: string;
beforeAll(async () => {
  chain = await startOrderChain();
  chain.sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  chain.sim.control.change({ questions: { enabled: false } });
  approvalId = await ask("179");
}, 240_000);
afterAll(() => chain?.close());

async function ask(limit_price: string): Promise<string> {
  const { agent, broker } = chain;
  const { preview } = await agent.call("ibkr_order_preview", small(broker, { limit_price }));
  const { approval } = await agent.call("ibkr_approvals_create", {
    account_id: broker,
    preview_id: preview.preview_id,
  });
  return approval.approval_id;
}

/** One call in either era, with a progress token; what came on its stream, in order. */
async function call(era: "modern" | "legacy", name: string, args: object, signal?: AbortSignal) {
  const token = { progressToken: "p-1" };
  const startedAt = performance.now();
  const response = await fetch(`${chain.gateway.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${chain.agent.token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": era === "modern" ? MODERN : LEGACY,
      ...(era === "modern" ? { "mcp-method": "tools/call", "mcp-name": name } : {}),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 7,
      method: "tools/call",
      params: {
        name,
        arguments: { account_id: chain.broker, ...args },
        _meta: era === "modern" ? { ...CLIENT_META, ...token } : token,
      },
    }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const messages = text.startsWith("{")
    ? [JSON.parse(text)]
    : [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ""));
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    progress: messages.filter(({ method }) => method === "notifications/progress"),
    result: messages.find(({ id }) => id === 7)?.result,
  };
}

/**
 * The same by a socket of its own, without a progress token: nothing is written to it meanwhile. Such
 * a socket has to be reset to be noticed: of one that is only closed workerd hears with its next write,
 * since HTTP/1.1 lets a client close its own half.
 */
function silently(era: "modern" | "legacy", name: string, args: object): Socket {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 7,
    method: "tools/call",
    params: {
      name,
      arguments: { account_id: chain.broker, ...args },
      ...(era === "modern" ? { _meta: CLIENT_META } : {}),
    },
  });
  const { hostname, port, host } = new URL(chain.gateway.url);
  const socket = connect(Number(port), hostname);
  const lines = [
    "POST /mcp HTTP/1.1",
    `host: ${host}`,
    `authorization: Bearer ${chain.agent.token}`,
    "content-type: application/json",
    "accept: application/json, text/event-stream",
    `mcp-protocol-version: ${era === "modern" ? MODERN : LEGACY}`,
    ...(era === "modern" ? ["mcp-method: tools/call", `mcp-name: ${name}`] : []),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.on("error", () => undefined);
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  return socket;
}

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("wait_seconds", () => {
  it.each(["modern", "legacy"] as const)(
    "%s: answers with the time where nothing changes, and tells of its passing",
    async (era) => {
      const told = await call(era, "ibkr_approval_status", {
        approval_id: approvalId,
        wait_seconds: 3,
      });
      expect(told.result.structuredContent.approval.state).toBe("pending");
      expect(told.seconds).toBeGreaterThanOrEqual(3);
      expect(told.progress.length).toBeGreaterThan(0);
      expect(told.progress[0].params).toMatchObject({ progressToken: "p-1", total: 3 });
    },
    30_000,
  );

  it.each(["modern", "legacy"] as const)(
    "%s: a caller that hangs up gives its place back at once, though nothing was told on the way",
    async (era) => {
      const wanted = { approval_id: approvalId, wait_seconds: 1 };
      const fifth = async () => {
        const { result } = await call("modern", "ibkr_approval_status", wanted);
        return result.structuredContent.message ?? "answered";
      };
      const held = Array.from({ length: CLIENT_WAITS_MAX }, () =>
        silently(era, "ibkr_approval_status", { approval_id: approvalId, wait_seconds: 50 }),
      );
      // All four hold their places before a fifth asks for one.
      await soon(1_500);
      expect(await fifth()).toContain("Too many calls wait");
      // Well before the end of the piece of ten seconds that each of them waits.
      const goneAt = performance.now();
      held[0]?.resetAndDestroy();
      await expect.poll(fifth, { timeout: 6_000, interval: 200 }).toBe("answered");
      expect(performance.now() - goneAt).toBeLessThan(6_000);
      for (const socket of held) socket.resetAndDestroy();
      // All four, not one: four others wait in their places.
      await soon(1_000);
      const others = await Promise.all(Array.from({ length: CLIENT_WAITS_MAX }, fifth));
      expect(new Set(others)).toEqual(new Set(["answered"]));
    },
    60_000,
  );

  it("has four places a client, gives the place of one who is gone free, and stops no cancel", async () => {
    const gone = new AbortController();
    const waits = Array.from({ length: CLIENT_WAITS_MAX }, (_, n) =>
      call(
        "modern",
        "ibkr_approval_status",
        { approval_id: approvalId, wait_seconds: 50 },
        n === 0 ? gone.signal : undefined,
      ).catch(() => null),
    );
    await soon(1_500);
    const wanted = { approval_id: approvalId, wait_seconds: 1 };
    const fifth = await call("modern", "ibkr_approval_status", wanted);
    expect(fifth.result).toMatchObject({
      isError: true,
      structuredContent: { code: "RATE_LIMITED" },
    });
    // Whoever does not wait is answered as ever; so is what makes a risk smaller.
    const { state } = (
      await chain.agent.call("ibkr_approval_status", {
        account_id: chain.broker,
        approval_id: approvalId,
      })
    ).approval;
    expect(state).toBe("pending");
    const cancel = await call("modern", "ibkr_paper_order_cancel", {
      order_id: "1",
      idempotency_key: "cancel-while-waiting",
    });
    expect(cancel.seconds).toBeLessThan(5);

    gone.abort();
    expect(await waits[0]).toBeNull();
    await expect
      .poll(
        async () => {
          const { result } = await call("modern", "ibkr_approval_status", wanted);
          return result.structuredContent.message ?? "answered";
        },
        { timeout: 20_000, interval: 1_000 },
      )
      .toBe("answered");

    // The owner's yes answers all who still wait, at once.
    const pressedAt = performance.now();
    expect((await chain.approve(approvalId)).status).toBe(303);
    const ends = await Promise.all(waits.slice(1));
    expect(performance.now() - pressedAt).toBeLessThan(10_000);
    for (const end of ends) {
      expect(end?.result.structuredContent.approval.state).toBe("approved");
      expect(end?.seconds).toBeLessThan(50);
    }
  }, 90_000);

  it("stays with an order from its submit to its fill, by approval and by the broker's number", async () => {
    const submitted = await chain.agent.call("ibkr_paper_order_submit", {
      account_id: chain.broker,
      approval_id: approvalId,
      idempotency_key: "waited-for-0001",
    });
    const { order_id } = submitted.order.orders[0];
    await expect
      .poll(
        async () =>
          (
            await chain.agent.call("ibkr_approval_status", {
              account_id: chain.broker,
              approval_id: approvalId,
            })
          ).order.state,
        { timeout: 20_000 },
      )
      .toBe("working");
    const both = Promise.all([
      call("modern", "ibkr_approval_status", { approval_id: approvalId, wait_seconds: 40 }),
      call("legacy", "ibkr_order_status", { order_id, wait_seconds: 40 }),
    ]);
    await soon(2_000);
    chain.sim.control.fillOrder(Number(order_id));
    const [byApproval, byNumber] = await both;
    expect(byApproval.result.structuredContent.order.state).toBe("filled");
    expect(byNumber.result.structuredContent.order.status).toBe("filled");
    expect(Math.max(byApproval.seconds, byNumber.seconds)).toBeLessThan(35);
    // Nothing can change any more: no wait.
    const after = await call("modern", "ibkr_approval_status", {
      approval_id: approvalId,
      wait_seconds: 50,
    });
    expect(after.seconds).toBeLessThan(10);
  }, 90_000);
});
