import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { describe, expect, it } from "vitest";
import {
  ACCOUNT,
  admit,
  deskRig,
  previewed,
  settled,
} from "../../../../test/support/order-desk.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { ownerVerbs } from "../../../../test/support/owner-verbs.ts";
import { createOrderService } from "../order-service.ts";
import { pendingApprovals } from "../tables/approvals.ts";
import { policyInForce } from "../tables/policies.ts";
import { changePolicy } from "../transactions/change-policy.ts";

const NO_QUOTE: JobSettlement = {
  ok: false,
  code: "UNAVAILABLE",
  message: "no quote now",
  retryable: true,
  outcome: "not_executed",
};

/** What the owner is told stands in the way, of an order asked before the policy was changed. */
async function afterPolicyChange(
  kind: "entry" | "exit",
  pcInUse: string | null = null,
): Promise<string[]> {
  const scopes = [
    "ibkr:orders:preview",
    "ibkr:approvals:create",
    "ibkr:orders:paper:submit",
  ] as const;
  const order = anOrder({ legs: [aLeg({ side: kind === "exit" ? "SELL" : "BUY" })] });
  const rig = deskRig((job, { clock }) => {
    if (job.operation !== "order.preview") return NO_QUOTE;
    const told = previewed(order, clock.now);
    if (!told.ok) return told;
    const answer = orderPreview.output.parse(told.result);
    if (answer.outcome !== "ticket") return told;
    const position = kind === "exit" ? "5" : "0";
    const at = new Date(clock.now).toISOString();
    const effect = { kind, position, working_same_side: "0", at };
    return settled({ ...answer, facts: { ...answer.facts, effect } });
  });
  admit(rig, "client-1", scopes);
  const desk = createOrderService(rig.parts);
  const asker = { clientId: "client-1", scopes, requestId: "r" };
  const shown = await desk.runTool(asker, {
    operation: "trade.preview",
    input: {
      account_id: ACCOUNT,
      conid: 265598,
      side: kind === "exit" ? "SELL" : "BUY",
      order_type: "LMT",
      quantity: "1",
      limit_price: "187.25",
      time_in_force: "DAY",
      outside_rth: false,
      reduce_only: false,
    },
  });
  const preview_id = shown.ok
    ? JSON.parse(JSON.stringify(shown.result)).preview.preview_id
    : "none";
  await desk.runTool(asker, { operation: "trade.ask", input: { account_id: ACCOUNT, preview_id } });
  const { sql } = rig.parts.storage;
  const [asked] = pendingApprovals(sql, rig.clock.now);
  if (asked === undefined) throw new Error("nothing was asked");
  const document = defaultPolicy(ACCOUNT, "paper");
  document.order.max_notional = "1999";
  const basedOn = policyInForce(sql, ACCOUNT, rig.clock.now)?.hash ?? null;
  changePolicy(sql, { document, basedOn, signed: false }, rig.clock.now);
  if (pcInUse !== null) rig.presence.sidecarId = pcInUse;
  const view = await ownerVerbs(rig, { orders: desk }).orders.approvalView(asked.approvalId);
  return view?.standsInTheWay ?? ["no view"];
}

describe("a request that another PC prepared than the one in use", () => {
  it.each(["entry", "exit"] as const)(
    "is said to be so before the passkey: an %s",
    async (kind) => {
      const told = await afterPolicyChange(kind, "sc_another");
      expect(told).toEqual([expect.stringContaining("Another PC is in use")]);
    },
  );
});

describe("a policy that changed while the owner was asked", () => {
  it("stands in the way of an entry", async () => {
    expect(await afterPolicyChange("entry")).toEqual([
      "The policy has changed since the agent asked.",
    ]);
  });

  it("does not stand in the way of an exit", async () => {
    expect(await afterPolicyChange("exit")).toEqual([]);
  });
});
