import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
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
import { AGENT_SCOPES, AWAY, LIMIT_BUY } from "../../../../test/support/owner-world.ts";
import { createOrderService } from "../order-service.ts";
import { pendingApprovals } from "../tables/approvals.ts";
import { policyInForce } from "../tables/policies.ts";
import { changePolicy } from "../transactions/policy-transaction.ts";

/** What the owner is told stands in the way, of an order asked before the policy was changed. */
async function afterPolicyChange(
  kind: "entry" | "exit",
  pcInUse: string | null = null,
): Promise<string[]> {
  const order = anOrder({ legs: [aLeg({ side: kind === "exit" ? "SELL" : "BUY" })] });
  const rig = deskRig((job, { clock }) => {
    if (job.operation !== "order.preview") return AWAY;
    const told = previewed(order, clock.now);
    if (!told.ok) return told;
    const answer = orderPreview.output.parse(told.result);
    if (answer.outcome !== "ticket") return told;
    const position = kind === "exit" ? "5" : "0";
    const at = new Date(clock.now).toISOString();
    const effect = { kind, position, working_same_side: "0", at };
    return settled({ ...answer, facts: { ...answer.facts, effect } });
  });
  admit(rig, "client-1", AGENT_SCOPES);
  const desk = createOrderService(rig.parts);
  const asker = { clientId: "client-1", scopes: AGENT_SCOPES, requestId: "r" };
  const shown = await desk.runTool(asker, {
    operation: "trade.preview",
    input: {
      ...{ ...LIMIT_BUY, account_id: ACCOUNT, limit_price: "187.25" },
      side: kind === "exit" ? "SELL" : "BUY",
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
