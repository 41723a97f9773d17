import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { choiceNamed } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  browserAuth,
  connect,
  type Gateway,
  rowsOf,
  storedAuth,
  tokenAuth,
} from "../../client/src/index.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { approve } from "../support/consent.ts";
import { atTerminal } from "../support/terminal.ts";
import { programEnv } from "./program.ts";
import { expireAccessTokens, type Rig, startRig } from "./rig.ts";

/** The library against the real Worker, with the owner at the browser. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

/** The owner gives the choice on the page and is sent back; how often the page was opened. */
function ownerGives(choice: () => string) {
  const opened: URL[] = [];
  return {
    opened,
    async open(url: string) {
      opened.push(new URL(url));
      const back = await approve(rig.owner, new URL(url), choice());
      const page = await fetch(back);
      expect(await page.text()).toContain("You can close this tab");
    },
  };
}

async function signedIn(configDir: string, choice = "read"): Promise<Gateway> {
  const owner = ownerGives(() => choice);
  return connect(rig.gateway.url, { configDir, auth: browserAuth({ open: owner.open }) });
}

describe("signing in", () => {
  it("asks for what it was told, for this gateway, and keeps what it got to its user", async () => {
    rig.wire.clear();
    const configDir = await rig.home();
    const owner = ownerGives(() => "paper");
    const auth = browserAuth({ access: "paper", clientName: "My program", open: owner.open });
    const gateway = await connect(rig.gateway.url, { configDir, auth });
    await gateway.close();
    expect(rig.wire.registrations()).toMatchObject([
      { client_name: "My program", token_endpoint_auth_method: "none" },
    ]);
    const [asked] = owner.opened.map(({ searchParams }) => Object.fromEntries(searchParams));
    expect(asked).toMatchObject({
      scope: choiceNamed("paper")?.scopes.join(" "),
      resource: rig.mcp,
      code_challenge_method: "S256",
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
    });
    expect(String(asked?.state).length).toBeGreaterThan(30);
    expect((await stat(join(configDir, "logins.json"))).mode & 0o077).toBe(0);
    // Another port of this computer is the same client: nothing is registered again.
    rig.wire.clear();
    const again = await connect(rig.gateway.url, { configDir, auth: storedAuth() });
    await again.close();
    expect([rig.wire.registrations(), owner.opened.length]).toEqual([[], 1]);
  });

  it("is said to be needed where nobody signed in, and where the token is none", async () => {
    const configDir = await rig.home();
    await expect(connect(rig.gateway.url, { configDir })).rejects.toMatchObject({
      code: "SIGN_IN_REQUIRED",
    });
    const auth = tokenAuth("not-a-token");
    await expect(connect(rig.gateway.url, { configDir, auth })).rejects.toMatchObject({
      code: "SIGN_IN_REQUIRED",
    });
  });

  it("is not finished by an answer of another issuer, or by a no, and keeps nothing then", async () => {
    const configDir = await rig.home();
    const answered = (change: (back: URL) => void) =>
      browserAuth({
        async open(url) {
          const back = await approve(rig.owner, new URL(url), "read");
          change(back);
          await fetch(back);
        },
      });
    const other = answered((back) => back.searchParams.set("iss", "https://other.example"));
    await expect(connect(rig.gateway.url, { configDir, auth: other })).rejects.toMatchObject({
      code: "SIGN_IN_REQUIRED",
    });
    const no = answered((back) => {
      back.searchParams.delete("code");
      back.searchParams.set("error", "access_denied");
    });
    await expect(connect(rig.gateway.url, { configDir, auth: no })).rejects.toMatchObject({
      code: "SIGN_IN_REQUIRED",
      message: "The owner did not give access.",
    });
    await expect(connect(rig.gateway.url, { configDir })).rejects.toMatchObject({
      code: "SIGN_IN_REQUIRED",
    });
  });

  it("opens the page again for a call that needs more, and then makes it", async () => {
    const configDir = await rig.home();
    let choice = "read";
    const owner = ownerGives(() => choice);
    const auth = browserAuth({ access: "read", open: owner.open });
    await using gateway = await connect(rig.gateway.url, { configDir, auth });
    choice = "prepare";
    const preview = gateway.tools.orderPreview({
      conid: 265598,
      side: "BUY",
      order_type: "LMT",
      quantity: "1",
      limit_price: "100",
    });
    // It was let through to the tool, which prepared the order: only trading is not switched on.
    await expect(preview).rejects.toMatchObject({
      code: "FEATURE_DISABLED",
      answer: { outcome: "prepared" },
    });
    expect(owner.opened.length).toBe(2);
    expect(owner.opened[1]?.searchParams.get("scope")).toContain("ibkr:positions:read");
    expect(owner.opened[1]?.searchParams.get("scope")).toContain("ibkr:orders:preview");
  });

  it("tells a program without a person what its owner must allow, and where", async () => {
    const configDir = await rig.home();
    await (await signedIn(configDir)).close();
    await using gateway = await connect(rig.gateway.url, { configDir });
    await expect(
      gateway.tools.killSwitchEngage({ reason: "a test", cancel_working_orders: false }),
    ).rejects.toMatchObject({
      code: "AUTH_MISSING_SCOPE",
      outcome: "not_done",
      userAction: expect.stringContaining("/clients/access?id="),
    });
  });

  it("is renewed once, however many programs need it at the same moment", async () => {
    const configDir = await rig.home();
    await (await signedIn(configDir)).close();
    await expireAccessTokens(rig);
    rig.wire.clear();
    const programs = Array.from({ length: 8 }, () => run(configDir));
    expect(await Promise.all(programs)).toEqual(Array(8).fill("1"));
    const refreshes = rig.wire
      .tokenRequests()
      .filter(({ form }) => form.grant_type === "refresh_token");
    expect(refreshes.map(({ status }) => status)).toEqual([200]);
  }, 60_000);
});

/** One program; its accounts. */
function run(configDir: string): Promise<string> {
  return new Promise((resolve) => {
    const caller = fromRoot("test/clients/client-caller.ts");
    const child = spawn(process.execPath, [caller, rig.gateway.url, configDir]);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said += chunk;
      });
    }
    child.on("close", () => resolve(said.trim()));
  });
}

describe("a call", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await signedIn(await rig.home());
  });
  afterAll(() => gateway?.close());

  it("has the gateway's own types, down to the broker and back", async () => {
    const { accounts } = await gateway.tools.accountsList();
    const [account] = accounts;
    expect(account?.account_id).toMatch(/^DU\d+$/);
    const quotes = await gateway.call("ibkr_market_snapshot", { conids: [265598] });
    expect(quotes.quotes[0]?.conid).toBe(265598);
  });

  it("walks a long answer page by page, with every row once", async () => {
    const whole = await gateway.tools.positionsList({ limit: 200 });
    const rows: unknown[] = [];
    let pages = 0;
    for await (const { positions } of gateway.pages("ibkr_positions_list", { limit: 1 })) {
      pages += 1;
      rows.push(...rowsOf(positions).map(({ conid }) => conid));
    }
    expect(whole.positions.rows.length).toBeGreaterThan(1);
    expect(rows).toEqual(rowsOf(whole.positions).map(({ conid }) => conid));
    expect(pages).toBe(rows.length);
  });

  it("that its caller ends is over at once, and the next one goes through", async () => {
    const end = new AbortController();
    const began = performance.now();
    const call = gateway.call("ibkr_market_snapshot", { conids: [265598] }, { signal: end.signal });
    end.abort();
    await expect(call).rejects.toMatchObject({ code: "CALL_ABORTED", outcome: "not_done" });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect((await gateway.tools.health()).gateway).toBe("ok");
  });

  it("that is refused has the gateway's code and what comes next", async () => {
    const wrong = gateway.tools.contractsSearch({ query: "" });
    await expect(wrong).rejects.toMatchObject({ code: "INPUT_INVALID", outcome: "not_done" });
    const unknown = gateway.tools.orderStatus({ order_id: "999999999" });
    await expect(unknown).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("to a gateway that is away says so", async () => {
    const auth = tokenAuth("any");
    await expect(connect("http://127.0.0.1:9", { auth })).rejects.toMatchObject({
      code: "GATEWAY_UNREACHABLE",
      retryable: true,
      outcome: "not_done",
    });
  });
});

describe("the command line", () => {
  const ibkr = (home: string, ...args: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = spawn(process.execPath, [inject("clientCli"), ...args], {
        env: programEnv(home, rig.person),
      });
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk;
      });
      child.stderr.on("data", (chunk: Buffer) => {
        err += chunk;
      });
      child.on("close", (code) => resolve({ code, out, err }));
    });

  it("signs in with a browser on another computer, whose last address is pasted", async () => {
    const home = await rig.home();
    const typed = ["login", rig.gateway.url, "--no-browser"];
    const env = programEnv(home, rig.person);
    const signingIn = async (pasted: (back: URL) => string) => {
      const terminal = atTerminal([process.execPath, inject("clientCli"), ...typed], env);
      await terminal.until("Paste the address");
      const page = /https?:\/\/\S+\/authorize\S+/.exec(terminal.said())?.[0] ?? "";
      terminal.type(pasted(await approve(rig.owner, new URL(page), "read")));
      return { code: await terminal.ended, said: terminal.said() };
    };
    const other = await signingIn(() => "http://127.0.0.1:1/callback?state=another&code=x");
    expect([other.code, other.said]).toEqual([4, expect.stringContaining("not the address")]);
    const mine = await signingIn((back) => back.href);
    expect([mine.code, mine.said]).toEqual([0, expect.stringContaining("Signed in to")]);
  }, 60_000);

  it("signs in through the browser, says who it is, and signs out at the gateway too", async () => {
    const home = await rig.home();
    const away = await ibkr(home, "whoami", "--gateway", rig.gateway.url);
    expect([away.code, away.out]).toEqual([0, expect.stringContaining("not signed in")]);
    rig.person.choice = "read";
    const login = await ibkr(home, "login", rig.gateway.url, "--access", "paper");
    expect([login.code, login.err]).toEqual([0, expect.stringContaining("may: Read")]);
    expect(rig.person.opened.at(-1)?.searchParams.get("scope")).toContain("paper:submit");
    const who = await ibkr(home, "whoami", "--json");
    expect(JSON.parse(who.out)).toMatchObject({ signed_in: true, gateway: rig.gateway.url });
    rig.wire.clear();
    const out = await ibkr(home, "logout");
    expect([out.code, out.err]).toEqual([0, "Signed out.\n"]);
    expect(rig.wire.tokenRequests()).toMatchObject([{ status: 200 }]);
  });
});
