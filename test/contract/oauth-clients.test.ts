import { createHash, randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  authorize,
  type Browser,
  connect,
  registerClient,
  signIn,
  Browser as TestBrowser,
  tokenRequest,
} from "../support/oauth-client.ts";
import { documentOf, VENDOR_DOCUMENTS } from "../support/vendor-documents.ts";

/** What the outside world answers, by address; whatever is not here does not exist. */
const world = new Map<string, () => Response | Promise<Response>>();
const asked: string[] = [];

let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 10_000, REGISTER_LIMIT: 40 },
    outbound: async (request) => {
      asked.push(request.url);
      return world.get(request.url)?.() ?? new Response("not found", { status: 404 });
    },
  });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

const SCOPE = "ibkr:health:read";
const CALLBACK = "https://claude.ai/api/mcp/auth_callback";

function publish(url: string, document: unknown, headers: Record<string, string> = {}): void {
  world.set(
    url,
    () =>
      new Response(typeof document === "string" ? document : JSON.stringify(document), {
        headers: { "Content-Type": "application/json", ...headers },
      }),
  );
}

const metadata = (clientId: string, more: Record<string, unknown> = {}) => ({
  client_id: clientId,
  client_name: "Claude",
  client_uri: "https://claude.ai",
  redirect_uris: [CALLBACK],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
  ...more,
});

/** The consent page for a client id and what is changed in the request. */
function consentPage(clientId: string, change: Record<string, string> = {}, browser = owner) {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: CALLBACK,
    scope: SCOPE,
    state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    resource: `${gateway.url}/mcp`,
    ...change,
  });
  return browser.get(`/authorize?${query}`);
}

describe("client id metadata documents", () => {
  it("a client comes with its document's address, is asked about under its domain, and connects", async () => {
    const id = "https://claude.ai/oauth/mcp-oauth-client-metadata";
    publish(id, metadata(id));
    const page = await (await consentPage(id)).text();
    expect(page).toContain("Its description is published at claude.ai.");
    expect(page).toMatch(/<h1>[^<]*<span class="mono">claude\.ai<\/span>/);

    const answer = await authorize(owner, { clientId: id, redirectUri: CALLBACK, scope: SCOPE });
    const tokens = await tokenRequest(gateway.url, {
      grant_type: "authorization_code",
      code: answer.query.get("code") ?? "",
      redirect_uri: CALLBACK,
      client_id: id,
      code_verifier: answer.verifier,
      resource: `${gateway.url}/mcp`,
    });
    expect(tokens.status).toBe(200);
    const { access_token } = (await tokens.json()) as { access_token: string };
    expect((await callMcp(gateway, { Authorization: `Bearer ${access_token}` })).status).toBe(200);
  });

  it.each(Object.entries(VENDOR_DOCUMENTS))(
    "the description that its maker publishes of %s is taken, with each of its redirects",
    async (_, vendor) => {
      publish(vendor.id, documentOf(vendor));
      for (const redirect_uri of vendor.redirects) {
        const page = await consentPage(vendor.id, { redirect_uri });
        expect([redirect_uri, page.status]).toEqual([redirect_uri, 200]);
        const { host } = new URL(redirect_uri);
        expect(await page.text()).toContain(host.replace(/:\d+$/, ""));
        const asked = { clientId: vendor.id, redirectUri: redirect_uri, scope: SCOPE };
        const answer = await authorize(owner, asked);
        expect(answer.query.get("code")).not.toBeNull();
        expect(answer.query.get("iss")).toBe(gateway.url);
      }
      // And nothing beside them.
      for (const redirect of vendor.redirects) {
        const redirect_uri = `${redirect.replace(/\/$/, "")}/evil`;
        const page = await consentPage(vendor.id, { redirect_uri });
        expect([redirect_uri, page.status]).toEqual([redirect_uri, 400]);
      }
    },
  );

  it("N28: an address that is no document of the client itself is refused, without saying what is there", async () => {
    const base = "https://client.example";
    const id = (name: string) => `${base}/${name}`;
    publish(id("other-id"), metadata(id("another")));
    publish(id("slash"), metadata(`${id("slash")}/`));
    publish(id("case"), metadata(id("CASE")));
    publish(id("query"), metadata(`${id("query")}?x=1`));
    publish(id("no-redirects"), { ...metadata(id("no-redirects")), redirect_uris: undefined });
    publish(id("no-name-array"), []);
    publish(id("big"), metadata(id("big"), { padding: "x".repeat(6000) }));
    publish(id("html"), "<html>SECRET-INTERNAL</html>", { "Content-Type": "text/html" });
    publish(
      id("secret"),
      metadata(id("secret"), {
        client_secret: "s",
        token_endpoint_auth_method: "client_secret_post",
      }),
    );
    publish(
      id("symmetric"),
      metadata(id("symmetric"), { token_endpoint_auth_method: "client_secret_jwt" }),
    );
    publish(
      id("other-redirect"),
      metadata(id("other-redirect"), { redirect_uris: ["https://other.example/cb"] }),
    );
    world.set(
      id("redirect"),
      () => new Response(null, { status: 302, headers: { Location: "http://169.254.169.254/" } }),
    );
    world.set(id("error"), () => new Response("SECRET-INTERNAL", { status: 500 }));
    const documents = [...world.keys()].filter((url) => url.startsWith(base));
    for (const clientId of [
      ...documents,
      "http://client.example/plain",
      "https://127.0.0.1/x",
      "https://[::1]/x",
      "https://2130706433/x",
      "https://0177.0.0.1/x",
      "https://localhost/x",
      "https://169.254.169.254/latest/meta-data",
      `${gateway.url}/healthz`,
      "https://client.example",
      "https://user:pass@client.example/x",
      "https://client.example/x#fragment",
      "https://client.example/a/../b",
      "c".repeat(5000),
    ]) {
      const answer = await consentPage(clientId);
      expect([clientId.slice(0, 60), answer.status, answer.headers.get("Location")]).toEqual([
        clientId.slice(0, 60),
        400,
        null,
      ]);
      const text = await answer.text();
      expect(text).not.toContain("SECRET-INTERNAL");
      expect(text).not.toContain("169.254");
    }
    expect(
      asked.filter((url) => /^http:\/\/|169\.254|127\.|localhost|0177|\[::/.test(url)),
    ).toEqual([]);
  });

  it("N28: nobody who is not signed in makes the gateway fetch anything", async () => {
    const before = asked.length;
    for (let i = 0; i < 5; i += 1) {
      const answer = await consentPage(
        `https://storm.example/${i}`,
        {},
        new TestBrowser(gateway.url),
      );
      expect(answer.headers.get("Location")).toContain("/sign-in?next=");
    }
    expect(asked.length).toBe(before);
  });

  it("ChatGPT proves itself with a signed assertion, and no other key or audience will do", async () => {
    const id = "https://chatgpt.com/oauth/client.json";
    const redirect = "https://chatgpt.com/connector_platform_oauth_redirect";
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const stranger = await generateKeyPair("RS256");
    publish("https://chatgpt.com/oauth/jwks.json", {
      keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" }],
    });
    publish(
      id,
      metadata(id, {
        client_name: "ChatGPT",
        redirect_uris: [redirect],
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "RS256",
        jwks_uri: "https://chatgpt.com/oauth/jwks.json",
      }),
    );
    const assertion = (key: Parameters<SignJWT["sign"]>[0], audience: string, jti: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "JWT" })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime("1m")
        .setJti(jti)
        .sign(key);
    const redeem = async (client_assertion: string | null) => {
      const answer = await authorize(owner, { clientId: id, redirectUri: redirect, scope: SCOPE });
      expect(answer.query.get("iss")).toBe(gateway.url);
      return tokenRequest(gateway.url, {
        grant_type: "authorization_code",
        code: answer.query.get("code") ?? "",
        redirect_uri: redirect,
        client_id: id,
        code_verifier: answer.verifier,
        ...(client_assertion === null
          ? {}
          : {
              client_assertion,
              client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            }),
      });
    };
    const good = await assertion(privateKey, gateway.url, "a1");
    expect((await redeem(good)).status).toBe(200);
    expect((await redeem(good)).status).toBe(401);
    expect((await redeem(null)).status).toBe(401);
    const forged = await assertion(stranger.privateKey, gateway.url, "a2");
    expect((await redeem(forged)).status).toBe(401);
    const elsewhere = await assertion(privateKey, "https://elsewhere.example", "a3");
    expect((await redeem(elsewhere)).status).toBe(401);
  });
});

describe("registration", () => {
  it("N27: names are shown harmless, under the host that the answer goes to", async () => {
    const nasty = "<script>alert(1)</script>\u202Eedualc\u200B\u0007 Claude";
    const client = await registerClient(gateway.url, {
      client_name: nasty,
      redirect_uris: ["https://evil.example/callback"],
      logo_uri: "https://evil.example/logo.png",
      client_uri: "https://evil.example",
    });
    const page = await (
      await consentPage(client.client_id, { redirect_uri: "https://evil.example/callback" })
    ).text();
    expect(page).not.toContain("<script>alert");
    expect(page).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B-\u200F]/);
    expect(page).not.toContain("\u0007");
    expect(page).not.toContain("logo.png");
    expect(page).toMatch(/<h1>[^<]*<span class="mono">evil\.example<\/span>/);
    expect(page).toContain("nobody has verified that name");
    const h1 = /<h1>(.*?)<\/h1>/s.exec(page)?.[1] ?? "";
    expect(h1).not.toContain("Claude");
  });

  it("B19: takes members that are empty or null for absent", async () => {
    const response = await fetch(`${gateway.url}/register`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        client_name: "Loose host",
        redirect_uris: ["http://127.0.0.1:4711/callback"],
        token_endpoint_auth_method: "none",
        client_uri: "",
        logo_uri: null,
        tos_uri: "",
        policy_uri: null,
        contacts: null,
        scope: "",
      }),
    });
    expect(response.status).toBe(201);
    const client = await response.json();
    expect(client).toMatchObject({ client_name: "Loose host", client_id: expect.any(String) });
    expect(client).not.toHaveProperty("client_uri");
  });

  it("N27: what is too large or means harm is refused, and a flood is told to wait", async () => {
    const send = (body: string) =>
      fetch(`${gateway.url}/register`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
      });
    const document = { redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" };
    const huge = await send(JSON.stringify({ ...document, client_name: "x".repeat(1_000_000) }));
    expect(huge.status).toBe(413);
    const many = await send(
      JSON.stringify({
        ...document,
        redirect_uris: Array.from(
          { length: 500 },
          (_, i) => `https://a.example/${"p".repeat(60)}${i}`,
        ),
      }),
    );
    expect(many.status).toBeGreaterThanOrEqual(400);
    const logo = await send(JSON.stringify({ ...document, logo_uri: "javascript:alert(1)" }));
    expect(logo.status).toBe(400);

    const flood = await Promise.all(
      Array.from({ length: 80 }, () => send(JSON.stringify(document))),
    );
    const limited = flood.filter((answer) => answer.status === 429);
    expect(limited.length).toBeGreaterThan(30);
    expect(limited[0]?.headers.get("Retry-After")).toBe("60");
  });
});

describe("hosts as they are", () => {
  it("Codex: registers by DCR, speaks 2025-06-18, refreshes without resource", async () => {
    const fresh = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
    try {
      const browser = new TestBrowser(fresh.url);
      await signIn(browser, fresh.secrets.OWNER_TOKEN);
      const codex = await connect(browser, {
        scope: SCOPE,
        clientName: "Codex",
        redirectUri: "http://127.0.0.1:55123/callback/AbCdEfGhIjKl",
      });
      const refreshed = await tokenRequest(fresh.url, {
        grant_type: "refresh_token",
        refresh_token: codex.tokens.refresh_token ?? "",
        client_id: codex.clientId,
      });
      const { access_token } = (await refreshed.json()) as { access_token: string };
      const answer = await fetch(`${fresh.url}/mcp`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${access_token}`,
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 0,
          method: "initialize",
          params: {
            protocolVersion: "2025-06-18",
            capabilities: { elicitation: {} },
            clientInfo: { name: "codex-mcp-client", version: "0.165.0" },
          },
        }),
      });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('"protocolVersion":"2025-06-18"');
      // Claude Code leaves the scope out as well; VS Code comes back on another port each time.
      const vscode = await registerClient(fresh.url, {
        client_name: "Visual Studio Code",
        redirect_uris: [
          "http://127.0.0.1:33418/",
          "http://127.0.0.1/",
          "https://vscode.dev/redirect",
          "https://insiders.vscode.dev/redirect",
        ],
      });
      for (const redirectUri of [
        "http://127.0.0.1:33418/",
        "http://127.0.0.1:49217/",
        "https://vscode.dev/redirect",
      ]) {
        const { query } = await authorize(browser, {
          clientId: vscode.client_id,
          redirectUri,
          scope: SCOPE,
        });
        expect(query.get("code")).not.toBeNull();
      }
    } finally {
      await fresh.close();
    }
  });
});
