import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { ORDER_REFUSAL_CODES } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { ALL_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import { scripted } from "../../test/support/scripted-exchange.ts";
import { adviceFor } from "./advice.ts";
import { callTool } from "./call-tool.ts";
import { TOOLS } from "./catalogue.ts";
import { STRUCTURE_READERS } from "./hosts-that-read-structure.ts";

const submit = { account_id: "DU1234567", approval_id: "ap_1", idempotency_key: "key-12345" };

const written = (over: JsonObject): JsonObject => ({
  account_id: "DU1234567",
  outcome: "refused",
  replayed: false,
  order: null,
  approval: null,
  refusals: [],
  next_step: "Nothing was sent. Correct what is named, or make a new preview.",
  ...over,
});

const anOrder = (state: string): JsonObject => ({
  order_ref: "ref-1",
  action: "place",
  state,
  means: `It is ${state}.`,
  waits_until: null,
  proved_by: null,
  orders: [],
  question: null,
  refusals: [],
  broker_text: null,
  alerts: [],
  updated_at: "2026-11-30T14:00:00.000Z",
});

const refusal = (code: string) => ({ code, field: "f", rule: "r", message: `Because of ${code}.` });

async function answer(tool: string, args: JsonObject, output: JsonObject) {
  const { exchange } = scripted(() => ({ ok: true, result: output, audit_seq: 1 }));
  const all = { ...exchange, granted: new Set<string>(ALL_SCOPES) };
  return callTool(all, tool, args);
}

describe("an answer that says no", () => {
  it("is an error in the one shape, with all reasons and the next call, and keeps the answer", async () => {
    const result = await answer(
      "ibkr_paper_order_submit",
      submit,
      written({ refusals: [refusal("APPROVAL_MISSING"), refusal("KILL_SWITCH_CLOSED")] }),
    );
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toEqual({
      ...written({}),
      code: "APPROVAL_MISSING",
      message:
        "The order was refused, and nothing was sent. Because of APPROVAL_MISSING. Because of KILL_SWITCH_CLOSED.",
      retryable: false,
      user_action: "Open the approval link and approve or deny.",
      next_step:
        'Call ibkr_approval_status {"account_id":"DU1234567","approval_id":"ap_1"} until it says approved, then ibkr_paper_order_submit again.',
      refusals: [refusal("APPROVAL_MISSING"), refusal("KILL_SWITCH_CLOSED")],
    });
    const [text] = result.content;
    expect(text?.text).toMatch(/^The order was refused.+\nFor the owner: Open.+\nCall ibkr_/);
  });

  it("also where the broker turned the order down", async () => {
    const output = written({ outcome: "answered", order: anOrder("rejected") });
    const result = await answer("ibkr_paper_order_submit", submit, output);
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { code: "ORDER_REJECTED", message: "It is rejected.", order: {} },
    });
  });

  it.each(["working", "filled", "unknown", "submitting"])(
    "but not an order that is %s",
    async (state) => {
      const output = written({ outcome: "answered", order: anOrder(state), next_step: "Wait." });
      const result = await answer("ibkr_paper_order_submit", submit, output);
      expect(result.isError).toBeUndefined();
      expect(result.structuredContent).not.toHaveProperty("code");
    },
  );

  it("names the candidates of a symbol that means several contracts", async () => {
    const candidate = {
      conid: 265598,
      symbol: "AAPL",
      name: null,
      asset_class: "STK",
      exchange: "NASDAQ",
      currency: "USD",
      country: "US",
      is_us: true,
      kind: null,
      option_months: [],
    };
    const result = await answer(
      "ibkr_order_preview",
      { symbol: "aapl", side: "buy", order_type: "limit", quantity: 1, limit_price: 270 },
      {
        account_id: "DU1234567",
        outcome: "refused",
        preview: null,
        refusals: [refusal("INPUT_AMBIGUOUS_CONTRACT")],
        candidates: [candidate, { ...candidate, conid: 4, exchange: "MEXI", currency: "MXN" }],
        next_step: "-",
      },
    );
    expect(result.structuredContent.next_step).toBe(
      "Call ibkr_order_preview again without symbol and with the conid that is meant: 265598 (NASDAQ, USD), 4 (MEXI, MXN).",
    );
  });

  it("has advice for every code, that names a tool there is or says to leave it", () => {
    const names = new Set(TOOLS.map(({ name }) => name));
    for (const code of ORDER_REFUSAL_CODES) {
      const { next_step, user_action } = adviceFor(code, "ibkr_paper_order_submit", {
        args: submit,
        output: {},
      });
      const named = next_step.match(/ibkr_[a-z_]+/g) ?? [];
      for (const name of named) expect(names, `${code}: ${name}`).toContain(name);
      if (named.length === 0) expect(next_step, code).toMatch(/^Tell /);
      if (user_action !== null) expect(user_action, code).toMatch(/^[A-Z].{10,}/);
    }
  });

  it("asks to raise a cap only where the order is too large for it", () => {
    const asked = (rule: string) =>
      adviceFor("LOCAL_CAP_EXCEEDED", "t", { args: {}, output: {}, rule }).user_action ?? "";
    expect(asked("max_notional")).toContain("Raise the cap");
    const others = ["max_daily_loss", "max_orders_per_day", "offered_by_pc", "mode_enabled", "?"];
    for (const rule of others) expect(asked(rule)).not.toContain("Raise the cap");
  });

  it.each([
    "BROKER_BACKEND_UNAVAILABLE",
    "LOCAL_CAP_EXCEEDED",
    "KILL_SWITCH_CLOSED",
    "LOCAL_KILL_SWITCH",
    "FEATURE_DISABLED",
    "APPROVAL_MISSING",
    "APPROVAL_KEY_NOT_ENROLLED",
    "BROKER_SESSION_REQUIRED",
    "BROKER_TAKEOVER_REQUIRED",
    "SIDECAR_UNAVAILABLE",
    "POLICY_MISSING",
    "MIGRATION_CHECKLIST_MISSING",
    "AUTH_MISSING_SCOPE",
  ])("%s says what the owner must do", (code) => {
    expect(adviceFor(code, "t", { args: {}, output: {} }).user_action).not.toBeNull();
  });
});

describe("a scope that is missing", () => {
  it.each(["ibkr_paper_order_cancel", "ibkr_paper_order_modify"])(
    "%s names the link where the owner allows it",
    async (tool) => {
      const named = { account_id: "DU1234567", order_id: "77", idempotency_key: "key-12345" };
      const args = tool.endsWith("modify") ? { ...named, limit_price: "1" } : named;
      const { exchange } = scripted(() => ({
        ok: true,
        result: written({ refusals: [refusal("AUTH_MISSING_SCOPE")] }),
        audit_seq: 1,
      }));
      const accessLink = "https://gateway.example/clients/access?id=c1";
      const granted = new Set<string>(ALL_SCOPES);
      const result = await callTool({ ...exchange, granted, accessLink }, tool, args);
      expect(result.isError).toBe(true);
      expect(result.structuredContent.user_action).toContain(accessLink);
    },
  );
});

describe("what comes next", () => {
  it("after a request is the status tool with its arguments", async () => {
    const approval = {
      approval_id: "ap_1",
      preview_id: "p_1",
      state: "pending",
      tier: 1,
      mandate_id: null,
      submit_on_approval: false,
      approval_url: "https://gw.example/approvals/ap_1",
      expires_at: "2026-11-30T14:05:00.000Z",
    };
    const output = (shown: JsonObject) => ({
      account_id: "DU1234567",
      outcome: "asked",
      approval: shown,
      refusals: [],
      next_step: "Give the owner the link.",
    });
    const asked = { account_id: "DU1234567", preview_id: "p_1" };
    const { submit_on_approval: _, ...without } = approval;
    const first = await answer("ibkr_approvals_create", asked, output(approval));
    // The form of an approval may or may not say whether it sends.
    const result = first.isError
      ? await answer("ibkr_approvals_create", asked, output(without))
      : first;
    expect(result.isError).toBeUndefined();
    expect(result.structuredContent.next_step).toMatch(
      /^Give the owner the link\. Next call: ibkr_approval_status \{"account_id":"DU1234567","approval_id":"ap_1"/,
    );
    const lines = result.content[0]?.text?.split("\n") ?? [];
    expect(lines[0]).toMatch(/^Account DU1234567\. Give the owner the link\./);
    expect(lines.at(-1)).toBe("https://gw.example/approvals/ap_1");
  });
});

describe("the same JSON as text", () => {
  const health = { gateway: "ok", sidecar: "online", checked_at: "2026-11-20T09:00:00.000Z" };
  const blocks = async (clientId: string, name?: string) => {
    const { exchange } = scripted(() => ({ ok: true, result: health, audit_seq: 1 }));
    const _meta: JsonObject =
      name === undefined ? {} : { "io.modelcontextprotocol/clientInfo": { name, version: "1" } };
    const asked = {
      ...exchange,
      message: { method: "tools/call", params: { _meta } },
      principal: { ...exchange.principal, clientId },
    };
    return (await callTool(asked, "ibkr_health", {})).content.length;
  };

  it("is left out for the hosts whose models read the structure, and for no other", async () => {
    expect(STRUCTURE_READERS.map(({ name }) => name)).toEqual([
      "claude-code",
      "codex-mcp-client",
      "Visual Studio Code",
    ]);
    for (const { clientId, name, seen } of STRUCTURE_READERS) {
      expect(seen).toMatch(/issue \d+/);
      expect(await blocks(clientId)).toBe(1);
      expect(await blocks("registered-1", name)).toBe(1);
    }
    for (const [clientId, name] of [
      ["registered-1"],
      ["registered-1", "opencode"],
      ["registered-1", "cursor"],
      ["https://claude.ai/oauth/mcp-oauth-client-metadata"],
      ["https://chatgpt.com/oauth/client.json"],
    ] as const) {
      expect(await blocks(clientId, name), `${clientId} ${name}`).toBe(2);
    }
  });
});
