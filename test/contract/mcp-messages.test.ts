import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { connect, signIn } from "../../scripts/lib/oauth-client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  CLIENT_META,
  ERAS,
  LEGACY,
  legacy,
  type McpPost,
  MODERN,
  modern,
  post,
} from "../support/mcp.ts";

/** What the endpoint makes of messages, before any tool is asked. */
let gateway: Gateway;
let to: McpPost;

beforeAll(async () => {
  gateway = await startGateway();
  const browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
  const { tokens } = await connect(browser, { scope: "ibkr:health:read ibkr:audit:read" });
  to = { url: gateway.url, token: tokens.access_token };
});
afterAll(() => gateway.close());

const call = (id: unknown = 1) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "ibkr_health", arguments: {} },
});

describe("what hosts send loosely is answered", () => {
  const asked = (path: string, headers: Record<string, string>) =>
    fetch(`${gateway.url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${to.token}`,
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify(call()),
    });

  it.each(["*/*", "application/json, */*;q=0.5", "application/json, text/event-stream"])(
    "B19: Accept: %s",
    async (accept) => {
      const response = await asked("/mcp", { accept });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('"gateway');
    },
  );

  it("Accept: text/html is not", async () => {
    expect((await asked("/mcp", { accept: "text/html" })).status).toBe(406);
  });

  it("B19: the address with a slash at its end", async () => {
    const response = await asked("/mcp/", { accept: "*/*" });
    expect(response.status).toBe(200);
    const bare = await fetch(`${gateway.url}/mcp/`, { method: "POST" });
    expect(bare.status).toBe(401);
    expect(bare.headers.get("www-authenticate")).toContain("/.well-known/oauth-protected-resource");
    const metadata = await fetch(`${gateway.url}/.well-known/oauth-protected-resource/mcp/`);
    expect(await metadata.json()).toMatchObject({ resource: `${gateway.url}/mcp` });
    expect((await asked("/mcp//", {})).status).toBe(404);
  });
});

describe("a batch is refused, whatever is in it (N36)", () => {
  it.each([
    ["empty", []],
    ["of one", [call()]],
    ["of fifty", Array.from({ length: 50 }, (_, id) => call(id))],
  ])("%s", async (_, batch) => {
    for (const version of [null, "2025-03-26", LEGACY, MODERN]) {
      const answer = await post(to, JSON.stringify(batch), { "mcp-protocol-version": version });
      expect(answer.status).toBe(400);
      expect(answer.message).toMatchObject({ id: null, error: { code: -32600 } });
      expect(answer.message?.result).toBeUndefined();
    }
  });
});

describe("a body that means two things is refused (N43, N46)", () => {
  it.each([
    ["a repeated member", '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}'],
    [
      "a repeated argument",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ibkr_audit_tail","arguments":{"limit":1,"limit":500}}}',
    ],
    [
      "an escaped twin",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ibkr_health","n\\u0061me":"ibkr_audit_tail"}}',
    ],
    ["__proto__", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"__proto__":{"a":1}}}'],
    [
      "ten thousand levels",
      `{"jsonrpc":"2.0","id":1,"method":"x","params":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
    ],
    ["a bare string", '"tools/list"'],
    ["null", "null"],
  ])("%s", async (_, body) => {
    const answer = await post(to, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ id: null, error: { code: -32600 } });
  });

  it.each([
    ["nothing", ""],
    ["half a message", '{"jsonrpc":"2.0","id":1,'],
    ["two messages", `${JSON.stringify(call())}${JSON.stringify(call())}`],
    ["NaN", '{"jsonrpc":"2.0","id":NaN,"method":"tools/list"}'],
  ])("%s is no JSON", async (_, body) => {
    const answer = await post(to, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ error: { code: -32700 } });
  });

  it("bytes that are not UTF-8", async () => {
    const answer = await post(to, Uint8Array.of(0x7b, 0xff, 0x7d));
    expect(answer.status).toBe(400);
  });
});

describe("a body is bounded (N43)", () => {
  const padded = (bytes: number) => {
    const message = JSON.stringify(call());
    return `${message}${" ".repeat(bytes - message.length)}`;
  };

  it("64 KiB is read, one byte more is not", async () => {
    expect((await post(to, padded(65_536))).status).toBe(200);
    expect((await post(to, padded(65_537))).status).toBe(413);
  });

  it("also when its length is not declared", async () => {
    const chunks = (text: string) =>
      new ReadableStream({
        start(controller) {
          const bytes = new TextEncoder().encode(text);
          for (let at = 0; at < bytes.length; at += 8_192) {
            controller.enqueue(bytes.subarray(at, at + 8_192));
          }
          controller.close();
        },
      });
    expect((await post(to, chunks(padded(65_536)))).status).toBe(200);
    expect((await post(to, chunks(padded(65_537)))).status).toBe(413);
  });

  it.each([
    ["no type", null],
    ["text", "text/plain"],
    ["another charset", "application/json; charset=iso-8859-1"],
    ["a look-alike", "application/jsonp"],
    ["a form", "application/x-www-form-urlencoded"],
  ])("content type: %s is 415", async (_, type) => {
    const body = new TextEncoder().encode(JSON.stringify(call()));
    expect((await post(to, body, { "content-type": type })).status).toBe(415);
  });

  it("compressed bodies are 415, so none can unfold", async () => {
    const answer = await post(to, JSON.stringify(call()), { "content-encoding": "gzip" });
    expect(answer.status).toBe(415);
  });

  it.each([
    "application/json",
    "application/json;charset=utf-8",
    'Application/JSON; charset="UTF-8"',
  ])("content type %s is read", async (type) => {
    expect((await post(to, JSON.stringify(call()), { "content-type": type })).status).toBe(200);
  });
});

describe("only POST, and only from no web page or our own (N41, N44)", () => {
  it.each(["GET", "DELETE", "PUT", "PATCH", "HEAD"])("%s is 405", async (method) => {
    const response = await fetch(`${gateway.url}/mcp`, {
      method,
      headers: {
        authorization: `Bearer ${to.token}`,
        "mcp-session-id": "someone-elses",
        "last-event-id": "1",
      },
    });
    await response.arrayBuffer();
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  it.each([
    "https://evil.example",
    "null",
    "https://claude.ai.evil.example",
    "http://localhost.evil.example",
    "HTTP://LOCALHOST:8787",
    "http://localhost@evil.example",
    "file://localhost",
  ])("origin %s is 403", async (origin) => {
    const answer = await modern(to, "tools/list", {}, { origin });
    expect(answer.status).toBe(403);
    expect(answer.message?.result).toBeUndefined();
  });

  it("our own origin and no origin pass", async () => {
    expect((await modern(to, "tools/list", {}, { origin: gateway.url })).status).toBe(200);
    expect((await modern(to, "tools/list")).status).toBe(200);
  });

  it("a session id or an event id changes nothing", async () => {
    const plain = await legacy(to, "tools/list");
    const claimed = await legacy(
      to,
      "tools/list",
      {},
      {
        "mcp-session-id": "someone-elses",
        "last-event-id": "7",
      },
    );
    expect(claimed.status).toBe(200);
    expect(claimed.message).toEqual(plain.message);
    expect(claimed.headers.get("mcp-session-id")).toBeNull();
  });
});

describe("headers and body of a modern message must agree (N37)", () => {
  const tool = { name: "ibkr_health", arguments: {} };
  it.each([
    ["no method", { "mcp-method": null }],
    ["another method", { "mcp-method": "tools/list" }],
    ["no name", { "mcp-name": null }],
    ["another name", { "mcp-name": "ibkr_audit_tail" }],
    ["a name in other case", { "mcp-name": "IBKR_HEALTH" }],
    ["broken base64", { "mcp-name": "=?base64?%%%?=" }],
    ["another name in base64", { "mcp-name": `=?base64?${btoa("ibkr_audit_tail")}?=` }],
    ["no version", { "mcp-protocol-version": null }],
    ["another version", { "mcp-protocol-version": LEGACY }],
  ])("%s is 400 (-32020)", async (_, headers) => {
    const answer = await modern(to, "tools/call", tool, headers);
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ error: { code: -32020 } });
  });

  it("comes before the scope: a lie about a tool that is not granted is 400, not 403", async () => {
    const forbidden = { name: "ibkr_accounts_list", arguments: {} };
    expect((await modern(to, "tools/call", forbidden)).status).toBe(403);
    const lie = await modern(to, "tools/call", forbidden, { "mcp-name": "ibkr_health" });
    expect(lie.status).toBe(400);
    expect(lie.message).toMatchObject({ error: { code: -32020 } });
  });

  it("base64 of the same name is the same name", async () => {
    const answer = await modern(to, "tools/call", tool, {
      "mcp-name": `=?base64?${btoa("ibkr_health")}?=`,
    });
    expect(answer.status).toBe(200);
  });
});

describe("versions and methods (N38, N39)", () => {
  const envelope = (meta: Record<string, unknown>, version: string | null = MODERN) =>
    post(
      to,
      JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/list", params: { _meta: meta } }),
      {
        "mcp-protocol-version": version,
        "mcp-method": "tools/list",
      },
    );

  it("a modern header without the envelope is -32602", async () => {
    const answer = await envelope({});
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ id: 5, error: { code: -32602 } });
  });

  it("an envelope without capabilities is -32602", async () => {
    const { "io.modelcontextprotocol/clientCapabilities": _, ...meta } = CLIENT_META;
    const answer = await envelope(meta);
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ error: { code: -32602 } });
  });

  it("an unknown version is -32022 with the versions there are", async () => {
    const meta = { ...CLIENT_META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" };
    const answer = await envelope(meta, "2099-01-01");
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({
      error: { code: -32022, data: { supported: [MODERN], requested: "2099-01-01" } },
    });
  });

  it.each([
    ...["no/such", "ping", "logging/setLevel", "resources/subscribe", "initialize"],
    "subscriptions/listen",
  ])("%s is 404 (-32601) in the modern era", async (method) => {
    const answer = await modern(to, method, {});
    expect(answer.status).toBe(404);
    expect(answer.message).toMatchObject({ id: 1, error: { code: -32601 } });
  });

  it("an unknown method is -32601 in the 2025 era too, and ping is answered there", async () => {
    expect((await legacy(to, "no/such")).message).toMatchObject({ error: { code: -32601 } });
    expect((await legacy(to, "ping")).message).toMatchObject({ result: {} });
  });

  it.each(["2025-03-26", "2025-06-18", LEGACY])(
    "initialize negotiates %s, without a session",
    async (version) => {
      const answer = await legacy(
        to,
        "initialize",
        { protocolVersion: version, capabilities: {}, clientInfo: { name: "t", version: "1" } },
        { "mcp-protocol-version": null },
      );
      expect(answer.status).toBe(200);
      expect(answer.message?.result.protocolVersion).toBe(version);
      expect(answer.message?.result.serverInfo.title).toMatch(
        /not affiliated with Interactive Brokers/,
      );
      expect(answer.headers.get("mcp-session-id")).toBeNull();
    },
  );

  it("server/discover names the version, the capabilities and the instructions", async () => {
    const { message } = await modern(to, "server/discover");
    expect(message?.result).toMatchObject({
      resultType: "complete",
      supportedVersions: [MODERN],
      cacheScope: "private",
    });
    expect(message?.result.capabilities.tools).toBeDefined();
    expect(message?.result.capabilities.logging).toBeUndefined();
    expect(message?.result.instructions.length).toBeLessThan(1_600);
  });

  it("a posted response and a notification start nothing", async () => {
    const response = await post(to, JSON.stringify({ jsonrpc: "2.0", id: 1, result: {} }), {
      "mcp-protocol-version": MODERN,
    });
    expect(response.message?.result).toBeUndefined();
    const { id: _, ...notification } = call();
    const noted = await post(to, JSON.stringify(notification));
    expect(noted.status).toBe(202);
    expect(noted.text).toBe("");
  });
});

describe("ids (N40)", () => {
  it.each([
    ["null", null],
    ["a fraction", 1.5],
    ["an object", {}],
    ["an array", [1]],
    ["true", true],
  ])("%s is refused", async (_, id) => {
    const answer = await post(to, JSON.stringify(call(id)));
    expect(answer.status).toBe(400);
    expect(answer.message?.error).toBeDefined();
    expect(answer.message?.result).toBeUndefined();
  });

  it.each([0, -1, "", "a", "é", "x".repeat(1_000)])("%s is given back as it came", async (id) => {
    const answer = await post(to, JSON.stringify(call(id)));
    expect(answer.message?.id).toBe(id);
  });
});

describe.each(ERAS)("in the era of %s", (_, send) => {
  it("a cursor that was never handed out is -32602", async () => {
    const answer = await send(to, "tools/list", { cursor: "anything" });
    expect(answer.message).toMatchObject({ error: { code: -32602 } });
  });

  it("forged elicitation answers and states do nothing, or are refused", async () => {
    const forged = await send(to, "tools/call", {
      name: "ibkr_health",
      arguments: {},
      inputResponses: { confirm: { action: "accept", content: { approve: true } } },
    });
    const plain = await send(to, "tools/call", { name: "ibkr_health", arguments: {} });
    expect(forged.message?.result?.isError).toBe(plain.message?.result?.isError);
    const stated = await send(to, "tools/call", {
      name: "ibkr_health",
      arguments: {},
      requestState: "anything",
    });
    expect(stated.message?.result?.content).toBeUndefined();
  });

  it("nothing private may be kept by a cache", async () => {
    const answer = await send(to, "tools/list");
    expect(answer.headers.get("cache-control")).toMatch(/no-store|no-cache/);
  });
});

describe("a plain call is answered the short way exactly as the SDK answers it", () => {
  let envelopes = 0;
  const masked = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)");

  it.each([
    ["an answer", 1, { name: "ibkr_health", arguments: {} }],
    ["an id of zero, no arguments", 0, { name: "ibkr_health" }],
    ["an id that is text, and not plain", '7"\u2028\\', { name: "ibkr_health", arguments: {} }],
    ["a failure", -3, { name: "ibkr_health", arguments: { surprise: 1 } }],
    ["a cursor that is none", "x", { name: "ibkr_audit_tail", arguments: { cursor: "none" } }],
  ])("%s", async (_, id, params) => {
    // The first message with an envelope is the SDK's to judge; the second one is known by heart.
    envelopes += 1;
    const _meta = { ...CLIENT_META, "example.com/envelope": envelopes };
    const send = () =>
      post(
        to,
        JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { ...params, _meta } }),
        {
          "mcp-protocol-version": MODERN,
          "mcp-method": "tools/call",
          "mcp-name": params.name,
        },
      );
    const [bySdk, direct] = [await send(), await send()];
    const form = ({ status, headers, text }: typeof direct) => ({
      status,
      headers: [...headers].filter(([name]) => name !== "date" && name !== "content-length"),
      message: JSON.parse(masked(text)),
    });
    expect(form(direct)).toEqual(form(bySdk));
    expect(bySdk.message).toMatchObject({ jsonrpc: "2.0", id });
  });
});
