import { generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { IdentityProvider } from "../support/identity-provider.ts";
import { formFields } from "../support/oauth-client.ts";

const provider = new IdentityProvider("https://tokens.example/tenant");
const ALGORITHMS = [
  ["PS256", "p1"],
  ["ES256", "e1"],
  ["EdDSA", "o1"],
  ["RS256", "r1"],
] as const;
const AUDIENCE = "https://gateway.example/mcp";
let gateway: Gateway;
beforeAll(async () => {
  for (const [alg, kid] of ALGORITHMS) await provider.addKey(alg, kid);
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 10_000 },
    outbound: provider.outbound,
    vars: {
      EXTERNAL_ISSUERS: JSON.stringify([
        {
          issuer: provider.issuer,
          audience: AUDIENCE,
          algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
          subjects: { boss: "operator" },
        },
      ]),
    },
  });
  await ownerOf(gateway);
});
afterAll(() => gateway.close());

function claims(change: Record<string, unknown> = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: provider.issuer,
    sub: "boss",
    aud: AUDIENCE,
    iat: now,
    exp: now + 300,
    client_id: "nightly-report",
    scope: "ibkr:health:read ibkr:audit:read",
    ...change,
  };
}

const token = (
  change: Record<string, unknown> = {},
  header: Parameters<IdentityProvider["sign"]>[1] = {},
) => provider.sign(claims(change), { typ: "at+jwt", ...header });

async function call(bearer: string, name = "ibkr_health") {
  const answer = await callMcp(
    gateway,
    { Authorization: `Bearer ${bearer}` },
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: {} },
    }),
  );
  return { status: answer.status, text: await answer.text() };
}

describe("access tokens of a configured issuer", () => {
  it("work with what they carry, as scope or scp, for the account the configuration gives", async () => {
    expect((await call(await token())).status).toBe(200);
    const scp = await token({ scope: undefined, scp: ["ibkr:health:read"] });
    expect((await call(scp)).status).toBe(200);
    const missing = await call(await token({ scope: "ibkr:audit:read" }));
    expect(missing.status).toBe(403);
    expect((await call(await token({ scope: "ibkr:health:read other:thing" }))).status).toBe(200);
  });

  it("(l) work with every algorithm that was allowed", async () => {
    for (const { alg, kid, privateKey: key } of provider.keys) {
      expect([alg, (await call(await token({}, { alg, kid, key }))).status]).toEqual([alg, 200]);
    }
  });

  it("(l) are nothing when anything is not exactly as configured", async () => {
    const now = Math.floor(Date.now() / 1000);
    const other = new IdentityProvider("https://other.example");
    await other.addKey("RS256", "r1");
    const secret = new TextEncoder().encode("shared-secret-shared-secret-shared");
    const wrong: [string, Promise<string>][] = [
      ["issuer with a slash more", token({ iss: `${provider.issuer}/` })],
      ["issuer in capitals", token({ iss: provider.issuer.toUpperCase() })],
      ["another issuer", token({ iss: other.issuer })],
      ["audience", token({ aud: "https://gateway.example/other" })],
      ["audience with a slash more", token({ aud: `${AUDIENCE}/` })],
      ["no audience", token({ aud: undefined })],
      ["expired", token({ iat: now - 400, exp: now - 100 })],
      ["no expiry", token({ exp: undefined })],
      ["not yet", token({ nbf: now + 300 })],
      ["no time of issue", token({ iat: undefined })],
      ["too old", token({ iat: now - 7200, exp: now + 300 })],
      ["issued in the future", token({ iat: now + 300 })],
      ["unknown subject", token({ sub: "stranger" })],
      ["no subject", token({ sub: undefined })],
      ["prototype as subject", token({ sub: "constructor" })],
      ["type", token({}, { typ: "JWT" })],
      ["no type", provider.sign(claims())],
      ["unknown key", token({}, { kid: "nobody" })],
      ["another's key", other.sign(claims(), { typ: "at+jwt" })],
      [
        "symmetric",
        new SignJWT(claims())
          .setProtectedHeader({ alg: "HS256", kid: "r1", typ: "at+jwt" })
          .sign(secret),
      ],
      ["another algorithm", signedBy("ES384")],
    ];
    for (const [what, made] of wrong) {
      expect([what, (await call(await made)).status]).toEqual([what, 401]);
    }
    const unsigned = `${btoa('{"alg":"none","typ":"at+jwt"}')}.${btoa(JSON.stringify(claims()))}.`;
    expect((await call(unsigned)).status).toBe(401);
    const good = await token();
    expect((await call(`${good.slice(0, -4)}AAAA`)).status).toBe(401);
  });

  it("made-up keys do not drive requests to the issuer", async () => {
    const before = provider.asked.length;
    for (let i = 0; i < 20; i += 1) await call(await token({}, { kid: `made-up-${i}` }));
    expect(provider.asked.length - before).toBeLessThanOrEqual(1);
  });

  it("stand in the owner's list of clients, and can be thrown out like any other", async () => {
    expect((await call(await token())).status).toBe(200);
    const owner = await ownerOf(gateway);
    const page = await (await owner.get("/clients")).text();
    expect(page).toContain("nightly-report");
    const { csrf = "" } = formFields(page);
    await owner.post("/clients/revoke", {
      csrf,
      client_id: `ext:${provider.issuer}#nightly-report`,
    });
    expect((await call(await token())).text).toContain("AUTH_TOKEN_INVALID");
    expect((await call(await token({ client_id: "another" }))).status).toBe(200);
    await owner.post("/clients/readmit", {
      csrf,
      client_id: `ext:${provider.issuer}#nightly-report`,
    });
    expect((await call(await token())).text).not.toContain("AUTH_TOKEN_INVALID");
    expect(accountOf(owner)).toMatch(/^acct_/);
  });
});

async function signedBy(alg: string): Promise<string> {
  const { privateKey } = await generateKeyPair(alg);
  return new SignJWT(claims())
    .setProtectedHeader({ alg, kid: "r1", typ: "at+jwt" })
    .sign(privateKey);
}
