import { choiceNamed } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { modern } from "../support/mcp.ts";
import {
  Browser,
  connect,
  formFields,
  type OAuthConnection,
  tokenRequest,
} from "../support/oauth-client.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";

/** What an owner gives a client after it was let in, with the token that it has. */
let gateway: Gateway;
let owner: Browser;
let client: OAuthConnection;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());
beforeEach(async () => {
  // As every stock client asks, and as the page opens.
  client = await connect(owner, { scope: BASELINE_SCOPES.join(" "), choice: "read" });
});

async function call(name: string, args: Record<string, unknown> = {}) {
  const to = { url: gateway.url, token: client.tokens.access_token };
  const answer = await modern(to, "tools/call", { name, arguments: args });
  return {
    status: answer.status,
    challenge: answer.headers.get("www-authenticate") ?? "",
    text: answer.text,
    content: answer.message?.result?.structuredContent,
  };
}

async function tools(): Promise<string[]> {
  const { message } = await modern(
    { url: gateway.url, token: client.tokens.access_token },
    "tools/list",
  );
  return message?.result.tools.map(({ name }: { name: string }) => name);
}

const post = async (path: string, fields: [string, string][], browser = owner) =>
  browser.post(path, [
    ["csrf", formFields(await (await browser.get("/security")).text()).csrf ?? ""],
    ["client_id", client.clientId],
    ...fields,
  ]);
const allow = (choice: string, more: [string, string][] = [], browser = owner) =>
  post("/clients/access", [["choice", choice], ...more], browser);
const change = (fields: [string, string][], browser = owner) =>
  post("/clients/change", fields, browser);

/** What was written about this client, the newest first. */
async function changes(): Promise<Record<string, string>[]> {
  const rows = await gateway.sql(
    "Account",
    accountOf(owner),
    "SELECT event FROM audit_log ORDER BY seq DESC LIMIT 20",
  );
  return rows
    .map(({ event }) => JSON.parse(String(event)))
    .filter(({ type, who }) => type === "client.changed" && who.client_id === client.clientId)
    .map(({ meta }) => meta);
}

/** The grant of this client's tokens. */
const grantId = () => client.tokens.access_token.split(":")[1] ?? "";

/** The same app on another computer: a second connection of the same client id, made before. */
async function anotherConnection(): Promise<string> {
  const [id, kv] = [`other${grantId()}`, await gateway.kv()];
  const key = `grant:${accountOf(owner)}:${grantId()}`;
  const grant = JSON.parse((await kv.get(key, "text")) ?? "null");
  await kv.put(`grant:${accountOf(owner)}:${id}`, JSON.stringify({ ...grant, id }));
  await gateway.sql(
    "Account",
    accountOf(owner),
    "INSERT INTO grants (grant_id, client_id, admitted_at, state) VALUES (?, ?, 1, 'active')",
    id,
    client.clientId,
  );
  return id;
}
const stateOf = async (id: string) => {
  const [row] = await gateway.sql<{ state: string }>(
    "Account",
    accountOf(owner),
    "SELECT state FROM grants WHERE grant_id = ?",
    id,
  );
  const kv = await (await gateway.kv()).get(`grant:${accountOf(owner)}:${id}`);
  return [row?.state, kv !== null];
};
/** As a browser sends the page's form: with what stands ticked on it. */
async function pressOn(path: string, choice: string, not: string[] = []) {
  const html = await (await owner.get(path)).text();
  const action = path.split("?")[0] ?? "";
  const form = html.slice(html.indexOf(`action="${action}"`));
  const ticked = form.includes('name="end_others" value="yes" checked') ? ["end_others"] : [];
  return owner.post(action, [
    ...Object.entries(formFields(form)).filter(([name]) =>
      ["csrf", "client_id", "connection"].includes(name),
    ),
    ...ticked.filter((name) => !not.includes(name)).map((name): [string, string] => [name, "yes"]),
    ["choice", choice],
  ]);
}

describe("an app with several connections", () => {
  it("the page says how many and which one asks; allowing orders ends the others, as it stands ticked", async () => {
    const other = await anotherConnection();
    const link = new URL((await call("ibkr_access_request")).content.link);
    const page = await (await owner.get(link.pathname + link.search)).text();
    expect(page.replace(/<[^>]*>/g, "").replace(/\s+/g, " ")).toMatch(
      /This app has 2 connections, made just now and .* What you allow counts for all of them\.When I allow orders, end the othersThe one made just now stays: it asked for this\./,
    );
    expect((await pressOn(link.pathname + link.search, "prepare")).status).toBe(303);
    expect(await stateOf(other)).toEqual(["active", true]);
    expect((await pressOn(link.pathname + link.search, "paper")).status).toBe(303);
    expect(await stateOf(other)).toEqual(["revoked", false]);
    expect(await stateOf(grantId())).toEqual(["active", true]);
    expect((await call("ibkr_access_request")).content.access).toBe(choiceNamed("paper")?.title);
    expect((await changes())[0]).toMatchObject({ connections_ended: "1" });
    expect(await (await owner.get(link.pathname + link.search)).text()).not.toContain("end_others");
  });

  it("the one whose link it is stays, also when it is not the newest; unticked, all stay", async () => {
    const other = await anotherConnection();
    const path = `/clients/access?id=${client.clientId}&connection=`;
    await pressOn(path + other, "paper", ["end_others"]);
    expect([await stateOf(other), await stateOf(grantId())]).toEqual([
      ["active", true],
      ["active", true],
    ]);
    await change([["choice", "read"]]);
    await pressOn(path + other, "paper");
    expect([await stateOf(other), await stateOf(grantId())]).toEqual([
      ["active", true],
      ["revoked", false],
    ]);
    expect((await call("ibkr_health")).status).toBe(401);
  });

  it("Change asks the same, and keeps the newest", async () => {
    const other = await anotherConnection();
    await pressOn(`/clients/change?id=${client.clientId}`, "paper");
    expect(await stateOf(other)).toEqual(["revoked", false]);
    expect((await call("ibkr_health")).status).toBe(200);
  });

  it("the consent page says what else it has, and ends it when orders are allowed there", async () => {
    const other = await anotherConnection();
    const { clientId, redirectUri } = client;
    const ask = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: "ibkr:health:read",
      code_challenge: "A".repeat(43),
      code_challenge_method: "S256",
      resource: `${gateway.url}/mcp`,
    });
    const html = await (await owner.get(`/authorize?${ask}`)).text();
    expect(html.replace(/<[^>]*>/g, "").replace(/\s+/g, " ")).toContain(
      "This app has 2 other connections",
    );
    const fields = formFields(html.slice(html.indexOf('action="/authorize"')));
    await owner.post("/authorize", [
      ["csrf", fields.csrf ?? ""],
      ["handle", fields.handle ?? ""],
      ["decision", "approve"],
      ["end_others", "yes"],
      ["choice", "paper"],
    ]);
    expect((await stateOf(other))[0]).toBe("revoked");
    expect((await call("ibkr_health")).status).toBe(401);
  });
});

/** A preview was let through to where its arguments are judged. */
const reached = ({ status, text }: { status: number; text: string }) =>
  status === 200 && !text.includes("AUTH_MISSING_SCOPE");

it("one tool tells every grant what else there is, and where its owner allows it", async () => {
  expect(await tools()).toContain("ibkr_access_request");
  expect(await tools()).not.toContain("ibkr_order_preview");
  const { content } = await call("ibkr_access_request");
  expect(content).toMatchObject({
    access: "Read",
    choices: [{ choice: "prepare" }, { choice: "paper" }, { choice: "live" }],
    link: `${gateway.url}/clients/access?id=${client.clientId}&connection=${grantId()}`,
  });
  const page = await (
    await owner.get(new URL(content.link).pathname + new URL(content.link).search)
  ).text();
  expect(page).toContain("Read and prepare orders");
});

it("a call is refused before and passes after, with the same token and no refresh, both ways", async () => {
  const before = await call("ibkr_order_preview");
  expect(before.status).toBe(403);
  expect(before.challenge).toContain('error="insufficient_scope"');
  expect(before.challenge).toContain("/clients/access?id=");
  const again = await call("ibkr_order_preview");
  expect(again).toMatchObject({ status: 200, content: { code: "AUTH_MISSING_SCOPE" } });
  expect(again.content.user_action).toContain(`/clients/access?id=${client.clientId}`);

  expect((await allow("prepare", [["at_once", "yes"]])).status).toBe(303);
  expect(reached(await call("ibkr_order_preview"))).toBe(true);
  expect(await tools()).toContain("ibkr_order_preview");

  await change([["choice", "read"]]);
  expect((await call("ibkr_health")).status).toBe(200);
  expect(reached(await call("ibkr_order_preview"))).toBe(false);
  expect(await tools()).not.toContain("ibkr_order_preview");

  expect(await changes()).toMatchObject([
    { removed: "ibkr:orders:preview", added: "" },
    { removed: "", added: "ibkr:orders:preview", first_hour: "lifted" },
  ]);
});

it("the link gives and never takes away; a choice under Change is exactly itself", async () => {
  await change([["scope", "ibkr:audit:read"]]);
  await allow("prepare");
  const { content } = await call("ibkr_access_request");
  expect(content.permissions).toEqual(
    [...(choiceNamed("prepare")?.scopes ?? []), "ibkr:audit:read"].sort(),
  );
  await change([["choice", "paper"]]);
  expect((await call("ibkr_access_request")).content.access).toBe(choiceNamed("paper")?.title);
});

it("the first hour stays unless it is lifted", async () => {
  await allow("prepare");
  expect((await call("ibkr_reconcile", { account_id: "DU7000001" })).content.code).toBe(
    "CLIENT_READ_ONLY_YET",
  );
  await change([
    ["choice", "prepare"],
    ["at_once", "yes"],
  ]);
  expect((await call("ibkr_reconcile", { account_id: "DU7000001" })).content.code).not.toBe(
    "CLIENT_READ_ONLY_YET",
  );
});

it("a refresh names what the owner gives by now; who asks for less stays below it", async () => {
  const refresh = async (more: Record<string, string> = {}) => {
    const answer = await tokenRequest(gateway.url, {
      grant_type: "refresh_token",
      refresh_token: client.tokens.refresh_token ?? "",
      client_id: client.clientId,
      ...more,
    });
    client.tokens = (await answer.json()) as OAuthConnection["tokens"];
    return client.tokens.scope?.split(" ").sort();
  };
  const paper = [...(choiceNamed("paper")?.scopes ?? [])].sort();
  await change([["choice", "paper"]]);
  expect(await refresh()).toEqual(paper);
  // Clients that name their scopes name those they were first told of, which is no wish for less.
  expect(await refresh({ scope: BASELINE_SCOPES.join(" ") })).toEqual(paper);
  expect(await refresh({ scope: "ibkr:health:read" })).toEqual(["ibkr:health:read"]);
  expect((await call("ibkr_health")).content).toMatchObject({ gateway: "ok" });
  expect(reached(await call("ibkr_positions_list"))).toBe(false);
  await allow("live");
  expect(reached(await call("ibkr_order_preview"))).toBe(false);
});

describe("who may widen", () => {
  it("nobody without the owner's session, its csrf field and its own origin; nobody else's client", async () => {
    const stranger = new Browser(gateway.url);
    const unsigned = await stranger.post("/clients/access", {
      client_id: client.clientId,
      choice: "paper",
    });
    expect(unsigned.headers.get("Location")).toContain("/sign-in");
    const fields = { client_id: client.clientId, choice: "paper" };
    expect((await owner.post("/clients/access", fields)).headers.get("Location")).toBe("/");
    const { csrf = "" } = formFields(await (await owner.get("/security")).text());
    const foreign = await owner.post(
      "/clients/access",
      { ...fields, csrf },
      { Origin: "https://evil.example" },
    );
    expect(foreign.status).toBe(403);
    expect((await owner.get("/clients/access?id=nobody")).status).toBe(404);
    expect((await owner.get(`/clients/access?id=${client.clientId}&choice=paper`)).status).toBe(
      200,
    );
    expect(reached(await call("ibkr_order_preview"))).toBe(false);
  });

  it("live waits for what it needs", async () => {
    expect((await allow("live")).status).toBe(400);
    // Picked one by one it is the same live account.
    const live = await change([
      ["choice", "each"],
      ["scope", "ibkr:health:read"],
      ["scope", "ibkr:orders:live:submit"],
    ]);
    expect([live.status, await live.text()]).toEqual([
      400,
      expect.stringContaining("The live account first needs a passkey of yours and your PC"),
    ]);
    expect((await call("ibkr_access_request")).content.access).toBe("Read");
  });

  it("with a passkey enrolled only that passkey, in the middle of the form; narrowing asks nobody", async () => {
    const passkey = new SoftwarePasskey(gateway.url);
    const adding = await (await owner.get("/security/passkeys/new")).text();
    await owner.post("/security/passkeys", {
      ...formFields(adding.slice(adding.indexOf("data-passkey"))),
      name: "Key",
      response: passkey.register(ceremonyOn(adding)),
    });
    await gateway.sql("Account", accountOf(owner), "UPDATE owner_sessions SET confirmed_at = 0");
    const sent = await allow("paper", [["at_once", "yes"]]);
    const path = sent.headers.get("Location") ?? "";
    const asking = await (await owner.get(path)).text();
    expect(asking).toContain("Then the app may do what you chose.");
    // Which app, and what it gets.
    expect(asking).toMatch(/App: <strong>[^<]+<\/strong>/);
    expect(asking).toMatch(/Access: *<strong>[^<]*\(paper\)[^<]*<\/strong>/);
    expect(reached(await call("ibkr_order_preview"))).toBe(false);
    const answer = (page: string) => formFields(page.slice(page.indexOf("data-passkey")));
    const wrong = await owner.post("/confirm", { ...answer(asking), response: "{}" });
    expect(wrong.status).toBe(403);
    expect(reached(await call("ibkr_order_preview"))).toBe(false);
    const renewed = await (await owner.get(path)).text();
    const done = await owner.post("/confirm", {
      ...answer(renewed),
      response: passkey.use(ceremonyOn(renewed)),
    });
    expect(done.status).toBe(303);
    expect(reached(await call("ibkr_order_preview"))).toBe(true);

    await gateway.sql("Account", accountOf(owner), "UPDATE owner_sessions SET confirmed_at = 0");
    expect((await change([["choice", "read"]])).status).toBe(303);
    expect(reached(await call("ibkr_order_preview"))).toBe(false);
  });
});
