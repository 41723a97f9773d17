import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { Browser, formFields, signIn } from "../support/oauth-client.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
});
afterAll(() => gateway.close());

const SESSION = "ibkr-owner";

async function submit(browser: Browser, fields: Record<string, string>): Promise<Response> {
  const page = await browser.get("/sign-in");
  return browser.post("/sign-in", { ...formFields(await page.text()), ...fields });
}

async function operator(): Promise<string> {
  const db = await gateway.d1();
  const id = await db
    .prepare("SELECT id FROM accounts WHERE role = 'operator'")
    .first<string>("id");
  if (id === null) throw new Error("no operator yet");
  return id;
}

describe("owner sign-in", () => {
  it("opens the console to the owner's token and to nothing else", async () => {
    const browser = new Browser(gateway.url);
    const stranger = await browser.get("/");
    expect([stranger.status, stranger.headers.get("Location")]).toEqual([303, "/sign-in"]);

    const wrong = await submit(browser, { token: `${gateway.secrets.OWNER_TOKEN}x` });
    expect(wrong.status).toBe(403);
    expect(browser.cookie(SESSION)).toBeUndefined();

    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    expect((await browser.get("/clients")).status).toBe(200);
  });

  it("makes one account however many sign-ins race, and the same one ever after", async () => {
    const browsers = Array.from({ length: 6 }, () => new Browser(gateway.url));
    await Promise.all(browsers.map((browser) => signIn(browser, gateway.secrets.OWNER_TOKEN)));
    const accounts = new Set(browsers.map((browser) => browser.cookie(SESSION)?.split(".")[0]));
    expect([...accounts]).toEqual([await operator()]);
  });

  it("N34: rotates the session on sign-in and forgets it on sign-out", async () => {
    const browser = new Browser(gateway.url);
    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    const first = browser.cookie(SESSION) ?? "";
    const form = formFields(await (await new Browser(gateway.url).get("/sign-in")).text());
    expect(form.form).not.toBe("");

    // A signed-in browser is not asked again, so the form is posted as a fixation would.
    const anonymous = new Browser(gateway.url);
    const fields = formFields(await (await anonymous.get("/sign-in")).text());
    anonymous.setCookie(SESSION, first);
    await anonymous.post("/sign-in", { ...fields, token: gateway.secrets.OWNER_TOKEN });
    const second = anonymous.cookie(SESSION) ?? "";
    expect(second).not.toBe(first);
    expect((await browser.get("/")).headers.get("Location")).toBe("/sign-in");

    const { csrf = "" } = formFields(await (await anonymous.get("/clients")).text());
    await anonymous.post("/sign-out", { csrf });
    const replay = new Browser(gateway.url);
    replay.setCookie(SESSION, second);
    expect((await replay.get("/")).headers.get("Location")).toBe("/sign-in");
  });

  it("refuses a sign-in form that another site could have sent", async () => {
    const browser = new Browser(gateway.url);
    const fields = formFields(await (await browser.get("/sign-in")).text());
    const token = gateway.secrets.OWNER_TOKEN;
    const foreign = await browser.post(
      "/sign-in",
      { ...fields, token },
      { Origin: "https://evil.example" },
    );
    expect(foreign.status).toBe(403);
    const unbound = await browser.post("/sign-in", { ...fields, token, form: crypto.randomUUID() });
    expect(unbound.status).toBe(403);
    expect(browser.cookie(SESSION)).toBeUndefined();
  });

  it("returns to the page that asked, and never to another site", async () => {
    for (const [next, goes] of [
      ["/audit?before=7", "/audit?before=7"],
      ["//evil.example/", "/"],
      ["/\\evil.example/", "/"],
      ["https://evil.example/", "/"],
      ["/sign-out", "/"],
      ["/\n/evil.example", "/"],
      ["javascript:alert(1)", "/"],
    ] as const) {
      const browser = new Browser(gateway.url);
      const page = await browser.get(`/sign-in?next=${encodeURIComponent(next)}`);
      const fields = formFields(await page.text());
      const answer = await browser.post("/sign-in", {
        ...fields,
        next,
        token: gateway.secrets.OWNER_TOKEN,
      });
      expect([next, answer.status, answer.headers.get("Location")]).toEqual([next, 303, goes]);
    }
  });

  it("keeps the session's secret out of storage", async () => {
    const browser = new Browser(gateway.url);
    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    const secret = browser.cookie(SESSION)?.split(".")[1] ?? "missing";
    const rows = await gateway.sql("Account", await operator(), "SELECT * FROM owner_sessions");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it("ends a session when its hours are over", async () => {
    const browser = new Browser(gateway.url);
    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    expect((await browser.get("/clients")).status).toBe(200);
    await gateway.sql(
      "Account",
      await operator(),
      "UPDATE owner_sessions SET expires_at = ?",
      Date.now() - 1,
    );
    expect((await browser.get("/")).headers.get("Location")).toBe("/sign-in");
  });

  it("takes no made-up account for an account, and brings none into being", async () => {
    const browser = new Browser(gateway.url);
    for (const cookie of [
      `acct_${"0".repeat(26)}.${"a".repeat(43)}`,
      `${await operator()}.${"a".repeat(43)}`,
      `${await operator()}`,
      "..",
      `${await operator()}.${"a".repeat(43)}.x`,
    ]) {
      browser.setCookie(SESSION, cookie);
      expect((await browser.get("/")).headers.get("Location")).toBe("/sign-in");
    }
    const db = await gateway.d1();
    expect(await db.prepare("SELECT COUNT(*) AS n FROM accounts").first<number>("n")).toBe(1);
  });

  it("counts wrong tokens before it compares them: a flood in parallel gets ten tries", async () => {
    const browsers = Array.from({ length: 24 }, () => new Browser(gateway.url));
    const answers = await Promise.all(
      browsers.map((browser) => submit(browser, { token: "not-the-owner-token-at-all" })),
    );
    const refused = answers.filter((answer) => answer.status === 403);
    const limited = answers.filter((answer) => answer.status === 429);
    expect([refused.length, limited.length]).toEqual([10, 14]);
    for (const answer of limited)
      expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);

    // Even the right token waits now; a day later it works.
    const owner = new Browser(gateway.url);
    const early = await submit(owner, { token: gateway.secrets.OWNER_TOKEN });
    expect(early.status).toBe(429);
    await gateway.sql(
      "Account",
      await operator(),
      "UPDATE sign_in_attempts SET at = at - 86400000",
    );
    await signIn(owner, gateway.secrets.OWNER_TOKEN);
  });
});

describe("a gateway without its secrets", () => {
  it("says what to set, and lets nobody in", async () => {
    for (const token of ["", "short"]) {
      const bare = await startGateway({ secrets: { OWNER_TOKEN: token } });
      try {
        const page = await fetch(`${bare.url}/sign-in`);
        expect(page.status).toBe(503);
        expect(await page.text()).toContain("wrangler secret put OWNER_TOKEN");
        const browser = new Browser(bare.url);
        const answer = await submit(browser, { token });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(browser.cookie(SESSION)).toBeUndefined();
        const ready = await fetch(`${bare.url}/readyz`);
        expect([ready.status, await ready.json()]).toMatchObject([
          503,
          { checks: { secrets: false } },
        ]);
      } finally {
        await bare.close();
      }
    }
  });
});
