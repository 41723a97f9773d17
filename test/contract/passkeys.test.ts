import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { storePairing } from "../../sidecar/src/config/pairing-file.ts";
import { loadOrCreateDeviceKey } from "../../sidecar/src/trust/pc-keys/device-key.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  Browser,
  checkboxes,
  formFields,
  registerClient,
  signIn,
} from "../support/oauth-client.ts";
import { ceremonyOn, type Overrides, SoftwarePasskey } from "../support/software-passkey.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
});
afterAll(() => gateway.close());

/** Every test begins with an operator who has never enrolled anything. */
beforeEach(async () => {
  const db = await gateway.d1();
  const id = await db
    .prepare("SELECT id FROM accounts WHERE role = 'operator'")
    .first<string>("id");
  if (id === null) return;
  const { sql } = gateway;
  for (const table of [
    "passkeys",
    "owner_sessions",
    "owner_settings",
    "sidecars",
    "sign_in_attempts",
  ]) {
    await sql("Account", id, `DELETE FROM ${table}`);
  }
});

/** Fields of the form that a passkey answers. */
function passkeyFields(html: string): Record<string, string> {
  return formFields(html.slice(html.indexOf("data-passkey")));
}

async function enrol(
  browser: Browser,
  passkey: SoftwarePasskey,
  over: Overrides = {},
): Promise<Response> {
  const html = await (await browser.get("/security/passkeys/new")).text();
  return browser.post("/security/passkeys", {
    ...passkeyFields(html),
    name: "Test key",
    response: passkey.register(ceremonyOn(html), over),
  });
}

async function signInBy(
  browser: Browser,
  passkey: SoftwarePasskey,
  over: Overrides = {},
): Promise<Response> {
  const html = await (await browser.get("/sign-in")).text();
  return browser.post("/sign-in/passkey", {
    ...passkeyFields(html),
    response: passkey.use(ceremonyOn(html), over),
  });
}

async function confirm(browser: Browser, passkey: SoftwarePasskey, over: Overrides = {}) {
  const html = await (await browser.get("/confirm?next=%2Fsecurity")).text();
  return browser.post("/confirm", {
    ...passkeyFields(html),
    response: passkey.use(ceremonyOn(html), over),
  });
}

/** The session's confirmation, as if it had happened long ago. */
async function forgetConfirmation(browser: Browser): Promise<void> {
  await gateway.sql("Account", accountOf(browser), "UPDATE owner_sessions SET confirmed_at = 0");
}

const enrolled = (browser: Browser) =>
  gateway.sql("Account", accountOf(browser), "SELECT * FROM passkeys ORDER BY added_at");

async function ownerWithPasskey(): Promise<{ owner: Browser; passkey: SoftwarePasskey }> {
  const owner = await ownerOf(gateway);
  const passkey = new SoftwarePasskey(gateway.url);
  expect((await enrol(owner, passkey)).headers.get("Location")).toBe("/security");
  return { owner, passkey };
}

describe("passkeys", () => {
  it("the token enrols the first one, and from then on signs nobody in", async () => {
    const { passkey } = await ownerWithPasskey();
    const stranger = new Browser(gateway.url);
    await expect(signIn(stranger, gateway.secrets.OWNER_TOKEN)).rejects.toThrow("403");

    const owner = new Browser(gateway.url);
    const answer = await signInBy(owner, passkey);
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/"]);
    expect((await owner.get("/security")).status).toBe(200);
  });

  it("every algorithm that is offered can enrol and sign in; others cannot", async () => {
    const owner = await ownerOf(gateway);
    for (const algorithm of ["ES256", "EdDSA", "RS256"] as const) {
      const passkey = new SoftwarePasskey(gateway.url, algorithm);
      const added = await enrol(owner, passkey);
      expect([algorithm, added.status]).toEqual([algorithm, 303]);
      const browser = new Browser(gateway.url);
      expect([algorithm, (await signInBy(browser, passkey)).status]).toEqual([algorithm, 303]);
      await gateway.sql(
        "Account",
        accountOf(owner),
        "UPDATE owner_sessions SET confirmed_at = ?",
        Date.now(),
      );
    }
    expect((await enrol(owner, new SoftwarePasskey(gateway.url, "ES384"))).status).toBe(400);
  });

  it("N55: nothing about an enrolment or a sign-in may be other than it must", async () => {
    const owner = await ownerOf(gateway);
    const wrong: [string, Overrides][] = [
      ["type", { type: "webauthn.other" }],
      ["challenge", { challenge: "A".repeat(43) }],
      ["origin", { origin: "https://evil.example" }],
      ["another port", { origin: gateway.url.replace(/\d+$/, "1") }],
      ["frame of another site", { crossOrigin: true }],
      ["relying party", { rpId: "evil.example" }],
      ["presence", { userPresent: false }],
      ["verification", { userVerified: false }],
    ];
    for (const [what, over] of wrong) {
      const answer = await enrol(owner, new SoftwarePasskey(gateway.url), over);
      expect([what, answer.status, (await enrolled(owner)).length]).toEqual([what, 400, 0]);
    }
    const passkey = new SoftwarePasskey(gateway.url);
    await enrol(owner, passkey);
    const signedIn: [string, Overrides][] = [
      ...wrong,
      ["signature", { tamper: (bytes) => Buffer.from(bytes).fill(1, 10, 20) }],
      ["no signature", { tamper: () => Buffer.alloc(8) }],
      ["unknown key", { credentialId: "A".repeat(22) }],
      [
        "somebody else's account",
        { userHandle: Buffer.from(`acct_${"0".repeat(26)}`).toString("base64url") },
      ],
      ["no account", { userHandle: "AAAA" }],
    ];
    for (const [what, over] of signedIn) {
      const browser = new Browser(gateway.url);
      const answer = await signInBy(browser, passkey, over);
      expect([what, answer.status, browser.cookie("ibkr-owner")]).toEqual([what, 403, undefined]);
    }
    const other = new SoftwarePasskey(gateway.url);
    const asEnrolled = await signInBy(new Browser(gateway.url), other, {
      credentialId: passkey.credentialId,
    });
    expect(asEnrolled.status).toBe(403);
    expect((await signInBy(new Browser(gateway.url), passkey)).status).toBe(303);
  });

  it("N55: an answer works once, in the browser that was asked, and while its challenge lives", async () => {
    const { passkey } = await ownerWithPasskey();
    const browser = new Browser(gateway.url);
    const html = await (await browser.get("/sign-in")).text();
    const fields = { ...passkeyFields(html), response: passkey.use(ceremonyOn(html)) };

    const thief = new Browser(gateway.url);
    await thief.get("/sign-in");
    expect((await thief.post("/sign-in/passkey", fields)).status).toBe(403);

    expect((await browser.post("/sign-in/passkey", fields)).status).toBe(303);
    const { csrf = "" } = formFields(await (await browser.get("/security")).text());
    await browser.post("/sign-out", { csrf });
    expect((await browser.post("/sign-in/passkey", fields)).status).toBe(403);

    const forged = await (await browser.get("/sign-in")).text();
    const made = ceremonyOn(forged);
    const own = { ...made, options: { ...made.options, challenge: "Zm9yZ2Vk" } };
    const answer = await browser.post("/sign-in/passkey", {
      ...passkeyFields(forged),
      challenge: "Zm9yZ2Vk",
      response: passkey.use(own),
    });
    expect(answer.status).toBe(403);
  });

  it("N55: a counter that does not rise is a copy, and a copy gets in nowhere", async () => {
    const { passkey } = await ownerWithPasskey();
    expect((await signInBy(new Browser(gateway.url), passkey, { counter: 9 })).status).toBe(303);
    expect((await signInBy(new Browser(gateway.url), passkey, { counter: 9 })).status).toBe(403);
    expect((await signInBy(new Browser(gateway.url), passkey, { counter: 3 })).status).toBe(403);
    expect((await signInBy(new Browser(gateway.url), passkey, { counter: 10 })).status).toBe(303);
  });

  it("the same answer sent by two at once opens one session", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    const browser = new Browser(gateway.url);
    const html = await (await browser.get("/sign-in")).text();
    const fields = { ...passkeyFields(html), response: passkey.use(ceremonyOn(html)) };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => browser.post("/sign-in/passkey", fields)),
    );
    expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1);
    const sessions = await gateway.sql(
      "Account",
      accountOf(owner),
      "SELECT method FROM owner_sessions WHERE method = 'passkey'",
    );
    expect(sessions).toHaveLength(1);
  });
});

describe("what widens access", () => {
  it("asks for a passkey once there is one; an old confirmation does not do", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    // Enrolled under a session that the token opened, and nothing has confirmed since.
    for (const path of ["/security/passkeys/new", "/pair"]) {
      const answer = await owner.get(path);
      expect([path, answer.headers.get("Location")]).toEqual([
        path,
        `/confirm?next=${encodeURIComponent(path)}`,
      ]);
    }
    expect((await confirm(owner, passkey, { userVerified: false })).status).toBe(403);
    expect((await confirm(owner, new SoftwarePasskey(gateway.url))).status).toBe(403);
    expect((await confirm(owner, passkey)).headers.get("Location")).toBe("/security");
    expect((await owner.get("/pair")).status).toBe(200);
    expect((await enrol(owner, new SoftwarePasskey(gateway.url))).status).toBe(303);
    expect(await enrolled(owner)).toHaveLength(2);

    await forgetConfirmation(owner);
    expect((await owner.get("/pair")).status).toBe(303);
    const { csrf = "" } = formFields(await (await owner.get("/security")).text());
    await owner.post("/security/token-sign-in", { csrf, on: "yes" });
    await expect(signIn(new Browser(gateway.url), gateway.secrets.OWNER_TOKEN)).rejects.toThrow();
    const [first] = await enrolled(owner);
    await owner.post("/security/passkeys/remove", {
      csrf,
      credential_id: String(first?.credential_id),
    });
    expect(await enrolled(owner)).toHaveLength(2);
    const posted = await owner.post("/pair", { csrf, code: "BCDFGHJK" });
    expect(posted.headers.get("Location")).toContain("/confirm");
  });

  it("carries the form that asked for it through, once, as it was sent, for that session alone", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    const { csrf = "" } = formFields(await (await owner.get("/security")).text());
    const trading = async () => (await (await owner.get("/trading")).text()).split('id="live"')[0];
    const off = await owner.post("/trading/switch", { csrf, mode: "paper", on: "yes" });
    const path = off.headers.get("Location") ?? "";
    expect(path).toMatch(/^\/confirm\?next=%2Ftrading&pending=[\w-]{43}$/);
    const html = await (await owner.get(path)).text();
    expect(html).toContain("Then orders are switched on.");
    const answer = (over: Record<string, string> = {}, page = html) => ({
      ...passkeyFields(page),
      response: passkey.use(ceremonyOn(page)),
      ...over,
    });
    // Another session of the same owner can do nothing with it, and what it changes is nothing.
    const other = new Browser(gateway.url);
    expect((await signInBy(other, passkey)).status).toBe(303);
    await gateway.sql("Account", accountOf(owner), "UPDATE owner_sessions SET confirmed_at = 0");
    const elsewhere = await (await other.get(path)).text();
    expect(elsewhere).not.toContain("orders are switched on");
    const pending = passkeyFields(html).pending ?? "";
    const stolen = await other.post("/confirm", answer({ pending }, elsewhere));
    expect(stolen.headers.get("Location")).toBe("/trading");
    expect(await trading()).toContain(">Off<");
    // Not without the passkey, and not by an answer that is not this page's.
    const wrong = await owner.post("/confirm", answer({ response: "{}" }));
    expect(wrong.status).toBe(403);
    expect(await trading()).toContain(">Off<");
    // With it: done as it was asked for, whatever else the answer carries.
    const again = await (await owner.get(path)).text();
    const done = await owner.post("/confirm", answer({ mode: "live", on: "no" }, again));
    expect([done.status, done.headers.get("Location")]).toEqual([303, "/trading"]);
    expect(await trading()).toContain(">On<");
    // And once: what is switched off meanwhile stays off.
    await owner.post("/trading/switch", { csrf, mode: "paper", on: "no" });
    const spent = await (await owner.get(path)).text();
    expect(spent).not.toContain("orders are switched on");
    await owner.post("/confirm", answer({ pending }, spent));
    expect(await trading()).toContain(">Off<");
  });

  it("a form that waited for longer than ten minutes is not carried out", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    const { csrf = "" } = formFields(await (await owner.get("/security")).text());
    const asked = await owner.post("/security/token-sign-in", { csrf, on: "yes" });
    const path = asked.headers.get("Location") ?? "";
    const html = await (await owner.get(path)).text();
    await gateway.sql("Account", accountOf(owner), "UPDATE pending_forms SET forget_at = 1");
    const late = await owner.post("/confirm", {
      ...passkeyFields(html),
      response: passkey.use(ceremonyOn(html)),
    });
    expect(late.headers.get("Location")).toBe("/security");
    await expect(signIn(new Browser(gateway.url), gateway.secrets.OWNER_TOKEN)).rejects.toThrow();
  });

  it("consent that stood open for too long asks once more, and then leads back to the app", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    await confirm(owner, passkey);
    const client = await registerClient(gateway.url);
    const query = new URLSearchParams({
      response_type: "code",
      client_id: client.client_id,
      redirect_uri: "http://127.0.0.1:9/callback",
      scope: "ibkr:accounts:read ibkr:orders:paper:submit",
      state: "a-state-of-its-own",
      code_challenge: "a".repeat(43),
      code_challenge_method: "S256",
      resource: `${gateway.url}/mcp`,
    });
    const page = await (await owner.get(`/authorize?${query}`)).text();
    await forgetConfirmation(owner);
    const {
      csrf = "",
      handle = "",
      app = "",
    } = formFields(page.slice(page.indexOf('action="/authorize"')));
    const fields: [string, string][] = [
      ["csrf", csrf],
      ["handle", handle],
      ["app", app],
      ["decision", "approve"],
      ...checkboxes(page, "scope")
        .filter(({ value }) => query.get("scope")?.split(" ").includes(value))
        .map(({ value }): [string, string] => ["scope", value]),
    ];
    const posted = await owner.post("/authorize", fields);
    const path = posted.headers.get("Location") ?? "";
    expect(path).toContain("/confirm?");
    const asking = await (await owner.get(path)).text();
    expect(asking).toMatch(/App: <strong>[^<]+ at 127\.0\.0\.1[^<]*<\/strong>/);
    expect(asking).toMatch(/Access: *<strong>[^<]*permissions?[^<]*<\/strong>/);
    const done = await owner.post("/confirm", {
      ...passkeyFields(asking),
      response: passkey.use(ceremonyOn(asking)),
    });
    expect(done.status).toBe(200);
    expect(done.headers.get("Refresh")).toMatch(
      /^0; url=http:\/\/127\.0\.0\.1:9\/callback\?.*code=/,
    );
  });

  it("the token signs in again when the owner says so, and stops at a word", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    await confirm(owner, passkey);
    const { csrf = "" } = formFields(await (await owner.get("/security")).text());
    await owner.post("/security/token-sign-in", { csrf, on: "yes" });
    await signIn(new Browser(gateway.url), gateway.secrets.OWNER_TOKEN);
    await forgetConfirmation(owner);
    await owner.post("/security/token-sign-in", { csrf, on: "no" });
    await expect(signIn(new Browser(gateway.url), gateway.secrets.OWNER_TOKEN)).rejects.toThrow();
  });

  it("order scopes are handed out only with a passkey at hand", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    const { connect } = await import("../support/oauth-client.ts");
    // The form leads to a page that asks for the passkey, and grants nothing.
    await expect(connect(owner, { scope: "ibkr:orders:paper:submit" })).rejects.toThrow("303");
    const read = await connect(owner, { scope: "ibkr:health:read" });
    expect(read.tokens.scope).toBe("ibkr:health:read");
    await confirm(owner, passkey);
    const orders = await connect(owner, { scope: "ibkr:orders:paper:submit" });
    expect(orders.tokens.scope).toBe("ibkr:orders:paper:submit");
  });

  it("the last passkey stays", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    await confirm(owner, passkey);
    const { csrf = "" } = formFields(await (await owner.get("/security")).text());
    await owner.post("/security/passkeys/remove", { csrf, credential_id: passkey.credentialId });
    expect(await enrolled(owner)).toHaveLength(1);
    const second = new SoftwarePasskey(gateway.url);
    await enrol(owner, second);
    await owner.post("/security/passkeys/remove", { csrf, credential_id: passkey.credentialId });
    expect((await signInBy(new Browser(gateway.url), passkey)).status).toBe(403);
    expect((await signInBy(new Browser(gateway.url), second)).status).toBe(303);
  });
});

describe("sessions", () => {
  it("are listed with how and where they were opened, and ended one by one or all at once", async () => {
    const { owner, passkey } = await ownerWithPasskey();
    const phone = new Browser(gateway.url);
    const html = await (await phone.get("/sign-in")).text();
    await phone.post(
      "/sign-in/passkey",
      { ...passkeyFields(html), response: passkey.use(ceremonyOn(html)) },
      {
        "User-Agent":
          "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
      },
    );
    const page = await (await owner.get("/security")).text();
    expect(page).toContain("Safari on iPhone");
    const end = page.slice(page.indexOf('action="/security/sessions/end"'));
    const { session_id = "", csrf = "" } = formFields(end);
    await owner.post("/security/sessions/end", { csrf, session_id });
    expect((await phone.get("/security")).headers.get("Location")).toContain("/sign-in");

    await signInBy(phone, passkey);
    await signInBy(new Browser(gateway.url), passkey);
    await owner.post("/security/sessions/end-others", { csrf });
    expect((await phone.get("/security")).status).toBe(303);
    expect((await owner.get("/security")).status).toBe(200);
  });
});

describe("an owner who lost every passkey", () => {
  it("waits a day with the token alone where no PC is paired, and enrols a new one", async () => {
    const { owner } = await ownerWithPasskey();
    const browser = new Browser(gateway.url);
    const page = await (await browser.get("/sign-in/recover")).text();
    const fields = formFields(page);
    const wrong = await browser.post("/sign-in/recover", { ...fields, token: "x".repeat(32) });
    expect(wrong.status).toBe(403);
    const withToken = () =>
      browser.post("/sign-in/recover", { ...fields, token: gateway.secrets.OWNER_TOKEN });
    for (const _again of [1, 2]) {
      const asked = await withToken();
      expect(asked.status).toBe(403);
      expect(await asked.text()).toContain("after a day");
    }
    expect(await (await owner.get("/security")).text()).toContain("without a PC");
    await gateway.sql(
      "Account",
      accountOf(owner),
      `UPDATE owner_settings SET value = '{"askedAt":1,"readyAt":${Date.now() - 1}}' WHERE name = 'recovery:without-pc'`,
    );
    const answer = await withToken();
    expect(answer.headers.get("Location")).toBe("/security");
    expect((await enrol(browser, new SoftwarePasskey(gateway.url))).status).toBe(303);
    expect(await enrolled(owner)).toHaveLength(2);
  });

  it("needs the paired PC's code beside the token; either alone opens nothing", async () => {
    const { owner } = await ownerWithPasskey();
    const pc = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-pc-"));
    try {
      const key = loadOrCreateDeviceKey(pc);
      const pair = (publicKey: string) =>
        gateway.sql(
          "Account",
          accountOf(owner),
          `INSERT OR REPLACE INTO sidecars (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at)
           VALUES ('s1', ?, 'pc', '1', 'f', '[]', 'active', 1)`,
          publicKey,
        );
      await pair(key.publicKey);
      storePairing(pc, {
        gateway_origin: gateway.url,
        relay_url: `${gateway.url.replace("http", "ws")}/relay/${accountOf(owner)}`,
        account_id: accountOf(owner),
        sidecar_id: "s1",
        edge_identity_key: key.publicKey,
        capabilities: [],
        paired_at: new Date().toISOString(),
      });
      const browser = new Browser(gateway.url);
      const fields = formFields(await (await browser.get("/sign-in/recover")).text());
      const token = gateway.secrets.OWNER_TOKEN;
      const recover = async (code: string, by = token) =>
        (await browser.post("/sign-in/recover", { ...fields, token: by, code })).status;
      for (const code of ["", "BCDFGHJK", "nonsense"]) expect(await recover(code)).toBe(403);

      const asked = await sidecar(pc, "recover");
      expect([asked.code, asked.err]).toEqual([0, ""]);
      const code = /Type this code: (\S+)/.exec(asked.out)?.[1] ?? "";
      expect(await recover(code, "x".repeat(32))).toBe(403);
      expect(await recover(code)).toBe(303);
      expect(await recover(code)).toBe(403);
      expect((await enrol(browser, new SoftwarePasskey(gateway.url))).status).toBe(303);

      // A PC that is not paired any more shows no code, and one it showed before is dead.
      const late = await sidecar(pc, "recover");
      const before = /Type this code: (\S+)/.exec(late.out)?.[1] ?? "";
      await gateway.sql("Account", accountOf(owner), "UPDATE sidecars SET state = 'revoked'");
      await gateway.sql(
        "Account",
        accountOf(owner),
        `INSERT INTO sidecars (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at)
         VALUES ('s2', 'other', 'pc', '1', 'f', '[]', 'active', 1)`,
      );
      expect(await recover(before)).toBe(403);
      expect((await sidecar(pc, "recover")).code).toBe(1);
    } finally {
      await rm(pc, { recursive: true, force: true });
    }
  });

  it("a token that is not the device's own gets no code", async () => {
    const { owner } = await ownerWithPasskey();
    const unproved = await fetch(`${gateway.url}/recovery`, {
      method: "POST",
      body: JSON.stringify({ account_id: accountOf(owner), sidecar_id: "s1", token: "x.y.z" }),
    });
    expect(unproved.status).toBe(401);
  });
});

/** The sidecar's own command line, on a PC with this configuration folder. */
function sidecar(configDir: string, command: string) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, [
      inject("sidecarCli"),
      ...["--config-dir", configDir, command],
    ]);
    const run = { code: null as number | null, out: "", err: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      run.out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      run.err += chunk.toString();
    });
    child.on("close", (code) => resolve({ ...run, code }));
  });
}
