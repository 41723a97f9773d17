import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMcp, clientOf, ownerOf, rewriteKv } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  connect,
  formFields,
  type OAuthConnection,
  tokenRequest,
} from "../support/oauth-client.ts";

let gateway: Gateway;
let client: OAuthConnection;
beforeAll(async () => {
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 10_000, REGISTER_LIMIT: 1000 },
  });
  client = await clientOf(gateway, "ibkr:health:read ibkr:accounts:read");
});
afterAll(() => gateway.close());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** One request with any headers at all, `Host` included. */
function raw(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port: gateway.port, path, headers, setHost: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    sent.on("error", reject).end();
  });
}

describe("without a token", () => {
  it("N1: every kind of message is 401 before it is read, with the whole challenge and no error", async () => {
    const message = (method: string, id?: number) =>
      JSON.stringify({ jsonrpc: "2.0", ...(id === undefined ? {} : { id }), method, params: {} });
    const bodies: (string | null)[] = [
      message("initialize", 1),
      message("server/discover", 1),
      message("tools/list", 1),
      message("tools/call", 1),
      message("notifications/initialized"),
      "",
      "{not json",
      "[]",
    ];
    for (const body of bodies) {
      const answer = await callMcp(gateway, {}, body);
      expect([body, answer.status]).toEqual([body, 401]);
      const challenge = answer.headers.get("WWW-Authenticate") ?? "";
      expect(challenge).toMatch(/^Bearer /);
      expect(challenge).toContain(
        `resource_metadata="${gateway.url}/.well-known/oauth-protected-resource/mcp"`,
      );
      expect(challenge).toMatch(/scope="ibkr:health:read [^"]*"/);
      expect(challenge).not.toContain("error");
      expect(answer.headers.get("Cache-Control")).toBe("no-store");
      expect(await answer.text()).toBe("");
    }
  });

  it("N2: whatever is no token of ours is 401 invalid_token, never 500; the scheme has no case", async () => {
    const { access_token: token } = client.tokens;
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const answer = await callMcp(gateway, { Authorization: `${scheme} ${token}` });
      expect([scheme, answer.status]).toEqual([scheme, 200]);
    }
    const [user = "", grant = "", secret = ""] = token.split(":");
    for (const wrong of [
      "random",
      token.slice(0, -1),
      `x${token}`,
      `${user}:${grant}:${secret.slice(0, -1)}A`,
      `${user}:${grant}`,
      `${user}:${grant}:${secret}:x`,
      `${"u".repeat(8000)}:${grant}:${secret}`,
      `${user}:${grant}:${"s".repeat(8000)}`,
      "::",
      `${token} ${token}`,
      `${token},${token}`,
      "",
      "eyJhbGciOiJub25lIn0.e30.",
    ]) {
      const answer = await callMcp(gateway, bearer(wrong));
      expect([wrong.slice(0, 60), answer.status]).toEqual([wrong.slice(0, 60), 401]);
      expect(answer.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
    }
    for (const other of [`Basic ${btoa("a:b")}`, token, `Token ${token}`, `Bearer${token}`]) {
      expect((await callMcp(gateway, { Authorization: other })).status).toBe(401);
    }
    const nonAscii = await raw("/mcp", {
      Host: `localhost:${gateway.port}`,
      Authorization: "Bearer t\u00f6k\u00e4n",
    });
    expect(nonAscii.status).toBe(401);
  });

  it("N3: a token in the address, in a form or in a cookie is no token", async () => {
    const { access_token: token } = client.tokens;
    const asQuery = await fetch(`${gateway.url}/mcp?access_token=${encodeURIComponent(token)}`, {
      method: "POST",
      body: "{}",
    });
    const asForm = await fetch(`${gateway.url}/mcp`, {
      method: "POST",
      body: new URLSearchParams({ access_token: token }),
    });
    const asCookie = await callMcp(gateway, { Cookie: `access_token=${token}` });
    expect([asQuery.status, asForm.status, asCookie.status]).toEqual([401, 401, 401]);
  });
});

describe("a token that was good", () => {
  it("N4: works to its last second and not one longer", async () => {
    const now = Math.floor(Date.now() / 1000);
    // One client each: a token that was good is taken at its word for the seconds that follow, but
    // never beyond its own end (src/oauth/verified-tokens.test.ts).
    const callAt = async (expiresAt: number) => {
      const { tokens } = await clientOf(gateway, "ibkr:health:read");
      const [user, grant] = tokens.access_token.split(":");
      const changed = await rewriteKv(gateway, `token:${user}:${grant}:`, (value) => ({
        ...value,
        expiresAt,
      }));
      expect(changed).toBe(1);
      return callMcp(gateway, bearer(tokens.access_token));
    };
    expect((await callAt(now + 30)).status).toBe(200);
    const late = await callAt(now - 1);
    expect(late.status).toBe(401);
    expect(late.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  });

  it("N5: is dead on the next request after revocation of token, grant, client or account", async () => {
    const owner = await ownerOf(gateway);
    const fresh = () => connect(owner, { scope: "ibkr:health:read" });
    const status = async (connection: OAuthConnection) =>
      (await callMcp(gateway, bearer(connection.tokens.access_token))).status;

    const byToken = await fresh();
    expect(await status(byToken)).toBe(200);
    const revoked = await tokenRequest(gateway.url, {
      token: byToken.tokens.access_token,
      client_id: byToken.clientId,
    });
    expect([revoked.status, await status(byToken)]).toEqual([200, 401]);

    const byRefresh = await fresh();
    await tokenRequest(gateway.url, {
      token: byRefresh.tokens.refresh_token ?? "",
      token_type_hint: "refresh_token",
      client_id: byRefresh.clientId,
    });
    expect(await status(byRefresh)).toBe(401);

    const byOwner = await fresh();
    const { csrf = "" } = formFields(await (await owner.get("/clients")).text());
    await owner.post("/clients/revoke", { csrf, client_id: byOwner.clientId });
    expect(await status(byOwner)).toBe(401);

    const [one, two] = [await fresh(), await fresh()];
    await owner.post("/clients/revoke-all", { csrf });
    expect([await status(one), await status(two)]).toEqual([401, 401]);
  });

  it("revocation holds in the account's object even while KV still shows the token", async () => {
    const owner = await ownerOf(gateway);
    const connection = await connect(owner, { scope: "ibkr:health:read" });
    const [account = "", grant = ""] = connection.tokens.access_token.split(":");
    const call = JSON.stringify({
      jsonrpc: "2.0",
      id: 2,
      method: "tools/call",
      params: { name: "ibkr_health", arguments: {} },
    });
    const said = async () =>
      (await callMcp(gateway, bearer(connection.tokens.access_token), call)).text();
    // From here on this isolate takes the token at its word, too.
    expect(await said()).not.toContain("AUTH_TOKEN_INVALID");
    await gateway.sql(
      "Account",
      account,
      "UPDATE grants SET state = 'revoked' WHERE grant_id = ?",
      grant,
    );
    expect(await said()).toContain("AUTH_TOKEN_INVALID");
    const refresh = await tokenRequest(gateway.url, {
      grant_type: "refresh_token",
      refresh_token: connection.tokens.refresh_token ?? "",
      client_id: connection.clientId,
    });
    expect([refresh.status, await refresh.json()]).toMatchObject([400, { error: "invalid_grant" }]);
  });
});

describe("metadata", () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document whose form is what is tested
  const json = async (path: string): Promise<any> => {
    const answer = await fetch(`${gateway.url}${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(answer.headers.get("Content-Type")).toContain("application/json");
    return answer.json();
  };

  it("stands at the path and at the root, and names the very resource that clients are given", async () => {
    const [suffixed, root] = await Promise.all([
      json("/.well-known/oauth-protected-resource/mcp"),
      json("/.well-known/oauth-protected-resource"),
    ]);
    expect(suffixed).toMatchObject({
      resource: `${gateway.url}/mcp`,
      authorization_servers: [gateway.url],
      bearer_methods_supported: ["header"],
    });
    expect(root).toEqual(suffixed);
  });

  it("N6: never shows what a header says", async () => {
    const host = `localhost:${gateway.port}`;
    for (const path of [
      "/.well-known/oauth-protected-resource/mcp",
      "/.well-known/oauth-protected-resource",
      "/.well-known/oauth-authorization-server",
    ]) {
      const plain = await raw(path, { Host: host });
      for (const headers of [
        { Host: host, "X-Forwarded-Host": "evil.example" },
        { Host: host, Forwarded: "host=evil.example;proto=https" },
        { Host: host, "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil" },
      ]) {
        expect((await raw(path, headers)).body).toBe(plain.body);
      }
      // Miniflare believes this one, as no edge does; the gateway then finds itself misaddressed.
      const proto = await raw(path, { Host: host, "X-Forwarded-Proto": "https" });
      expect(proto.body).not.toContain("https://");
      const foreign = await raw(path, { Host: "evil.example" });
      expect([foreign.status, foreign.body.includes("evil")]).toEqual([421, false]);
    }
    // Hosts that put the address together from one with a slash at its end find the same.
    const metadata = "/.well-known/oauth-protected-resource/mcp";
    const slash = await fetch(`${gateway.url}${metadata}/`);
    expect([slash.status, await slash.text()]).toEqual([
      200,
      (await raw(metadata, { Host: `localhost:${gateway.port}` })).body,
    ]);
    expect((await fetch(`${gateway.url}${metadata}/x`)).status).toBe(404);
  });

  it("N7: one issuer, S256 alone, codes alone, no offline_access asked of a resource", async () => {
    const server = await json("/.well-known/oauth-authorization-server");
    expect(server).toMatchObject({
      issuer: gateway.url,
      authorization_endpoint: `${gateway.url}/authorize`,
      token_endpoint: `${gateway.url}/token`,
      registration_endpoint: `${gateway.url}/register`,
      revocation_endpoint: `${gateway.url}/token`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
    expect(server.token_endpoint_auth_methods_supported).toContain("none");
    expect(server.grant_types_supported.sort()).toEqual(["authorization_code", "refresh_token"]);
    const resource = await json("/.well-known/oauth-protected-resource/mcp");
    expect(resource.scopes_supported).not.toContain("offline_access");
    expect(resource.scopes_supported.every((scope: string) => scope.endsWith(":read"))).toBe(true);
    for (const url of Object.values(server).filter((value) => String(value).startsWith("http"))) {
      expect(String(url)).toMatch(/^http:\/\/localhost:\d+(\/[a-z-]+)?$/);
    }
  });

  it("N8: there is no OpenID document, and the answer that says so is JSON", async () => {
    for (const path of ["/.well-known/openid-configuration", "/.well-known/nothing"]) {
      const answer = await fetch(`${gateway.url}${path}`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toEqual({ error: "not_found" });
    }
  });

  it("can be read by web pages of any origin, without their visitor's cookies", async () => {
    const answer = await fetch(`${gateway.url}/.well-known/oauth-authorization-server`, {
      headers: { Origin: "https://some.example" },
    });
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://some.example");
    expect(answer.headers.has("Access-Control-Allow-Credentials")).toBe(false);
    const preflight = await fetch(`${gateway.url}/token`, {
      method: "OPTIONS",
      headers: { Origin: "https://some.example", "Access-Control-Request-Method": "POST" },
    });
    expect(preflight.status).toBe(204);
  });
});

describe("hosts and origins", () => {
  it("N42: a foreign Host is misdirected; another name of this machine leads to the right one", async () => {
    for (const host of ["evil.example", "10.0.0.1", `evil.example:${gateway.port}`]) {
      for (const path of ["/", "/mcp", "/authorize", "/token"]) {
        const answer = await raw(path, { Host: host });
        expect([host, path, answer.status]).toEqual([host, path, 421]);
      }
    }
    const page = await raw("/sign-in?next=%2Faudit", { Host: `127.0.0.1:${gateway.port}` });
    expect([page.status, page.headers.location]).toEqual([
      307,
      `${gateway.url}/sign-in?next=%2Faudit`,
    ]);
    const mcp = await raw("/mcp", { Host: `127.0.0.1:${gateway.port}` });
    expect([mcp.status, mcp.headers.location]).toEqual([421, undefined]);
    expect((await raw("/healthz", { Host: "10.0.0.1" })).status).toBe(200);
  });

  it("N41: a web page of another origin may not call the endpoint, with a token or without", async () => {
    for (const origin of [
      "https://evil.example",
      "null",
      "https://claude.ai.evil.example",
      "HTTPS://LOCALHOST",
      `http://localhost.evil.example:${gateway.port}`,
    ]) {
      for (const headers of [
        { Origin: origin },
        { Origin: origin, ...bearer(client.tokens.access_token) },
      ]) {
        const answer = await callMcp(gateway, headers);
        expect([origin, answer.status]).toEqual([origin, 403]);
        expect(answer.headers.has("Access-Control-Allow-Origin")).toBe(false);
      }
    }
    const fresh = await clientOf(gateway, "ibkr:health:read");
    const own = await callMcp(gateway, {
      Origin: gateway.url,
      ...bearer(fresh.tokens.access_token),
    });
    expect(own.status).toBe(200);
    expect(own.headers.has("Access-Control-Allow-Credentials")).toBe(false);
  });
});
