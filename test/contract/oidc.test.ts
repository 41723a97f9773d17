import type { JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { IdentityProvider } from "../support/identity-provider.ts";
import { Browser } from "../support/oauth-client.ts";

const provider = new IdentityProvider();
let gateway: Gateway;
beforeAll(async () => {
  await provider.addKey("ES256", "k1");
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 10_000 },
    outbound: provider.outbound,
    vars: {
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_SUBJECTS: JSON.stringify({ boss: "operator", friend: "new" }),
    },
  });
});
afterAll(() => gateway.close());

/** Leaves for the provider; gives what it was asked. */
async function leave(browser: Browser, next = "/"): Promise<URLSearchParams> {
  const answer = await browser.get(`/sign-in/oidc?next=${encodeURIComponent(next)}`);
  expect(answer.status).toBe(303);
  const location = new URL(answer.headers.get("Location") ?? "");
  expect(location.origin + location.pathname).toBe(`${provider.issuer}/authorize`);
  return location.searchParams;
}

/** Comes back with a code for these claims. */
function comeBack(
  browser: Browser,
  asked: URLSearchParams,
  claims: JWTPayload,
  query: Record<string, string> = {},
): Promise<Response> {
  const code = crypto.randomUUID();
  provider.codes.set(code, claims);
  const answer = new URLSearchParams({ code, state: asked.get("state") ?? "", ...query });
  return browser.get(`/sign-in/oidc/callback?${answer}`);
}

async function signInAs(subject: string, next = "/"): Promise<{ browser: Browser; to: string }> {
  const browser = new Browser(gateway.url);
  const asked = await leave(browser, next);
  const answer = await comeBack(
    browser,
    asked,
    provider.idClaims(subject, asked.get("nonce") ?? ""),
  );
  expect(answer.status).toBe(303);
  return { browser, to: answer.headers.get("Location") ?? "" };
}

describe("sign-in at an identity provider", () => {
  it("asks with PKCE, state and nonce, and lets in whom the configuration names", async () => {
    const asked = await leave(new Browser(gateway.url));
    expect(asked.get("code_challenge_method")).toBe("S256");
    expect(asked.get("redirect_uri")).toBe(`${gateway.url}/sign-in/oidc/callback`);
    for (const secret of ["state", "nonce", "code_challenge"]) {
      expect(asked.get(secret)?.length).toBeGreaterThanOrEqual(43);
    }
    const { browser, to } = await signInAs("boss", "/audit");
    expect(to).toBe("/audit");
    expect((await browser.get("/audit")).status).toBe(200);
  });

  it("gives everyone an account of their own, the same one every time", async () => {
    const boss = accountOf((await signInAs("boss")).browser);
    const friend = accountOf((await signInAs("friend")).browser);
    expect(friend).not.toBe(boss);
    expect(accountOf((await signInAs("friend")).browser)).toBe(friend);
    expect(accountOf((await signInAs("boss")).browser)).toBe(boss);
  });

  it("N30: comes back only into the browser that left, with the state it left with, once", async () => {
    const browser = new Browser(gateway.url);
    const asked = await leave(browser);
    const claims = provider.idClaims("boss", asked.get("nonce") ?? "");
    const stranger = new Browser(gateway.url);
    expect((await comeBack(stranger, asked, claims)).status).toBe(403);
    await leave(stranger);
    expect((await comeBack(stranger, asked, claims)).status).toBe(403);
    expect((await comeBack(browser, asked, claims, { state: "other" })).status).toBe(403);

    // That attempt took the cookie along; a copy of it works once.
    const again = new Browser(gateway.url);
    const second = await leave(again);
    const cookie = again.cookie("ibkr-oidc") ?? "";
    const good = provider.idClaims("boss", second.get("nonce") ?? "");
    expect((await comeBack(again, second, good)).status).toBe(303);
    const copy = new Browser(gateway.url);
    copy.setCookie("ibkr-oidc", cookie);
    expect((await comeBack(copy, second, good)).status).toBe(403);
    const forged = new Browser(gateway.url);
    forged.setCookie("ibkr-oidc", `${cookie.split(".")[0]}.${"A".repeat(43)}`);
    expect((await comeBack(forged, second, good)).status).toBe(403);
  });

  it("takes no token that is not exactly for this sign-in", async () => {
    const now = Math.floor(Date.now() / 1000);
    const wrong: [string, (claims: JWTPayload) => JWTPayload][] = [
      ["issuer", (claims) => ({ ...claims, iss: `${provider.issuer}/` })],
      ["audience", (claims) => ({ ...claims, aud: "another-client" })],
      ["audiences without azp", (claims) => ({ ...claims, aud: [provider.clientId, "x"] })],
      ["nonce", (claims) => ({ ...claims, nonce: "other" })],
      ["no nonce", ({ nonce: _, ...claims }) => claims],
      ["expired", (claims) => ({ ...claims, exp: now - 120, iat: now - 300 })],
      ["old", (claims) => ({ ...claims, iat: now - 3600 })],
      ["from the future", (claims) => ({ ...claims, iat: now + 3600, exp: now + 7200 })],
      ["no subject", ({ sub: _, ...claims }) => claims],
      ["unknown subject", (claims) => ({ ...claims, sub: "stranger" })],
      ["prototype", (claims) => ({ ...claims, sub: "__proto__" })],
    ];
    for (const [what, change] of wrong) {
      const browser = new Browser(gateway.url);
      const asked = await leave(browser);
      const answer = await comeBack(
        browser,
        asked,
        change(provider.idClaims("boss", asked.get("nonce") ?? "")),
      );
      expect([what, answer.status >= 400, browser.cookie("ibkr-owner")]).toEqual([
        what,
        true,
        undefined,
      ]);
    }
    const browser = new Browser(gateway.url);
    const asked = await leave(browser);
    const mixed = await comeBack(
      browser,
      asked,
      provider.idClaims("boss", asked.get("nonce") ?? ""),
      { iss: "https://other.example" },
    );
    expect(mixed.status).toBe(502);
  });

  it("shows the provider's error as ours, and nothing of what it wrote", async () => {
    const browser = new Browser(gateway.url);
    const asked = await leave(browser);
    const answer = await browser.get(
      `/sign-in/oidc/callback?${new URLSearchParams({
        error: "access_denied",
        error_description: "<script>PROVIDER-TEXT</script>",
        state: asked.get("state") ?? "",
      })}`,
    );
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain("PROVIDER-TEXT");
  });
});

describe("a deployment that is set up wrongly", () => {
  it("says so in one line and serves nothing", async () => {
    const vars = { OIDC_ISSUER: "https://id.example", OIDC_SUBJECTS: "{}" };
    const broken = await startGateway({ vars });
    try {
      for (const path of ["/", "/mcp", "/healthz"]) {
        const answer = await fetch(`${broken.url}${path}`);
        expect([path, answer.status, await answer.text()]).toEqual([
          path,
          503,
          "OIDC_CLIENT_ID is missing\n",
        ]);
      }
    } finally {
      await broken.close();
    }
  });
});
