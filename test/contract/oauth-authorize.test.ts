import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  authorize,
  type Browser,
  formFields,
  type RegisteredClient,
  registerClient,
  tokenRequest,
} from "../support/oauth-client.ts";

let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 10_000, REGISTER_LIMIT: 1000 },
  });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

const SCOPE = "ibkr:health:read";
const LOOPBACK = "http://127.0.0.1:9/callback";
const verifier = randomBytes(32).toString("base64url");
const challenge = createHash("sha256").update(verifier).digest("base64url");

/** What the authorization endpoint answers to a request that is right but for what is changed. */
async function ask(
  client: RegisteredClient,
  change: Record<string, string | string[] | null> = {},
): Promise<Response> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: LOOPBACK,
    scope: SCOPE,
    state: "s",
    code_challenge: challenge,
    code_challenge_method: "S256",
    resource: `${gateway.url}/mcp`,
  });
  for (const [name, value] of Object.entries(change)) {
    query.delete(name);
    for (const one of value === null ? [] : [value].flat()) query.append(name, one);
  }
  return owner.get(`/authorize?${query}`);
}

const register1 = (redirect: string, more: Record<string, unknown> = {}) =>
  registerClient(gateway.url, { redirect_uris: [redirect], ...more });

/** A code of this client, ready to be redeemed. */
async function codeFor(client: RegisteredClient, redirectUri = LOOPBACK) {
  const answer = await authorize(owner, { clientId: client.client_id, redirectUri, scope: SCOPE });
  return { code: answer.query.get("code") ?? "", verifier: answer.verifier, redirectUri };
}

function redeem(
  client: RegisteredClient,
  grant: { code: string; verifier: string; redirectUri: string },
  change: Record<string, string | null> = {},
): Promise<Response> {
  const fields: Record<string, string | null> = {
    grant_type: "authorization_code",
    code: grant.code,
    redirect_uri: grant.redirectUri,
    client_id: client.client_id,
    code_verifier: grant.verifier,
    resource: `${gateway.url}/mcp`,
    ...change,
  };
  return tokenRequest(
    gateway.url,
    Object.fromEntries(
      Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  );
}

async function errorOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  return typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
}

describe("redirect addresses", () => {
  it("N11: anything but the registered address ends on our own page, never in a redirect", async () => {
    const client = await register1("https://good.example/callback", {
      token_endpoint_auth_method: "client_secret_post",
    });
    expect((await ask(client, { redirect_uri: "https://good.example/callback" })).status).toBe(200);
    for (const redirect of [
      "https://good.example/callback/",
      "https://good.example/callback/more",
      "https://good.example/callback/..",
      "https://good.example/%2e%2e/callback",
      "https://good.example/callback?x=1",
      "https://good.example/callback#f",
      "https://good.example/Callback",
      "https://good.example./callback",
      "https://good.example:8443/callback",
      "https://good@evil.example/callback",
      "https://good.example@evil.example/callback",
      "https://good.example\\@evil.example/callback",
      "http://good.example/callback",
      "https://sub.good.example/callback",
      "//good.example/callback",
      "",
    ]) {
      const answer = await ask(client, { redirect_uri: redirect });
      expect([redirect, answer.status, answer.headers.get("Location")]).toEqual([
        redirect,
        400,
        null,
      ]);
      expect(await answer.text()).not.toContain("evil");
    }
  });

  it("N12: dangerous and unencrypted addresses are of no use, also when registered beside a good one", async () => {
    for (const bad of [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "vbscript:x",
      "http://example.com/callback",
      "cursor://anysphere.cursor-mcp/oauth/callback",
      " javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
    ]) {
      const answer = await fetch(`${gateway.url}/register`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          client_name: "x",
          redirect_uris: [bad, LOOPBACK],
          token_endpoint_auth_method: "none",
        }),
      });
      if (answer.status !== 201) {
        expect([bad, answer.status]).toEqual([bad, 400]);
        continue;
      }
      const body: unknown = await answer.json();
      const client = body as RegisteredClient;
      const used = await ask(client, { redirect_uri: bad });
      expect([bad, used.status, used.headers.get("Location")]).toEqual([bad, 400, null]);
      expect((await ask(client)).status).toBe(200);
    }
  });

  it("Cursor's three addresses register together, and the two that browsers may follow work", async () => {
    const client = await registerClient(gateway.url, {
      redirect_uris: [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
      ],
    });
    for (const [redirect_uri, status] of [
      ["cursor://anysphere.cursor-mcp/oauth/callback", 400],
      ["https://www.cursor.com/agents/mcp/oauth/callback", 200],
      ["http://localhost:8787/callback", 200],
    ] as const) {
      expect((await ask(client, { redirect_uri })).status).toBe(status);
    }
  });

  it("N13: what only looks like this machine is not this machine", async () => {
    for (const host of [
      "localhost.evil.com",
      "127.0.0.1.nip.io",
      "0.0.0.0",
      "[::ffff:127.0.0.1]",
      "localhost@evil.com",
      "10.0.0.1",
    ]) {
      const answer = await fetch(`${gateway.url}/register`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          redirect_uris: [`http://${host}:9/callback`],
          token_endpoint_auth_method: "none",
        }),
      });
      expect([host, answer.status]).toEqual([host, 400]);
    }
  });

  it("N14: a loopback address may come from any port, and from no other path or name", async () => {
    const client = await register1("http://localhost:1234/callback");
    for (const [redirect_uri, status] of [
      ["http://localhost:1234/callback", 200],
      ["http://localhost:59999/callback", 200],
      ["http://localhost/callback", 200],
      ["http://localhost:1234/other", 400],
      ["http://127.0.0.1:1234/callback", 400],
      ["https://localhost:1234/callback", 400],
    ] as const) {
      expect([redirect_uri, (await ask(client, { redirect_uri })).status]).toEqual([
        redirect_uri,
        status,
      ]);
    }
  });
});

describe("PKCE and state", () => {
  it("N15: is asked of every client, with a secret or without, as S256 and once", async () => {
    const secret = await register1(LOOPBACK, { token_endpoint_auth_method: "client_secret_basic" });
    const open = await register1(LOOPBACK);
    for (const client of [open, secret]) {
      for (const change of [
        { code_challenge: null, code_challenge_method: null },
        { code_challenge: null },
        { code_challenge_method: "plain" },
        { code_challenge_method: null },
        { code_challenge: [challenge, challenge] },
        { code_challenge: "short" },
        { code_challenge: "" },
      ]) {
        const answer = await ask(client, change);
        const location = answer.headers.get("Location");
        const refused =
          answer.status === 400 ||
          (location?.startsWith(`${LOOPBACK}?`) === true &&
            new URL(location).searchParams.get("error") === "invalid_request");
        expect([change, refused]).toEqual([change, true]);
      }
    }
  });

  it("N16: a wrong verifier is refused, and the code with it", async () => {
    const client = await register1(LOOPBACK);
    for (const wrong of [
      null,
      "",
      "x".repeat(43),
      verifier.slice(0, 42),
      "v".repeat(129),
      "ü".repeat(50),
      `${"a".repeat(42)} `,
    ]) {
      const grant = await codeFor(client);
      const answer = await redeem(client, grant, { code_verifier: wrong });
      expect([wrong, answer.status]).toEqual([wrong, 400]);
      expect(["invalid_grant", "invalid_request"]).toContain(await errorOf(answer));
      const after = await redeem(client, grant);
      expect([wrong, after.status, await errorOf(after)]).toEqual([wrong, 400, "invalid_grant"]);
    }
  });

  it("N17: leaving the verifier out where a challenge was sent does not help", async () => {
    const client = await register1(LOOPBACK, { token_endpoint_auth_method: "client_secret_post" });
    const grant = await codeFor(client);
    const answer = await redeem(client, grant, {
      code_verifier: null,
      client_secret: client.client_secret ?? "",
    });
    expect(answer.status).toBe(400);
  });

  it("N18: state comes back as it was sent, whatever is in it, and holds nothing of ours", async () => {
    const client = await register1(LOOPBACK);
    for (const state of [
      "x".repeat(1024),
      `"'<script>&`,
      "a\r\nSet-Cookie: evil=1",
      "ümläut 🗝",
      " ",
    ]) {
      const answer = await authorize(owner, {
        clientId: client.client_id,
        redirectUri: LOOPBACK,
        scope: SCOPE,
        state,
      });
      expect(answer.query.get("state")).toBe(state);
      expect(answer.redirect.href).not.toMatch(/[\r\n]/);
      expect([...answer.query.keys()].sort()).toEqual(["code", "iss", "state"]);
    }
    expect(owner.cookieNames()).not.toContain("evil");
  });

  it("N35: every answer to the client names the issuer of the metadata, errors too", async () => {
    const client = await register1(LOOPBACK);
    const good = await authorize(owner, {
      clientId: client.client_id,
      redirectUri: LOOPBACK,
      scope: SCOPE,
    });
    expect(good.query.get("iss")).toBe(gateway.url);

    const denyPage = await (await ask(client)).text();
    const { csrf = "", handle = "" } = formFields(denyPage.slice(denyPage.indexOf('"/authorize"')));
    const denied = await owner.post("/authorize", { csrf, handle, decision: "deny" });
    const errors = [
      denied,
      await ask(client, { scope: "nothing:here" }),
      await ask(client, { response_type: "token" }),
      await ask(client, { resource: "https://elsewhere.example/mcp" }),
    ];
    for (const answer of errors) {
      const query = new URL(answer.headers.get("Location") ?? "").searchParams;
      expect(query.get("error")).not.toBeNull();
      expect([query.get("iss"), query.get("state")]).toEqual([gateway.url, "s"]);
    }
  });
});

describe("codes", () => {
  it("N19: is good for one token, however many ask at once; used again it takes back what it gave", async () => {
    const client = await register1(LOOPBACK);
    const race = await codeFor(client);
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(client, race)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);

    const grant = await codeFor(client);
    const first = await redeem(client, grant);
    const tokens: unknown = await first.json();
    const token = (tokens as { access_token: string }).access_token;
    expect((await callMcp(gateway, { Authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await redeem(client, grant)).status).toBe(400);
    expect((await callMcp(gateway, { Authorization: `Bearer ${token}` })).status).toBe(401);
  });

  it("a forged code takes nothing back, however often it comes", async () => {
    const client = await register1(LOOPBACK);
    const grant = await codeFor(client);
    const tokens: unknown = await (await redeem(client, grant)).json();
    const token = (tokens as { access_token: string }).access_token;
    const [user, id] = grant.code.split(":");
    const forged = { ...grant, code: `${user}:${id}:${"f".repeat(32)}` };
    for (let i = 0; i < 3; i += 1) expect((await redeem(client, forged)).status).toBe(400);
    expect((await callMcp(gateway, { Authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it("N20: is of no use to another client, to another address or for another resource", async () => {
    const client = await register1(LOOPBACK);
    const other = await register1(LOOPBACK);
    const stolen = await codeFor(client);
    const byOther = await redeem(other, stolen);
    expect([byOther.status, await errorOf(byOther)]).toEqual([400, "invalid_grant"]);
    const moved = await redeem(client, await codeFor(client), {
      redirect_uri: "http://127.0.0.1:9/elsewhere",
    });
    expect([moved.status, await errorOf(moved)]).toEqual([400, "invalid_grant"]);
    const retargeted = await redeem(client, await codeFor(client), {
      resource: "https://elsewhere.example/mcp",
    });
    expect([retargeted.status, await errorOf(retargeted)]).toEqual([400, "invalid_target"]);
  });

  it("N21, N22: a token is for this resource, or there is none", async () => {
    const client = await register1(LOOPBACK);
    const audience = async (resource: string | null) => {
      const answer = await ask(client, { resource });
      if (answer.status !== 200) {
        const location = answer.headers.get("Location");
        return location === null ? "shown" : new URL(location).searchParams.get("error");
      }
      return "asked";
    };
    expect(await audience(null)).toBe("asked");
    expect(await audience(`${gateway.url.toUpperCase().replace("HTTP", "http")}/mcp`)).toBe(
      "asked",
    );
    for (const wrong of [
      "https://elsewhere.example/mcp",
      `${gateway.url}/mcp/`,
      `${gateway.url}/mcp-staging`,
      `${gateway.url}/other`,
      `${gateway.url}/mcp#f`,
      `${gateway.url}`,
      "not a url",
    ]) {
      expect([wrong, await audience(wrong)]).toEqual([wrong, "invalid_target"]);
    }
    const twice = await ask(client, {
      resource: [`${gateway.url}/mcp`, "https://elsewhere.example/mcp"],
    });
    expect(new URL(twice.headers.get("Location") ?? "").searchParams.get("error")).toBe(
      "invalid_target",
    );
    const grant = await codeFor(client);
    const answer = await redeem(client, grant, { resource: null });
    expect(await answer.json()).toMatchObject({ resource: `${gateway.url}/mcp` });
  });
});
