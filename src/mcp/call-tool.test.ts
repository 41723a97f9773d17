import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { describe, expect, it, vi } from "vitest";
import type { ToolOutcome } from "../../durable-objects/account/rpc/account-types.ts";
import { answers, auditLog, scripted } from "../../test/support/scripted-exchange.ts";
import { callTool } from "./call-tool.ts";

const HEALTH = { gateway: "ok", sidecar: "online", checked_at: "2026-11-20T09:00:00.000Z" };

describe("calling a tool", () => {
  it("asks the account once, and shows the answer as structure and as text", async () => {
    const { exchange, runs, refusals } = answers(HEALTH);
    const result = await callTool(exchange, "ibkr_health", {});
    expect(result.structuredContent).toEqual(HEALTH);
    expect(result.content[0]?.text).toBe("Gateway health: answered.");
    expect(JSON.parse(result.content[1]?.text ?? "")).toEqual(HEALTH);
    expect(result.isError).toBeUndefined();
    expect(runs).toEqual([
      {
        tool: "ibkr_health",
        operation: "gateway.health",
        input: {},
        scope: "ibkr:health:read",
        requestId: "req_1",
        deadlineMs: 2_000,
      },
    ]);
    expect(refusals).toEqual([]);
  });

  it("gives a failure's code, words and next step, and nothing else", async () => {
    const offline = failure("SIDECAR_UNAVAILABLE", "Your PC is not connected.", {
      retryable: true,
      user_action: "Start the sidecar on your PC.",
      retry_after_ms: 5_001,
    });
    const { exchange } = scripted(() => ({ ok: false, failure: offline, audit_seq: 1 }));
    const result = await callTool(exchange, "ibkr_accounts_list", {});
    const shown = {
      ...offline,
      retry_after_seconds: 6,
      next_step: "Wait 6 s, then call ibkr_accounts_list again with the same arguments.",
    };
    expect(result.structuredContent).toEqual(shown);
    expect(result.isError).toBe(true);
    expect(result.content[0]?.text).toBe(
      `${offline.message}\nFor the owner: ${offline.user_action}\n${shown.next_step}`,
    );
    expect(JSON.parse(result.content[1]?.text ?? "")).toEqual(shown);
    expect(exchange.retryAfterSeconds).toBe(6);
  });

  it("names no time to wait where none is known", async () => {
    const gone = failure("NOT_FOUND", "There is no such order.");
    const { exchange } = scripted(() => ({ ok: false, failure: gone, audit_seq: 1 }));
    const result = await callTool(exchange, "ibkr_accounts_list", {});
    expect(result.structuredContent).toMatchObject(gone);
    expect(result.structuredContent).not.toHaveProperty("retry_after_seconds");
    expect(exchange.retryAfterSeconds).toBeUndefined();
  });

  it("does not show an answer that has not the form it must have", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { exchange } = answers({ ...HEALTH, sidecar: "U1234567" });
    const result = await callTool(exchange, "ibkr_health", {});
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { code: "BROKER_RESPONSE_INVALID" },
    });
    expect(JSON.stringify(result)).not.toContain("U1234567");
    expect(String(error.mock.calls)).toContain("mcp.answer_refused");
    expect(String(error.mock.calls)).not.toContain("U1234567");
    error.mockRestore();
  });

  it("says when the account could not be asked, without saying why", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { exchange } = scripted(() => {
      throw Object.assign(new Error("internal: /srv/secret"), { retryable: true });
    });
    const result = await callTool(exchange, "ibkr_health", {});
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { code: "INTERNAL", retryable: true },
    });
    expect(JSON.stringify(result)).not.toContain("secret");
    error.mockRestore();
  });

  it("answers by itself when the account never does", async () => {
    vi.useFakeTimers();
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    try {
      const { exchange } = scripted(() => new Promise<ToolOutcome>(() => undefined));
      const calling = callTool(exchange, "ibkr_health", {});
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await calling).toMatchObject({
        isError: true,
        structuredContent: { code: "DEADLINE_EXCEEDED", retryable: true },
      });
    } finally {
      vi.useRealTimers();
      error.mockRestore();
    }
  });
});

describe("what is refused is noted, and nothing is asked", () => {
  it("arguments that were not understood", async () => {
    const { exchange, runs, refusals } = answers(HEALTH);
    const result = await callTool(exchange, "ibkr_health", { verbose: true });
    expect(result).toMatchObject({ isError: true, structuredContent: { code: "INPUT_INVALID" } });
    expect(runs).toEqual([]);
    expect(refusals).toMatchObject([
      { tool: "ibkr_health", decision: "refuse", input: { verbose: true } },
    ]);
  });

  it("a scope that was not granted", async () => {
    const { exchange, runs, refusals } = answers(HEALTH);
    const result = await callTool({ ...exchange, granted: new Set() }, "ibkr_health", {});
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { code: "AUTH_MISSING_SCOPE" },
    });
    expect(runs).toEqual([]);
    expect(refusals).toMatchObject([{ decision: "deny" }]);
  });

  it.each([
    "ibkr_order_intent_validate",
    "ibkr_order_preview_explain",
    "ibkr_order_submit",
    "ibkr_order_cancel",
    "ibkr_order_modify",
    "ibkr_order_approve",
  ])("the forbidden name %s", async (name) => {
    const { exchange, runs, refusals } = answers(HEALTH);
    const result = await callTool(exchange, name, { symbol: "AAPL" });
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { code: "READONLY_WRITE_FORBIDDEN", retryable: false },
    });
    expect(runs).toEqual([]);
    expect(refusals).toMatchObject([{ tool: name, decision: "refuse", input: { symbol: "AAPL" } }]);
  });

  it("a tool that does not exist", async () => {
    const { exchange, runs, refusals } = answers(HEALTH);
    await expect(callTool(exchange, "please buy AAPL", {})).rejects.toMatchObject({ code: -32602 });
    expect(runs).toEqual([]);
    expect(refusals).toMatchObject([{ tool: "(not a tool name)", failure: { code: "NOT_FOUND" } }]);
  });

  it("and the refusal stands when it cannot be noted", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { exchange, runs } = answers(HEALTH);
    const agent = exchange.agent();
    exchange.agent = () => ({ ...agent, refuse: () => Promise.reject(new Error("storage")) });
    const result = await callTool(exchange, "ibkr_order_submit", {});
    expect(result).toMatchObject({ isError: true });
    expect(runs).toEqual([]);
    error.mockRestore();
  });
});

describe("pages", () => {
  it("follow one another to the end without gap or repetition", async () => {
    const { exchange } = auditLog(7);
    const seen: number[] = [];
    let cursor: unknown;
    do {
      const result = await callTool(exchange, "ibkr_audit_tail", {
        limit: 3,
        ...(typeof cursor === "string" ? { cursor } : {}),
      });
      const { records, next_cursor } = result.structuredContent;
      if (Array.isArray(records)) seen.push(...records.map(({ seq }) => seq));
      cursor = next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it("are not continued with a cursor of another question, another account, or nobody's", async () => {
    const { exchange, runs, refusals } = auditLog(7);
    const { structuredContent } = await callTool(exchange, "ibkr_audit_tail", { limit: 3 });
    const cursor = String(structuredContent.next_cursor);
    const stranger = { ...exchange, principal: { ...exchange.principal, accountId: "acct_2" } };
    runs.length = 0;
    for (const [who, args] of [
      [exchange, { limit: 4, cursor }],
      [stranger, { limit: 3, cursor }],
      [exchange, { limit: 3, cursor: "7.zz.forged" }],
    ] as const) {
      await expect(callTool(who, "ibkr_audit_tail", args)).rejects.toMatchObject({ code: -32602 });
    }
    expect(runs).toEqual([]);
    expect(refusals).toHaveLength(3);
  });
});
