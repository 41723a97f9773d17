import { intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { describe, expect, it } from "vitest";
import { START_MS } from "../../../../test/support/intent-record.ts";
import { aTicket, NOW } from "../../../../test/support/orders.ts";
import { ticketFaults } from "./ticket-faults.ts";

const rulesOf = (refusals: { rule: string }[]) => refusals.map(({ rule }) => rule);

describe("the ticket of an approval", () => {
  const parts = { gatewayAccountId: "acc_7d3f", sidecarId: "sc_1b2c" };
  const preview = { ticket: aTicket(), generation: 4, echo: null, madeAt: START_MS, usage: null };
  const approval = {
    preview_id: "pv_1",
    policy_version: 1,
    policy_hash: "a".repeat(64),
    accepted_warnings: [],
    nonce: "0123456789abcdef0123456789abcdef",
    not_after: NOW,
  };
  const own = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: parts.gatewayAccountId,
    sidecar_id: parts.sidecarId,
    generation: preview.generation,
    ...approval,
  });
  const input = {
    account_id: "DU1234567",
    mode: "paper" as const,
    coid: own.coid,
    intent_hash: intentHash(own),
    approval,
  };

  it("is this PC's own, and the intent the one that it computes", () => {
    expect(ticketFaults(parts, preview, input, "place")).toEqual([]);
    expect(rulesOf(ticketFaults(parts, null, input, "place"))).toEqual(["own_preview"]);
    for (const [over, rule] of [
      [{ account_id: "DU7654321" }, "account_of_ticket"],
      [{ mode: "live" as const }, "mode_of_ticket"],
      [{ coid: `${own.coid}x` }, "own_intent"],
      [{ intent_hash: "b".repeat(64) }, "own_intent"],
      [{ approval: { ...approval, nonce: "f".repeat(32) } }, "own_intent"],
    ] as const) {
      expect(rulesOf(ticketFaults(parts, preview, { ...input, ...over }, "place"))).toEqual([rule]);
    }
    expect(rulesOf(ticketFaults(parts, preview, input, "modify"))).toEqual(["action_of_ticket"]);
  });
});
