import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type Browser, connect } from "../support/oauth-client.ts";

let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 1000 } });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

interface Line {
  event: string;
  level: string;
  request_id?: string;
  [field: string]: unknown;
}

/** The lines that one request caused, once its own line is there. */
async function linesOf(act: () => Promise<unknown>): Promise<Line[]> {
  const from = gateway.logs.length;
  await act();
  const parsed = () =>
    gateway.logs.slice(from).flatMap(({ message }): Line[] => {
      const line: unknown = JSON.parse(message);
      return typeof line === "object" && line !== null && "event" in line ? [line as Line] : [];
    });
  await expect.poll(() => parsed().some(({ event }) => event === "http.request")).toBe(true);
  return parsed();
}

async function requestLine(act: () => Promise<unknown>): Promise<Line> {
  const lines = (await linesOf(act)).filter(({ event }) => event === "http.request");
  expect(lines).toHaveLength(1);
  const [line] = lines;
  if (line === undefined) throw new Error("no line");
  return line;
}

describe("the log", () => {
  it("has one line for each request: id, method, route, status, time, and why it was refused", async () => {
    const line = await requestLine(() =>
      callMcp(gateway, {
        Authorization: "Bearer nonsense",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      }),
    );
    expect(line).toEqual({
      level: "info",
      event: "http.request",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      method: "POST",
      route: "/mcp",
      status: 401,
      ms: expect.any(Number),
      reason: "invalid_token",
    });
  });

  it("says nothing that a caller put into an address", async () => {
    for (const [path, route] of [
      ["/sign-in?next=%2Faudit&secret=QUERY-MARK", "/sign-in"],
      ["/authorize?client_id=QUERY-MARK", "/authorize"],
      ["/QUERY-MARK/x?y=QUERY-MARK", "other"],
      [`/relay/acct_${"0".repeat(26)}?x=QUERY-MARK`, "/relay/:account"],
      ["/assets/QUERY-MARK.css", "/assets/*"],
    ] as const) {
      const lines = await linesOf(() => owner.get(path));
      expect(lines.find(({ event }) => event === "http.request")?.route).toBe(route);
      expect(JSON.stringify(lines)).not.toContain("QUERY-MARK");
    }
  });

  it("a method that no route has is called other", async () => {
    const line = await requestLine(() => fetch(`${gateway.url}/healthz`, { method: "PROPFIND" }));
    expect(line.method).toBe("other");
  });

  it("and the audit log name a call by the same id", async () => {
    const { tokens } = await connect(owner, { scope: "ibkr:health:read" });
    const line = await requestLine(() =>
      callMcp(
        gateway,
        { Authorization: `Bearer ${tokens.access_token}` },
        JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: "ibkr_health", arguments: {} },
        }),
      ).then((answer) => answer.text()),
    );
    const rows = await gateway.sql<{ name: string }>(
      "Account",
      accountOf(owner),
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'audit%'",
    );
    const events = await Promise.all(
      rows.map(({ name }) => gateway.sql("Account", accountOf(owner), `SELECT * FROM "${name}"`)),
    );
    expect(JSON.stringify(events)).toContain(line.request_id);
  });

  it("OAuth's refusals stand there with their own reason, which the answer does not give", async () => {
    const lines = await linesOf(() =>
      fetch(`${gateway.url}/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "authorization_code",
          code: "x",
          client_id: "nobody",
        }),
      }),
    );
    expect(lines.find(({ event }) => event === "oauth.error")).toMatchObject({
      code: "invalid_client",
      category: "client-authentication",
      reason: "client_not_found",
    });
  });
});

describe("health", () => {
  it("says that it lives, and whether it is ready, to anyone, and nothing else", async () => {
    const live = await fetch(`${gateway.url}/healthz`);
    expect([live.status, await live.json()]).toEqual([200, { status: "ok" }]);
    const ready = await fetch(`${gateway.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: "ready", checks: { database: true, tokens: true, secrets: true } },
    ]);
  });

  it("is not ready without its tables or its key", async () => {
    const broken = await startGateway({ secrets: { EDGE_IDENTITY_KEY: "" } });
    try {
      const db = await broken.d1();
      const before = await fetch(`${broken.url}/readyz`);
      expect(await before.json()).toMatchObject({ checks: { secrets: false, database: true } });
      await db.prepare("DROP TABLE identities").run();
      await db.prepare("DROP TABLE invitations").run();
      await db.prepare("DROP TABLE accounts").run();
      const after = await fetch(`${broken.url}/readyz`);
      expect([after.status, await after.json()]).toMatchObject([
        503,
        { checks: { database: false } },
      ]);
      expect((await fetch(`${broken.url}/healthz`)).status).toBe(200);

      // A page that cannot be made says so, with the id under which it was logged.
      const page = await fetch(`${broken.url}/sign-in`);
      const text = await page.text();
      expect(page.status).toBeGreaterThanOrEqual(500);
      expect(text).not.toMatch(/SQLITE|no such table|at \w+ \(/);
    } finally {
      await broken.close();
    }
  });
});
