import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ToolCall } from "./call.ts";
import { IbkrError } from "./errors.ts";
import { orderRecords } from "./order-record.ts";
import { ordersOver } from "./orders.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-orders-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What happens to one call on its way. */
type Fate = "passes" | "dies_before" | "dies_after" | "cut_before" | "cut_after";

class Died extends Error {}

/** A gateway as far as one order goes: one key makes one order, one preview is asked about once. */
function scripted(fates: readonly Fate[]) {
  const state = { submits: 0, orders: 0, previews: 0, approvals: new Map<string, string>() };
  let at = 0;
  const status = (approval_id: string) => ({
    account_id: "DU1",
    approval: { approval_id, state: state.orders > 0 ? "consumed" : "approved" },
    order: state.orders > 0 ? { order_ref: "ref-1", state: "working", action: "place" } : null,
  });
  const answers: Record<string, (input: Record<string, string>) => unknown> = {
    ibkr_order_preview: () => ({
      account_id: "DU1",
      preview: { preview_id: `pv_${++state.previews}`, mode: "paper", in_words: "Buy 1" },
      refusals: [],
    }),
    ibkr_approvals_create: ({ preview_id = "" }) => {
      const approval_id = state.approvals.get(preview_id) ?? `ap_${preview_id}`;
      state.approvals.set(preview_id, approval_id);
      return { ...status(approval_id), refusals: [] };
    },
    ibkr_approval_status: ({ approval_id = "" }) => status(approval_id),
    ibkr_paper_order_submit: ({ approval_id = "" }) => {
      state.submits += 1;
      state.orders = 1;
      return { ...status(approval_id), outcome: "answered", replayed: state.submits > 1 };
    },
  };
  const cut = (tool: string) =>
    new IbkrError("GATEWAY_UNREACHABLE", "cut", {
      retryable: true,
      outcome: tool.includes("submit") ? "unknown" : "not_done",
    });
  const call = (async (tool: string, input: Record<string, string>) => {
    const fate = fates[at++] ?? "passes";
    if (fate === "dies_before") throw new Died();
    if (fate === "cut_before") throw cut(tool);
    const answer = answers[tool]?.(input);
    if (fate === "dies_after") throw new Died();
    if (fate === "cut_after") throw cut(tool);
    return answer;
    // The answers hold what the orders look at.
  }) as unknown as ToolCall;
  return { call, state };
}

const PACE = { pauseMs: 1, lookMs: 20 };
let serial = 0;
const ORDER = {
  conid: 1,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  limit_price: "1",
} as const;

describe("an order on a way that breaks anywhere", () => {
  it("is known in the end, by its key alone, and was never made twice", async () => {
    const broken = ["dies_before", "dies_after", "cut_before", "cut_after"] as const;
    const fate = fc.oneof(
      { weight: 6, arbitrary: fc.constant<Fate>("passes") },
      { weight: 2, arbitrary: fc.constantFrom<Fate>(...broken) },
    );
    // Each break at each call of the way, alone and then a second one at the call that follows.
    const each = [0, 1, 2, 3].flatMap((before) =>
      broken.flatMap((first) => {
        const ways: Fate[] = [...Array<Fate>(before).fill("passes"), first];
        return [[ways], ...broken.map((second): [Fate[]] => [[...ways, second]])] as [Fate[]][];
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 9 }), async (fates) => {
        const key = `model-order-${++serial}`;
        const { call, state } = scripted(fates);
        const gateway = "http://gateway.example/mcp";
        const parts = () => ({ call, records: orderRecords(folder, gateway), gateway, ...PACE });
        const options = { idempotencyKey: key, followMs: 50 };
        let result = await ordersOver(parts())
          .place(ORDER, options)
          .catch((error) => error);
        for (let tries = 0; tries < 12 && result.outcome !== "known"; tries += 1) {
          result = await ordersOver(parts())
            .resume(key, options)
            .catch((error) => error);
        }
        expect(result).toMatchObject({ outcome: "known", order: { order_ref: "ref-1" } });
        expect([state.orders, state.submits]).toEqual([1, 1]);
      }),
      { numRuns: each.length + 60, examples: each },
    );
  }, 60_000);

  it("is sent once by one caller, whatever came back of that", async () => {
    for (const fate of ["cut_before", "cut_after"] as const) {
      const { call, state } = scripted(["passes", "passes", "passes", fate]);
      const gateway = "http://gateway.example/mcp";
      const orders = ordersOver({ call, records: orderRecords(folder, gateway), gateway, ...PACE });
      const idempotencyKey = `cut-order-${++serial}`;
      const { outcome } = await orders.place(ORDER, { idempotencyKey, followMs: 20 });
      expect(outcome).toBe(fate === "cut_after" ? "known" : "unknown");
      expect(state.submits).toBe(fate === "cut_after" ? 1 : 0);
    }
  });
});
