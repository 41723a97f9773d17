import { expect, it } from "vitest";
import { failure } from "../../src/protocol/errors.ts";
import { deskRig } from "../../test/support/order-desk.ts";
import type { ToolCall } from "./rpc.ts";
import { runToolCall } from "./tool-call.ts";

it("a cancel and a kill pass when the client's calls are used up; nothing else does", async () => {
  const rig = deskRig(() => {
    throw new Error("nothing is asked of the sidecar");
  });
  const ran: string[] = [];
  const call = (operation: ToolCall["operation"]): ToolCall => ({
    tool: "t",
    operation,
    input: {},
    scope: "ibkr:orders:preview",
    principal: {
      accountId: "acc_7d3f",
      clientId: "client-1",
      grantId: "g",
      scopes: ["ibkr:orders:preview"],
    },
    requestId: "r",
    deadlineMs: 1_000,
  });
  const run = async (operation: ToolCall["operation"]) =>
    runToolCall(call(operation), {
      sql: rig.parts.storage.sql,
      relay: rig.parts.relay,
      orders: {
        run: async (_asker, { operation: name }) => {
          ran.push(name);
          return { ok: true, result: {} };
        },
      },
      standing: () => ({
        ok: true,
        standing: { scopes: ["ibkr:orders:preview"], accounts: null },
      }),
      budget: () => failure("RATE_LIMITED", "Too many calls."),
      audit: () => 1,
      accountHash: () => "0".repeat(64),
      now: () => rig.clock.now,
    });
  expect(await run("trade.cancel")).toMatchObject({ ok: true });
  expect(await run("trade.kill")).toMatchObject({ ok: true });
  expect(await run("trade.submit")).toMatchObject({ ok: false, failure: { code: "RATE_LIMITED" } });
  expect(ran).toEqual(["trade.cancel", "trade.kill"]);
});
