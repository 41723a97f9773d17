import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { expect, it } from "vitest";
import { deskRig } from "../../../test/support/order-desk.ts";
import type { ToolCall } from "../rpc/account-types.ts";
import { runToolCall } from "./tool-call.ts";

it("a cancel and a kill pass when the client's calls are used up; nothing else does", async () => {
  const rig = deskRig(() => {
    throw new Error("nothing is asked of the sidecar");
  });
  const ran: string[] = [];
  const call = (operation: ToolCall["operation"]): ToolCall => ({
    tool: "t",
    operation,
    input: { account_id: "DU1234567" },
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
        runTool: async (_asker, { operation: name }) => {
          ran.push(name);
          return { ok: true, result: {} };
        },
      },
      standing: () => ({
        ok: true,
        standing: { scopes: ["ibkr:orders:preview"], accounts: null, readOnlyUntilMs: 0 },
      }),
      brokerAccounts: async () => [],
      budget: () => failure("RATE_LIMITED", "Too many calls."),
      audit: () => 1,
      link: () => "https://gateway.example/clients/access?id=client-1",
      accountHash: () => "0".repeat(64),
      now: () => rig.clock.now,
      gone: new AbortController().signal,
    });
  expect(await run("trade.cancel")).toMatchObject({ ok: true });
  expect(await run("trade.kill")).toMatchObject({ ok: true });
  expect(await run("trade.submit")).toMatchObject({ ok: false, failure: { code: "RATE_LIMITED" } });
  expect(ran).toEqual(["trade.cancel", "trade.kill"]);
});

it("an order without an account is about the only one there is, and is refused among several", async () => {
  const rig = deskRig(() => {
    throw new Error("nothing is asked of the sidecar");
  });
  const asked: unknown[] = [];
  let granted: string[] | null = null;
  const run = (accounts: readonly string[], meanwhile: string[] | null = null) =>
    runToolCall(
      {
        tool: "ibkr_paper_order_cancel",
        operation: "trade.cancel",
        input: { order_id: "1" },
        scope: "ibkr:orders:paper:cancel",
        principal: { accountId: "a", clientId: "c", grantId: "g", scopes: [] },
        requestId: "r",
        deadlineMs: 1_000,
      },
      {
        sql: rig.parts.storage.sql,
        relay: rig.parts.relay,
        orders: {
          runTool: async (_asker, { input }) => {
            asked.push(input);
            return { ok: true, result: { account_id: input.account_id ?? null } };
          },
        },
        standing: () => ({
          ok: true,
          standing: { scopes: [], accounts: granted, readOnlyUntilMs: 0 },
        }),
        link: () => "https://gateway.example/clients/access?id=c",
        brokerAccounts: async () => {
          granted = meanwhile;
          return accounts.map((accountId) => ({ accountId, mode: "paper" as const }));
        },
        budget: () => null,
        audit: () => 1,
        accountHash: () => "0".repeat(64),
        now: () => rig.clock.now,
        gone: new AbortController().signal,
      },
    );
  expect(await run(["DU1234567"])).toMatchObject({ result: { account_id: "DU1234567" } });
  expect(await run(["DU1234567", "DU7654321"])).toMatchObject({
    failure: { code: "INPUT_AMBIGUOUS_ACCOUNT" },
  });
  expect(await run([])).toMatchObject({ ok: false });
  // The owner took this account back while the list was on its way.
  expect(await run(["DU1234567"], ["DU7654321"])).toMatchObject({
    failure: { code: "INPUT_UNAUTHORIZED_ACCOUNT" },
  });
  expect(asked).toEqual([{ order_id: "1", account_id: "DU1234567" }]);
});

it("a cancel without an account is about that of our order with the number, and waits for no read", async () => {
  const rig = deskRig(() => {
    throw new Error("nothing is asked of the sidecar");
  });
  const asked: unknown[] = [];
  let accounts: string[] | null = null;
  const run = (order_id: string) =>
    runToolCall(
      {
        tool: "ibkr_paper_order_cancel",
        operation: "trade.cancel",
        input: { order_id, mode: "paper" },
        scope: "ibkr:orders:paper:cancel",
        principal: { accountId: "a", clientId: "c", grantId: "g", scopes: [] },
        requestId: "r",
        deadlineMs: 1_000,
      },
      {
        sql: rig.parts.storage.sql,
        relay: rig.parts.relay,
        orders: {
          runTool: async (_asker, { input }) => {
            asked.push(input.account_id);
            return { ok: true, result: { account_id: input.account_id ?? null } };
          },
        },
        standing: () => ({ ok: true, standing: { scopes: [], accounts, readOnlyUntilMs: 0 } }),
        link: () => "https://gateway.example/clients/access?id=c",
        brokerAccounts: async () => failure("BROKER_BACKEND_UNAVAILABLE", "It does not answer."),
        budget: () => null,
        audit: () => 1,
        accountHash: () => "0".repeat(64),
        now: () => rig.clock.now,
        gone: new AbortController().signal,
      },
    );
  const ref = (n: number) => `ieg1-${String(n).padStart(32, "0")}`;
  rig.working(ref(1), "501");
  rig.working(ref(2), "502", { broker_account: "DU7654321" });
  rig.working(ref(3), "503");
  rig.working(ref(4), "503", { broker_account: "DU7654321" });
  expect(await run("501")).toMatchObject({ result: { account_id: "DU1234567" } });
  expect(await run("502")).toMatchObject({ result: { account_id: "DU7654321" } });
  // Not known here, or in more than one account: then the PC is asked.
  expect(await run("50")).toMatchObject({ failure: { code: "BROKER_BACKEND_UNAVAILABLE" } });
  expect(await run("503")).toMatchObject({ failure: { code: "BROKER_BACKEND_UNAVAILABLE" } });
  accounts = ["DU1234567", "DU7654321"];
  expect(await run("502")).toMatchObject({ result: { account_id: "DU7654321" } });
  accounts = ["DU1234567"];
  expect(await run("502")).toMatchObject({ failure: { code: "INPUT_UNAUTHORIZED_ACCOUNT" } });
  expect(asked).toEqual(["DU1234567", "DU7654321", "DU7654321"]);
});

it("what is asked of the PC for its effect is written down before it begins, and a read once", async () => {
  const noted: string[] = [];
  const rig = deskRig(() => {
    noted.push("asked");
    return { ok: false, code: "UNAVAILABLE", message: "gone", retryable: true, outcome: "unknown" };
  });
  const run = (operation: ToolCall["operation"]) =>
    runToolCall(
      {
        tool: "t",
        operation,
        input: {},
        scope: "ibkr:health:read",
        principal: { accountId: "a", clientId: "c", grantId: "g", scopes: [] },
        requestId: "r",
        deadlineMs: 1_000,
      },
      {
        sql: rig.parts.storage.sql,
        relay: rig.parts.relay,
        orders: { runTool: () => Promise.reject(new Error("not an order")) },
        standing: () => ({
          ok: true,
          standing: { scopes: [], accounts: null, readOnlyUntilMs: 0 },
        }),
        brokerAccounts: async () => [],
        budget: () => null,
        audit: ({ type }) => noted.push(type),
        link: () => "",
        accountHash: () => "0".repeat(64),
        now: () => rig.clock.now,
        gone: new AbortController().signal,
      },
    );
  await run("session.renew");
  expect(noted).toEqual(["act.begun", "asked", "tool.call"]);
  noted.length = 0;
  await run("scanner.codes");
  expect(noted).toEqual(["asked", "tool.call"]);
});
