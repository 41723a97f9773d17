import { expect, it } from "vitest";
import { deskRig, settled } from "../../../test/support/order-desk.ts";
import { exportsUnderWay } from "../audit/exports-under-way.ts";
import { runningCalls } from "../calls/running-calls.ts";
import { callBudget } from "../clients/rate-limit.ts";
import { stepUps } from "../clients/step-ups.ts";
import { changeWaits } from "../orders/agent/change-waits.ts";
import { createOrderService } from "../orders/order-service.ts";
import { AgentAccount } from "./agent.ts";

it("makes nothing anew of an account that was deleted, while its token is still taken somewhere", async () => {
  const rig = deskRig(() => settled({}));
  const { relay, accountId, origin, now } = rig.parts;
  const touched: string[] = [];
  const parts = {
    ...{ accountId, origin, relay, now, clientUse: new Map() },
    party: { id: new URL(origin).hostname, origin },
    get sql() {
      touched.push("tables");
      return rig.parts.storage.sql;
    },
    hasTables: () => false,
    orders: createOrderService(rig.parts),
    audit: () => touched.push("log"),
    exportsUnderWay: exportsUnderWay(now),
    announceKeys: () => undefined,
    wakeAt: () => undefined,
    pruneSoon: () => undefined,
  };
  const calls = {
    budget: callBudget({}),
    stepUps: stepUps(now),
    waits: changeWaits(),
    running: runningCalls(),
    accountHash: () => "",
    analytics: undefined,
  };
  const principal = {
    ...{ accountId, clientId: "client-1", clientName: "An agent", grantId: "g-1" },
    scopes: ["ibkr:positions:read"],
  };
  const agent = new AgentAccount(parts, calls, principal);
  const call = { tool: "ibkr_health", requestId: "r-1", input: {} };
  const health = { ...call, operation: "gateway.health", scope: null, deadlineMs: 1_000 };
  expect(await agent.run(health)).toMatchObject({ ok: false, audit_seq: 0 });
  const refused = await agent.run(health);
  const failure = refused.ok ? null : refused.failure;
  if (failure === null) throw new Error("it was refused");
  expect(agent.refuse({ ...call, decision: "deny", failure })).toEqual({
    audit_seq: 0,
    again: false,
  });
  expect(await agent.untilChange({ scope: null, afterSeq: 0, ms: 1_000 })).toBe("changed");
  expect(agent.scopesLeft()).toBeNull();
  expect(touched).toEqual([]);
});
