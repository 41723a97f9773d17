import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { ERAS, type McpPost, modern } from "../support/mcp.ts";
import { Browser, connect, signIn } from "../support/oauth-client.ts";

/** Resources and prompts over the wire, in both eras. */
let gateway: Gateway;
let browser: Browser;

beforeAll(async () => {
  gateway = await startGateway();
  browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
});
afterAll(() => gateway.close());

async function granted(...scopes: Scope[]): Promise<McpPost> {
  const { tokens } = await connect(browser, { scope: scopes.join(" ") });
  return { url: gateway.url, token: tokens.access_token };
}

describe.each(ERAS)("in the era of %s", (_, send) => {
  it("resources and templates are those of the grant", async () => {
    const client = await granted("ibkr:accounts:read");
    const { message } = await send(client, "resources/list");
    expect(message?.result.resources.map(({ uri }: { uri: string }) => uri)).toEqual([
      "ibkr://support-matrix",
      "ibkr://accounts",
    ]);
    const templates = (await send(client, "resources/templates/list")).message?.result;
    expect(templates.resourceTemplates).toMatchObject([
      { uriTemplate: "ibkr://tools/{name}/answer" },
    ]);
  });

  it("the support matrix is read without asking anybody", async () => {
    const client = await granted("ibkr:health:read");
    const { message } = await send(client, "resources/read", { uri: "ibkr://support-matrix" });
    expect(message?.result.contents).toMatchObject([
      { uri: "ibkr://support-matrix", mimeType: "text/markdown" },
    ]);
    expect(message?.result.contents[0].text).toContain("# Support matrix");
  });

  it("an audit record is read by its number, with the scope of the log", async () => {
    const reader = await granted("ibkr:audit:read");
    const { message } = await send(reader, "resources/read", { uri: "ibkr://audit/1" });
    expect(JSON.parse(message?.result.contents[0].text)).toMatchObject({ seq: 1 });
    const stranger = await granted("ibkr:health:read");
    const refused = await send(stranger, "resources/read", { uri: "ibkr://audit/1" });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toContain(
      'scope="ibkr:audit:read ibkr:health:read"',
    );
  });

  it("what is not there is -32602 with the address, never an empty answer", async () => {
    const client = await granted("ibkr:audit:read", "ibkr:positions:read");
    for (const uri of ["ibkr://nothing", "ibkr://audit/999999", "ibkr://accounts/x/positions"]) {
      const { message } = await send(client, "resources/read", { uri });
      expect(message?.error).toMatchObject({ code: -32602, data: { uri } });
      expect(message?.result).toBeUndefined();
    }
  });

  it("an account that cannot be asked is an error with the owner's next step", async () => {
    const client = await granted("ibkr:accounts:read");
    const { message } = await send(client, "resources/read", { uri: "ibkr://accounts" });
    expect(message?.error).toMatchObject({
      code: -32603,
      data: { code: "SIDECAR_PAIRING_REQUIRED", user_action: expect.any(String) },
    });
  });

  it("prompts are listed and filled in", async () => {
    const client = await granted("ibkr:health:read");
    const { prompts } = (await send(client, "prompts/list")).message?.result ?? {};
    expect(prompts.map(({ name }: { name: string }) => name)).toEqual([
      "portfolio_review",
      "pre_trade_check",
      "why_cant_i_trade",
    ]);
    const filled = await send(client, "prompts/get", {
      name: "pre_trade_check",
      arguments: { symbol: "AAPL" },
    });
    expect(filled.message?.result.messages[0].content.text).toContain("AAPL");
    const empty = await send(client, "prompts/get", { name: "pre_trade_check" });
    expect(empty.message?.error).toMatchObject({ code: -32602 });
  });

  it("no list has a second page", async () => {
    const client = await granted("ibkr:health:read");
    for (const method of ["resources/list", "resources/templates/list", "prompts/list"]) {
      const { message } = await send(client, method, { cursor: "anything" });
      expect(message?.error, method).toMatchObject({ code: -32602 });
    }
  });
});

it("a refused resource is written down by kind, not by address", async () => {
  const stranger = await granted("ibkr:health:read");
  await modern(stranger, "resources/read", { uri: "ibkr://accounts/U7654321/positions" });
  const reader = await granted("ibkr:audit:read");
  const { message } = await modern(reader, "tools/call", {
    name: "ibkr_audit_tail",
    arguments: { limit: 10, full: true },
  });
  const { records } = message?.result.structuredContent ?? {};
  expect(records).toContainEqual(
    expect.objectContaining({
      event: expect.objectContaining({
        type: "tool.refused",
        what: expect.objectContaining({ tool: "resources/read", decision: "deny" }),
      }),
    }),
  );
  expect(JSON.stringify(records)).not.toContain("U7654321");
});
