import { afterAll, beforeAll, expect, it } from "vitest";
import { callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { CLIENT_META, MODERN } from "../support/mcp.ts";
import {
  authorize,
  type Browser,
  connect,
  type OAuthConnection,
  tokenRequest,
} from "../support/oauth-client.ts";

let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

function callTool(connection: OAuthConnection, name: string, headers: Record<string, string> = {}) {
  return callMcp(
    gateway,
    { Authorization: `Bearer ${connection.tokens.access_token}`, ...headers },
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: {}, ...("mcp-method" in headers ? { _meta: CLIENT_META } : {}) },
    }),
  );
}

async function auditEvents(connection: OAuthConnection): Promise<number> {
  const [account = ""] = connection.tokens.access_token.split(":");
  const rows = await gateway.sql("Account", account, "SELECT COUNT(*) AS n FROM audit_log");
  return Number(rows[0]?.n);
}

it("N9: a call beyond the grant is 403 with everything to ask for, and a name in a header opens nothing", async () => {
  const connection = await connect(owner, { scope: "ibkr:health:read" });
  const before = await auditEvents(connection);
  const answer = await callTool(connection, "ibkr_audit_tail");
  expect(answer.status).toBe(403);
  const challenge = answer.headers.get("WWW-Authenticate") ?? "";
  expect(challenge).toContain('error="insufficient_scope"');
  expect(challenge).toContain('scope="ibkr:audit:read ibkr:health:read"');
  expect(challenge).toContain("resource_metadata=");
  expect(await auditEvents(connection)).toBe(before + 1);

  // A host that steps up does so now. One that comes back as it was gets an answer it can show.
  const again = await callTool(connection, "ibkr_audit_tail");
  expect([again.status, await again.text()]).toEqual([
    200,
    expect.stringContaining(`/clients/access?id=${connection.clientId}`),
  ]);
  expect(challenge).toContain(`/clients/access?id=${connection.clientId}`);

  const disguised = await callTool(connection, "ibkr_audit_tail", {
    "mcp-protocol-version": MODERN,
    "mcp-method": "tools/call",
    "mcp-name": "ibkr_health",
  });
  expect([disguised.status, await disguised.text()]).toEqual([
    400,
    expect.stringContaining("-32020"),
  ]);
});

it("asking again for exactly what the challenge names gives a token that the call passes with", async () => {
  const connection = await connect(owner, { scope: "ibkr:health:read" });
  const refused = await callTool(connection, "ibkr_audit_tail");
  const scope = /scope="([^"]+)"/.exec(refused.headers.get("WWW-Authenticate") ?? "")?.[1] ?? "";
  const { query, verifier } = await authorize(owner, {
    clientId: connection.clientId,
    redirectUri: connection.redirectUri,
    scope,
  });
  const tokens = await tokenRequest(gateway.url, {
    grant_type: "authorization_code",
    code: query.get("code") ?? "",
    redirect_uri: connection.redirectUri,
    client_id: connection.clientId,
    code_verifier: verifier,
  });
  const stronger = (await tokens.json()) as OAuthConnection["tokens"];
  expect((await callTool({ ...connection, tokens: stronger }, "ibkr_audit_tail")).status).toBe(200);
  expect((await callTool({ ...connection, tokens: stronger }, "ibkr_health")).status).toBe(200);
  // The weaker grant was replaced.
  expect((await callTool(connection, "ibkr_health")).status).toBe(401);
});

it("N10: a broader scope does for a narrower one", async () => {
  const connection = await connect(owner, { scope: "ibkr:orders:paper:submit" });
  expect((await callTool(connection, "ibkr_orders_list")).status).toBe(200);
  expect((await callTool(connection, "ibkr_positions_list")).status).toBe(403);
  const exporting = await connect(owner, { scope: "ibkr:audit:export" });
  expect((await callTool(exporting, "ibkr_audit_tail")).status).toBe(200);
});
