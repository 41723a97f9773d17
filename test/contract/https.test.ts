import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { authorize, Browser, formFields, signIn } from "../support/oauth-client.ts";

/** As deployed: behind https, under a name of its own. Requests are handed to workerd as such. */
const ORIGIN = "https://gateway.example";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({
    vars: { PUBLIC_ORIGIN: ORIGIN, ALLOWED_HOSTS: "old.example" },
    rateLimits: { SIGN_IN_LIMIT: 1000 },
  });
});
afterAll(() => gateway.close());

async function send(url: URL | string, init: RequestInit = {}): Promise<Response> {
  const { method = "GET", body } = init;
  const headers = new Headers(init.headers);
  if (body instanceof URLSearchParams) {
    headers.set("Content-Type", "application/x-www-form-urlencoded");
  }
  const answer = await gateway.miniflare.dispatchFetch(String(url), {
    method,
    headers: [...headers],
    ...(body == null ? {} : { body: String(body) }),
    redirect: "manual",
  });
  const copied = new Headers();
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") copied.append(name, value);
  }
  for (const cookie of answer.headers.getSetCookie()) copied.append("Set-Cookie", cookie);
  const hasBody = ![204, 303, 304, 307].includes(answer.status);
  return new Response(hasBody ? await answer.arrayBuffer() : null, {
    status: answer.status,
    headers: copied,
  });
}

it("cookies are bound to this host and to https, and pages ask for https for a year", async () => {
  const owner = new Browser(ORIGIN, send);
  await signIn(owner, gateway.secrets.OWNER_TOKEN);
  expect(owner.cookieNames().sort()).toEqual(["__Host-ibkr-form", "__Host-ibkr-owner"]);

  const form = await send(`${ORIGIN}/sign-in`);
  const cookie = form.headers.getSetCookie()[0] ?? "";
  for (const attribute of ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"]) {
    expect(cookie).toContain(attribute);
  }
  expect(cookie).not.toContain("Domain");
  for (const path of ["/", "/sign-in", "/clients", "/nothing", "/healthz"]) {
    const page = await owner.get(path);
    expect([path, page.headers.get("Strict-Transport-Security")]).toEqual([
      path,
      "max-age=31536000",
    ]);
  }
  const { csrf = "" } = formFields(await (await owner.get("/clients")).text());
  await owner.post("/sign-out", { csrf });
  expect(owner.cookieNames()).toEqual(["__Host-ibkr-form"]);
});

it("a session cookie without the prefix is no session", async () => {
  const owner = new Browser(ORIGIN, send);
  await signIn(owner, gateway.secrets.OWNER_TOKEN);
  const plain = new Browser(ORIGIN, send);
  plain.setCookie("ibkr-owner", owner.cookie("__Host-ibkr-owner") ?? "");
  expect((await plain.get("/clients")).headers.get("Location")).toContain("/sign-in");
});

it("the whole way of a client works, with the consent cookie as the library made it", async () => {
  const owner = new Browser(ORIGIN, send);
  await signIn(owner, gateway.secrets.OWNER_TOKEN);
  const registered = await send(`${ORIGIN}/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      client_name: "https client",
      redirect_uris: ["https://client.example/callback"],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id } = (await registered.json()) as { client_id: string };
  const { query, verifier } = await authorize(owner, {
    clientId: client_id,
    redirectUri: "https://client.example/callback",
    scope: "ibkr:health:read",
  });
  expect(query.get("iss")).toBe(ORIGIN);
  const tokens = await send(`${ORIGIN}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: query.get("code") ?? "",
      redirect_uri: "https://client.example/callback",
      client_id,
      code_verifier: verifier,
    }),
  });
  expect([tokens.status, await tokens.json()]).toMatchObject([200, { resource: `${ORIGIN}/mcp` }]);
});

it("another of its names leads people to the front door, and programs nowhere", async () => {
  const page = await send("https://old.example/audit?before=5");
  expect([page.status, page.headers.get("Location")]).toEqual([307, `${ORIGIN}/audit?before=5`]);
  for (const path of ["/mcp", "/token", "/.well-known/oauth-authorization-server"]) {
    const answer = await send(`https://old.example${path}`, { method: "POST" });
    expect([path, answer.status]).toEqual([path, 421]);
  }
  expect((await send("https://stranger.example/audit")).status).toBe(421);
});

it("without https people are sent round, and programs and sidecars are not served", async () => {
  const page = await send("http://gateway.example/sign-in?next=%2Faudit");
  expect([page.status, page.headers.get("Location")]).toEqual([
    307,
    `${ORIGIN}/sign-in?next=%2Faudit`,
  ]);
  for (const path of ["/mcp", "/token", `/relay/acct_${"0".repeat(26)}`]) {
    const answer = await send(`http://gateway.example${path}`, { method: "POST" });
    expect([path, answer.status]).toEqual([path, 421]);
  }
});
