import { coversScope, READ_SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOLS } from "../../src/mcp/catalogue.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { ERAS, type McpPost, modern } from "../support/mcp.ts";
import { Browser, connect, signIn } from "../support/oauth-client.ts";

/** What a grant lets a client see and do, and what is written about what it does not. */
let gateway: Gateway;
let browser: Browser;

beforeAll(async () => {
  gateway = await startGateway();
  browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
});
afterAll(() => gateway.close());

async function granted(scopes: readonly Scope[]): Promise<McpPost> {
  const { tokens } = await connect(browser, { scope: scopes.join(" ") });
  return { url: gateway.url, token: tokens.access_token };
}

/** The tools that such scopes show, with the one that every grant has. */
const namesOf = (granted: (scope: Scope) => boolean) =>
  TOOLS.filter(({ scope }) => scope === null || granted(scope)).map(({ name }) => name);

interface AuditRecord {
  event: {
    type: string;
    what: { tool: string; scopes: string[]; decision: string; error_code: string | null };
  };
}

/** The newest records of the account's log, as its own tool shows them. */
async function auditTail(limit: number): Promise<AuditRecord[]> {
  const reader = await granted(["ibkr:audit:read"]);
  const { message } = await modern(reader, "tools/call", {
    name: "ibkr_audit_tail",
    arguments: { limit, full: true },
  });
  return message?.result.structuredContent.records;
}

describe.each(ERAS)("in the era of %s", (_, send) => {
  it("a grant sees exactly the tools it may call", async () => {
    const scopes: Scope[] = ["ibkr:accounts:read", "ibkr:orders:read"];
    const { message } = await send(await granted(scopes), "tools/list");
    const names = message?.result.tools.map(({ name }: { name: string }) => name);
    const expected = namesOf((scope) => scopes.includes(scope));
    expect(expected.length).toBeGreaterThan(0);
    expect(names).toEqual(expected);
  });

  it("a call without its scope is 403 with the whole list to ask for, and is written down", async () => {
    const client = await granted(["ibkr:health:read"]);
    const answer = await send(client, "tools/call", {
      name: "ibkr_positions_list",
      arguments: { account_id: "U7654321" },
    });
    expect(answer.status).toBe(403);
    const challenge = answer.headers.get("www-authenticate") ?? "";
    expect(challenge).toMatch(/^Bearer /);
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="ibkr:health:read ibkr:positions:read"');
    expect(challenge).toContain(
      `resource_metadata="${gateway.url}/.well-known/oauth-protected-resource/mcp"`,
    );
    const records = await auditTail(5);
    const refused = records.find(({ event }) => event.type === "tool.refused");
    expect(refused?.event.what).toMatchObject({
      tool: "ibkr_positions_list",
      scopes: ["ibkr:health:read"],
      decision: "deny",
      error_code: "AUTH_MISSING_SCOPE",
    });
    expect(JSON.stringify(records)).not.toContain("U7654321");
  });

  it("a forbidden name is refused by name, and is written down", async () => {
    const client = await granted(["ibkr:health:read"]);
    const { status, message } = await send(client, "tools/call", {
      name: "ibkr_order_submit",
      arguments: { symbol: "AAPL", quantity: "100" },
    });
    expect(status).toBe(200);
    expect(message?.result).toMatchObject({
      isError: true,
      structuredContent: { code: "READONLY_WRITE_FORBIDDEN", retryable: false },
    });
    const [refused] = (await auditTail(5)).filter(({ event }) => event.type === "tool.refused");
    expect(refused?.event.what).toMatchObject({
      tool: "ibkr_order_submit",
      decision: "refuse",
      error_code: "READONLY_WRITE_FORBIDDEN",
    });
  });

  it("every allowed call is written down once", async () => {
    const client = await granted(["ibkr:health:read"]);
    const before = await auditTail(1);
    const answer = await send(client, "tools/call", { name: "ibkr_health", arguments: {} });
    expect(answer.message?.result.isError).toBeUndefined();
    const records = await auditTail(10);
    const since = records.slice(
      0,
      records.findIndex((r) => sameSeq(r, before[0])),
    );
    expect(since.filter(({ event }) => event.what.tool === "ibkr_health")).toMatchObject([
      { event: { type: "tool.call", what: { decision: "allow", error_code: null } } },
    ]);
  });
});

const sameSeq = (a: object | undefined, b: object | undefined) =>
  a !== undefined && b !== undefined && "seq" in a && "seq" in b && a.seq === b.seq;

it("no scope opens a tool that is not its own", async () => {
  for (const scope of READ_SCOPES) {
    const client = await granted([scope]);
    const answers = await Promise.all(
      TOOLS.map(({ name }) => modern(client, "tools/call", { name, arguments: {} })),
    );
    for (const [index, tool] of TOOLS.entries()) {
      const answer = answers[index];
      // A challenge, or for the next call that lacks the same scope a refusal that can be read.
      const refused =
        answer?.status === 403 ||
        answer?.message?.result.structuredContent?.code === "AUTH_MISSING_SCOPE";
      const open = tool.scope === null || coversScope([scope], tool.scope);
      expect(refused, `${tool.name} with ${scope}`).toBe(!open);
    }
  }
}, 120_000);

it("a page of the log continues where the last one ended, for its own account only (N49)", async () => {
  const client = await granted(["ibkr:audit:read"]);
  const page = async (cursor?: string) => {
    const { message } = await modern(client, "tools/call", {
      name: "ibkr_audit_tail",
      arguments: { limit: 2, ...(cursor === undefined ? {} : { cursor }) },
    });
    return message;
  };
  const first = (await page())?.result.structuredContent;
  const second = (await page(first.next_cursor))?.result.structuredContent;
  expect(second.records[0].seq).toBe(first.records[1].seq - 1);
  const tampered = await page(`9${first.next_cursor}`);
  expect(tampered).toMatchObject({ error: { code: -32602 } });
});

it("what the owner takes back is gone from the next list and call, whatever the token store says", async () => {
  const { clientId, tokens } = await connect(browser, { scope: READ_SCOPES.join(" ") });
  const client: McpPost = { url: gateway.url, token: tokens.access_token };
  const names = async () => {
    const { message } = await modern(client, "tools/list");
    return message?.result?.tools.map(({ name }: { name: string }) => name);
  };
  expect(await names()).toEqual(namesOf((scope) => READ_SCOPES.includes(scope)));

  // The token store may lag behind the object by a minute; here it is never told at all.
  const [accountId = ""] = tokens.access_token.split(":");
  await gateway.sql(
    "Account",
    accountId,
    "UPDATE clients SET scopes = ? WHERE client_id = ?",
    JSON.stringify(["ibkr:health:read"]),
    clientId,
  );
  expect(await names()).toEqual(namesOf((scope) => scope === "ibkr:health:read"));
  const { message } = await modern(client, "tools/call", {
    name: "ibkr_audit_tail",
    arguments: {},
  });
  expect(message?.result).toMatchObject({ isError: true });
  expect(message?.result.structuredContent.records).toBeUndefined();
});
