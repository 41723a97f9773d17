import { createHash, randomBytes } from "node:crypto";
import { ACCESS_CHOICES } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { ALL_SCOPES, BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, callMcp, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  authorize,
  Browser,
  checkboxes,
  connect,
  formFields,
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

const LOOPBACK = "http://127.0.0.1:9/callback";
const SCOPES = "ibkr:health:read ibkr:orders:preview ibkr:orders:live:submit";

async function page(browser: Browser, scope = SCOPES, clientId?: string) {
  const client_id = clientId ?? (await registerClient(gateway.url)).client_id;
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: LOOPBACK,
    scope,
    state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const answer = await browser.get(`/authorize?${query}`);
  const html = await answer.text();
  const { csrf = "", handle = "" } = formFields(html.slice(html.indexOf('action="/authorize"')));
  return { answer, html, csrf, handle, clientId: client_id, query, verifier };
}

const approve = (csrf: string, handle: string, scopes: string[]): [string, string][] => [
  ["csrf", csrf],
  ["handle", handle],
  ["decision", "approve"],
  ...scopes.map((scope): [string, string] => ["scope", scope]),
];

/** The radio buttons of a name, in the order of the page. */
const radios = (html: string, name: string) =>
  [...html.matchAll(/<input type="radio" name="([^"]+)" value="([^"]+)"([^>]*)>/g)]
    .filter(([, of]) => of === name)
    .map(([, , value, rest = ""]) => ({
      value,
      checked: /\schecked/.test(rest),
      disabled: /\sdisabled/.test(rest),
    }));

/** The scopes of the token that an approved form ends in. */
async function granted(
  shown: Awaited<ReturnType<typeof page>>,
  ticked: string[],
  more: [string, string][] = [],
) {
  const answer = await owner.post("/authorize", [
    ...approve(shown.csrf, shown.handle, ticked),
    ...more,
  ]);
  const location = answer.headers.get("Location");
  if (location === null) return answer.status;
  const tokens = await tokenRequest(gateway.url, {
    grant_type: "authorization_code",
    code: new URL(location).searchParams.get("code") ?? "",
    redirect_uri: LOOPBACK,
    client_id: shown.clientId,
    code_verifier: shown.verifier,
  });
  const body = (await tokens.json()) as { scope: string };
  return body.scope.split(" ");
}

describe("what is shown", () => {
  it("names the host and the choices in plain words, and has chosen to read", async () => {
    const { html } = await page(owner);
    expect(html).toContain("127.0.0.1");
    expect(html).toContain("Send orders you approved to your live account, with real money");
    expect(radios(html, "choice")).toEqual([
      { value: "read", checked: true, disabled: false },
      { value: "prepare", checked: false, disabled: false },
      { value: "paper", checked: false, disabled: false },
      // Without a passkey, and without a PC that was paired for it.
      { value: "live", checked: false, disabled: true },
      { value: "each", checked: false, disabled: false },
    ]);
    expect(html).toContain("First it needs");
    expect(html).toContain("it asks for this");
    // Every single permission is there to pick; ticked are the reads that Read gives.
    const boxes = checkboxes(html, "scope");
    expect(boxes.map(({ value }) => value)).toEqual(ALL_SCOPES);
    expect(boxes.filter(({ checked }) => checked).map(({ value }) => value)).toEqual(
      ALL_SCOPES.filter((scope) => BASELINE_SCOPES.includes(scope)),
    );
  });

  it("offers to give only what it asks for, where that is less, and names what it asks for beside", async () => {
    const less = await page(owner, "ibkr:health:read ibkr:audit:read");
    expect(radios(less.html, "choice").map(({ value }) => value)).toContain("asked");
    expect(less.html).toContain("It also asks to: Read the log");
    const stock = await page(owner, BASELINE_SCOPES.join(" "));
    expect(radios(stock.html, "choice").map(({ value }) => value)).not.toContain("asked");
    expect(stock.html).not.toContain("It also asks to");
  });

  it("N29: is shown for every client and every time, whatever was approved before", async () => {
    const first = await connect(owner, { scope: "ibkr:health:read" });
    const other = await page(owner, "ibkr:health:read");
    const again = await page(owner, "ibkr:health:read", first.clientId);
    expect([other.answer.status, again.answer.status]).toEqual([200, 200]);
    expect(again.handle).not.toBe("");
  });
});

describe("what is granted", () => {
  it("is what the owner picked, be it less or more than was asked; nothing that does not exist", async () => {
    expect(await granted(await page(owner), ["ibkr:health:read"])).toEqual(["ibkr:health:read"]);
    expect(
      await granted(await page(owner), ["ibkr:health:read", "ibkr:accounts:read", "admin"]),
    ).toEqual(["ibkr:health:read", "ibkr:accounts:read"]);
    expect(await granted(await page(owner), ["admin"])).toBe(400);
    expect(await granted(await page(owner), [])).toBe(400);
  });

  it("is what a choice says, whatever is ticked beside it; the token's answer names it", async () => {
    const chosen = async (choice: string, scope: string) =>
      granted(await page(owner, scope), ["ibkr:orders:live:submit"], [["choice", choice]]);
    const stock = BASELINE_SCOPES.join(" ");
    for (const { id, scopes } of ACCESS_CHOICES.slice(0, 3)) {
      expect(await chosen(id, stock)).toEqual(scopes);
    }
    // Reads that it asked for by name come with the choice, orders never do.
    expect(await chosen("read", `${SCOPES} ibkr:audit:read`)).toEqual([
      ...BASELINE_SCOPES,
      "ibkr:audit:read",
    ]);
    expect(await chosen("asked", SCOPES)).toEqual(["ibkr:health:read"]);
    // Nothing stands behind the live account yet.
    expect(await chosen("live", stock)).toBe(400);
  });

  it("holds for the broker accounts that are chosen beside it", async () => {
    const shown = await page(owner);
    await granted(
      shown,
      [],
      [
        ["choice", "read"],
        ["accounts", "some"],
        ["account", "DU7000001"],
        ["account", "<script>"],
      ],
    );
    const [row] = await gateway.sql(
      "Account",
      accountOf(owner),
      "SELECT accounts FROM clients WHERE client_id = ?",
      shown.clientId,
    );
    expect(row?.accounts).toBe('["DU7000001"]');
  });

  it("a new client reads for its first hour and does no more, unless the owner says so", async () => {
    const account = accountOf(owner);
    const until = async (clientId: string) => {
      const [row] = await gateway.sql(
        "Account",
        account,
        "SELECT read_only_until FROM clients WHERE client_id = ?",
        clientId,
      );
      return Number(row?.read_only_until);
    };
    const careful = await page(owner);
    await granted(careful, ["ibkr:health:read", "ibkr:orders:preview"]);
    const hour = await until(careful.clientId);
    expect(hour).toBeGreaterThan(Date.now() + 59 * 60_000);
    expect(hour).toBeLessThanOrEqual(Date.now() + 60 * 60_000);

    const trusted = await page(owner);
    await owner.post("/authorize", [
      ...approve(trusted.csrf, trusted.handle, ["ibkr:orders:preview"]),
      ["at_once", "yes"],
    ]);
    expect(await until(trusted.clientId)).toBe(0);

    // Coming back does not start the hour anew, and does not end it either.
    await granted(await page(owner, SCOPES, careful.clientId), ["ibkr:health:read"]);
    expect(await until(careful.clientId)).toBe(hour);
  });
});

describe("the form", () => {
  it("N31: without its handle, with another browser's, sent twice, or by GET, grants nothing", async () => {
    const shown = await page(owner);
    const ticked = ["ibkr:health:read"];
    const noHandle = await owner.post("/authorize", approve(shown.csrf, "", ticked));
    expect(noHandle.status).toBe(400);
    const noCsrf = await owner.post("/authorize", approve("", shown.handle, ticked));
    expect(noCsrf.status).toBe(403);

    const other = await ownerOf(gateway);
    const { csrf } = await page(other);
    const foreign = await other.post("/authorize", approve(csrf, shown.handle, ticked));
    expect([foreign.status, foreign.headers.get("Location")]).toEqual([400, null]);

    const crossSite = await owner.post("/authorize", approve(shown.csrf, shown.handle, ticked), {
      Origin: "https://evil.example",
    });
    expect(crossSite.status).toBe(403);

    const byGet = await owner.get(
      `/authorize?${new URLSearchParams(approve(shown.csrf, shown.handle, ticked))}`,
    );
    expect([byGet.status, byGet.headers.get("Location")]).toEqual([400, null]);

    const good = await owner.post("/authorize", approve(shown.csrf, shown.handle, ticked));
    expect(good.status).toBe(303);
    const twice = await owner.post("/authorize", approve(shown.csrf, shown.handle, ticked));
    expect([twice.status, twice.headers.get("Location")]).toEqual([400, null]);
  });

  it("deny goes back to the client as access_denied, and admits nobody", async () => {
    const shown = await page(owner);
    const denied = await owner.post("/authorize", {
      csrf: shown.csrf,
      handle: shown.handle,
      decision: "deny",
    });
    const location = new URL(denied.headers.get("Location") ?? "");
    expect(location.searchParams.get("error")).toBe("access_denied");
    expect(location.searchParams.has("code")).toBe(false);
    const rows = await gateway.sql(
      "Account",
      accountOf(owner),
      "SELECT 1 FROM clients WHERE client_id = ?",
      shown.clientId,
    );
    expect(rows).toEqual([]);
  });
});

describe("every page", () => {
  const PATHS = [
    "/sign-in",
    "/sign-in/recover",
    "/nothing",
    "/",
    "/pair",
    "/sidecars",
    "/clients",
    "/audit",
    "/security",
    "/security/passkeys/new",
    "/authorize",
  ];

  it("N32: runs nothing inline, loads nothing from elsewhere, is framed by nobody and kept nowhere", async () => {
    for (const path of PATHS) {
      const browser = path === "/sign-in" ? new Browser(gateway.url) : owner;
      const answer = await browser.get(path);
      const html = await answer.text();
      const policy = answer.headers.get("Content-Security-Policy") ?? "";
      expect([path, policy]).toEqual([path, expect.stringContaining("default-src 'none'")]);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).not.toMatch(/unsafe|\*|data:|http:(?!\/\/127)/);
      expect(answer.headers.get("X-Frame-Options")).toBe("DENY");
      expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(answer.headers.get("Referrer-Policy")).toBe("same-origin");
      expect([path, answer.headers.get("Cache-Control")]).toEqual([path, "no-store"]);
      expect(html).not.toMatch(
        /<script(?![^>]*\ssrc="\/assets\/)|\son[a-z]+=|style="|javascript:/i,
      );
      expect(html).not.toMatch(/(src|href)="https?:/);
    }
  });

  it("N33: shows what a stranger wrote as text, wherever it turns up", async () => {
    const payloads = [`"><script>x()</script>`, `'"><img src=x onerror=x()>`, "{{7*7}}"];
    for (const payload of payloads) {
      const encoded = encodeURIComponent(payload);
      for (const path of [
        `/sign-in?next=${encoded}`,
        `/sign-in?error_description=${encoded}`,
        `/authorize?client_id=${encoded}&scope=${encoded}&state=${encoded}`,
        `/authorize?client_id=x&redirect_uri=${encoded}&response_type=${encoded}`,
        `/audit?before=${encoded}`,
        `/clients/change?id=${encoded}`,
        `/clients/access?id=${encoded}`,
        `/confirm?next=${encoded}`,
        `/sign-up?invitation=${encoded}`,
        `/${encoded}`,
      ]) {
        for (const browser of [owner, new Browser(gateway.url)]) {
          const answer = await browser.get(path);
          const html = await answer.text();
          expect([path, html.includes(payload)]).toEqual([path, false]);
          expect([path, html.includes("<img src=x")]).toEqual([path, false]);
          const location = answer.headers.get("Location") ?? "";
          expect(location).not.toMatch(/[<>"\r\n]/);
        }
      }
    }
    const client = await registerClient(gateway.url, { client_name: payloads[0] ?? "" });
    const asked = await page(owner, SCOPES, client.client_id);
    expect(asked.html).not.toContain("<script>x");
    await authorize(owner, {
      clientId: client.client_id,
      redirectUri: LOOPBACK,
      scope: "ibkr:health:read",
    });
    expect(await (await owner.get("/clients")).text()).not.toContain("<script>x");
  });

  it("assets may be kept for good, because their names change with them", async () => {
    const html = await (await owner.get("/security/passkeys/new")).text();
    const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]);
    expect(assets).toHaveLength(3);
    for (const path of assets) {
      const answer = await fetch(`${gateway.url}${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Cache-Control")).toContain("immutable");
      expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    }
  });
});

describe("what the owner takes away", () => {
  it("stops on the very next call of the same token, and what he gives back works on the next", async () => {
    const client = await connect(owner, { scope: "ibkr:health:read ibkr:audit:read" });
    const call = async (name: string) => {
      const answer = await callMcp(
        gateway,
        { Authorization: `Bearer ${client.tokens.access_token}` },
        JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name, arguments: {} },
        }),
      );
      return { status: answer.status, text: await answer.text() };
    };
    expect((await call("ibkr_audit_tail")).text).not.toContain("isError");
    const { csrf = "" } = formFields(await (await owner.get("/clients")).text());
    const change = (scopes: string[]) =>
      owner.post("/clients/change", [
        ["csrf", csrf],
        ["client_id", client.clientId],
        ["accounts", "all"],
        ...scopes.map((scope): [string, string] => ["scope", scope]),
      ]);
    await change(["ibkr:health:read"]);
    // Its token still says otherwise, and is not asked.
    expect((await call("ibkr_audit_tail")).text).toContain("AUTH_MISSING_SCOPE");
    await change(["ibkr:health:read", "ibkr:audit:read"]);
    expect((await call("ibkr_audit_tail")).text).not.toContain("isError");
    await change(["ibkr:health:read"]);
    const refreshed = await tokenRequest(gateway.url, {
      grant_type: "refresh_token",
      refresh_token: client.tokens.refresh_token ?? "",
      client_id: client.clientId,
    });
    const tokens = (await refreshed.json()) as { access_token: string; scope: string };
    expect(tokens.scope).toBe("ibkr:health:read");
    client.tokens.access_token = tokens.access_token;
    expect((await call("ibkr_audit_tail")).status).toBe(403);
    expect((await call("ibkr_health")).status).toBe(200);
  });

  it("the object refuses a narrowed scope also to a token that KV still shows in full", async () => {
    const client = await connect(owner, { scope: "ibkr:health:read ibkr:audit:read" });
    await gateway.sql(
      "Account",
      accountOf(owner),
      "UPDATE clients SET scopes = ? WHERE client_id = ?",
      JSON.stringify(["ibkr:health:read"]),
      client.clientId,
    );
    const answer = await callMcp(
      gateway,
      { Authorization: `Bearer ${client.tokens.access_token}` },
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "ibkr_audit_tail", arguments: {} },
      }),
    );
    expect(await answer.text()).toContain("AUTH_MISSING_SCOPE");
  });
});
