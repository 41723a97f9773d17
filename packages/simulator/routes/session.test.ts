import { Readable } from "node:stream";
import { Agent, fetch, request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import type { SimulatorOptions } from "../options.ts";
import { type Bench, PAPER, prime, startBench } from "../testing/client.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let bench: Bench;
async function start(options: SimulatorOptions = {}): Promise<Bench> {
  bench = await startBench(options);
  return bench;
}
afterEach(() => bench.close());

const STATUS = "/iserver/auth/status";
const FORCE = "Force compete capability must be used together with compete flag";

describe("before anybody logged in", () => {
  it("answers 401 to every path, also to one that does not exist", async () => {
    const { get, post } = await start({ loggedIn: false });
    for (const path of [
      STATUS,
      "/tickle",
      "/sso/validate",
      "/portfolio/accounts",
      "/iserver/accounts",
      "/nothing",
    ]) {
      const answer = await get(path);
      expect([path, answer.status, answer.text]).toEqual([path, 401, ""]);
    }
    expect((await post("/iserver/auth/ssodh/init", { publish: true, compete: true })).status).toBe(
      401,
    );
  });

  it("has a body of text or JSON in its 401 when told so", async () => {
    const { get, control } = await start({ loggedIn: false });
    control.change({ session: { unauthorizedBody: "json" } });
    expect((await get(STATUS)).json).toMatchObject({ status: 401, title: "Unauthorized" });
    control.change({ session: { unauthorizedBody: "text" } });
    expect((await get(STATUS)).text).toBe("Unauthorized");
  });
});

describe("a login", () => {
  it("says false once, then authenticated, then established; accounts stay empty until then", async () => {
    const { get, control } = await start({ loggedIn: false });
    control.logIn(true);
    expect((await get(STATUS)).json).toMatchObject({ authenticated: false, connected: false });
    await control.advance(3_000);
    expect((await get(STATUS)).json).toMatchObject({ authenticated: false, connected: true });
    expect((await get(STATUS)).json).toMatchObject({ authenticated: true, established: false });
    expect((await get("/iserver/accounts")).json).toMatchObject({ accounts: [] });
    await control.advance(1_000);
    expect((await get(STATUS)).json).toMatchObject({
      authenticated: true,
      established: true,
      fail: "",
    });
    expect((await get("/iserver/accounts")).json).toMatchObject({
      accounts: [PAPER],
      isPaper: true,
    });
  });

  it("waits for the second factor", async () => {
    const { get, control } = await start({
      loggedIn: false,
      behaviours: { session: { twoFactorMs: MINUTE } },
    });
    control.logIn(true);
    await control.advance(30_000);
    expect((await get("/tickle")).status).toBe(401);
    await control.advance(30_000);
    expect((await get("/tickle")).status).toBe(200);
  });

  it("happens at the page as well", async () => {
    const { simulator, control } = await start({ loggedIn: false });
    const dispatcher = new Agent({ connect: { ca: simulator.certificatePem } });
    const page = await fetch(`${simulator.url}/`, { dispatcher });
    expect([page.status, page.url.includes("/sso/Login?forwardTo=22")]).toEqual([200, true]);
    const body = new URLSearchParams({ paper: "on" });
    const done = await fetch(`${simulator.url}/sso/Login`, { dispatcher, method: "POST", body });
    expect(await done.text()).toContain("Client login succeeds");
    expect(control.world().sso).toMatchObject({ phase: "valid", user: { isPaper: true } });
    await dispatcher.destroy();
  });

  it("of the live user is told apart by login type and isPaper, not by the port", async () => {
    const { get, control } = await start({ paper: false });
    expect((await get("/sso/validate")).json).toMatchObject({ LOGIN_TYPE: 1, RESULT: true });
    expect((await get("/iserver/accounts")).json).toMatchObject({
      isPaper: false,
      accounts: ["U4815162"],
    });
    control.logIn(true);
    await control.advance(4_000);
    expect((await get("/sso/validate")).json).toMatchObject({ LOGIN_TYPE: 2 });
    expect((await get("/iserver/accounts")).json).toMatchObject({
      isPaper: true,
      accounts: [PAPER],
    });
    expect((await get("/portfolio/accounts")).json).toMatchObject([{ id: PAPER, type: "DEMO" }]);
  });

  it("writes its proofs of paper as other builds do when told so", async () => {
    const { get } = await start({
      behaviours: { drift: { loginTypeKey: "loginType", isPaperAs: "text" } },
    });
    const proof = (await get("/sso/validate")).json;
    expect(proof).toMatchObject({ loginType: 2 });
    expect(proof).not.toHaveProperty("LOGIN_TYPE");
    expect((await get("/iserver/accounts")).json).toMatchObject({ isPaper: "true" });
  });
});

describe("without a brokerage session", () => {
  it("answers the portfolio and refuses /iserver", async () => {
    const { get, control } = await start();
    await get("/portfolio/accounts");
    control.evict();
    expect((await get(`/portfolio/${PAPER}/ledger`)).status).toBe(200);
    expect(await get("/iserver/accounts")).toMatchObject({
      status: 401,
      json: { error: "not authenticated", statusCode: 401 },
    });
    control.change({ session: { noBrokerageBody: "no-bridge" } });
    expect(await get("/iserver/accounts")).toMatchObject({
      status: 400,
      json: { error: "Bad Request: no bridge" },
    });
    control.change({ session: { noBrokerageBody: "init-session-first" } });
    expect(await get("/iserver/accounts")).toMatchObject({
      status: 400,
      json: { error: "Init session first" },
    });
  });

  it("tickles without its iserver part", async () => {
    const { get, control } = await start({ loggedIn: false });
    control.logIn(true);
    const first = (await get("/tickle")).json;
    expect(first).toHaveProperty("session");
    expect(first).not.toHaveProperty("iserver");
    await control.advance(4_000);
    expect((await get("/tickle")).json).toHaveProperty("iserver.authStatus.authenticated");
  });
});

describe("init", () => {
  it("refuses a polite request while a rival holds the session, inside a 200, and takes over when asked", async () => {
    const { get, post, control } = await start();
    control.rival("tws");
    expect((await get(STATUS)).json).toMatchObject({ authenticated: false, competing: true });
    const polite = await post("/iserver/auth/ssodh/init", { publish: true, compete: false });
    expect(polite.status).toBe(200);
    expect(polite.json).toEqual({
      passed: false,
      authenticated: false,
      connected: true,
      competing: false,
    });
    expect((await get(STATUS)).json).toMatchObject({
      authenticated: false,
      competing: false,
      fail: FORCE,
    });
    const taken = await post("/iserver/auth/ssodh/init", { publish: true, compete: true });
    expect(taken.json).toMatchObject({ authenticated: true, established: false });
    expect(control.world().rival).toBe("none");
  });

  it("refuses a polite request without a rival on accounts that want force", async () => {
    const { post, control } = await start({
      behaviours: { session: { forceCompeteRequired: true } },
    });
    control.evict();
    expect(
      (await post("/iserver/auth/ssodh/init", { publish: true, compete: false })).json,
    ).toMatchObject({ passed: false });
  });

  it("answers publish:false with 500, or 200 when told so", async () => {
    const { post, control } = await start();
    control.evict();
    expect((await post("/iserver/auth/ssodh/init", { publish: false, compete: true })).status).toBe(
      500,
    );
    control.change({ session: { publishFalseStatus: 200 } });
    expect((await post("/iserver/auth/ssodh/init", { publish: false, compete: true })).status).toBe(
      200,
    );
  });

  it("starts a session that must be primed anew", async () => {
    const { get, post, control } = await start();
    await prime(bench);
    expect((await get("/iserver/account/orders")).status).toBe(200);
    control.evict();
    await post("/iserver/auth/ssodh/init", { publish: true, compete: true });
    await control.advance(1_000);
    expect((await get("/iserver/account/orders")).json).toMatchObject({
      error: "Bad Request: Please query /accounts first",
    });
  });
});

describe("what time does to a session", () => {
  it("counts ssoExpires down ten minutes, is not moved by a tickle, and renews itself by 545 s", async () => {
    const { get, control } = await start();
    const left = async (): Promise<unknown> => (await get("/tickle")).json;
    expect(await left()).toMatchObject({ ssoExpires: 600_000 });
    await control.advance(4 * MINUTE);
    expect(await left()).toMatchObject({ ssoExpires: 360_000 });
    await control.advance(5 * MINUTE + 59_000);
    expect(await left()).toMatchObject({ ssoExpires: 1_000 });
    await control.advance(1_000);
    expect(await left()).toMatchObject({ ssoExpires: 545_000 });
  });

  it("loses the brokerage session after six silent minutes, and not while it is tickled", async () => {
    const { get, control } = await start();
    for (let minute = 0; minute < 10; minute++) {
      await control.advance(MINUTE);
      await get("/tickle");
    }
    expect(control.world().brokerage.phase).toBe("authenticated");
    await control.advance(7 * MINUTE);
    expect(control.world().brokerage.phase).toBe("evicted");
    expect((await get("/sso/validate")).json).toMatchObject({ RESULT: true });
  });

  it("ends the login at midnight in New York, says so once with 200, and then answers 401", async () => {
    const { get, control } = await start({ behaviours: { resets: { idleMs: 0 } } });
    // 10:30 to 23:59.
    await control.advance(13.5 * HOUR - MINUTE);
    expect((await get("/tickle")).json).toHaveProperty("session");
    await control.advance(MINUTE);
    expect(await get("/tickle")).toMatchObject({ status: 200, json: { error: "no session" } });
    expect((await get("/tickle")).status).toBe(401);
    expect((await get("/sso/validate")).status).toBe(401);
  });

  it("loses the brokerage session at one, with the login alive", async () => {
    const { get, control } = await start({
      behaviours: { resets: { idleMs: 0, midnight: false } },
    });
    await control.advance(14.5 * HOUR - 1);
    expect(control.world().brokerage.phase).toBe("authenticated");
    await control.advance(1);
    expect(control.world().brokerage.phase).toBe("evicted");
    expect((await get("/sso/validate")).status).toBe(200);
  });

  it("answers 503 from Saturday ten in the evening to Sunday one", async () => {
    const saturday = Date.UTC(2026, 3, 5, 1, 59);
    const { get, control } = await start({
      startAt: saturday,
      behaviours: { resets: { midnight: false } },
    });
    expect((await get("/tickle")).status).toBe(200);
    await control.advance(MINUTE);
    expect((await get("/tickle")).status).toBe(503);
    await control.advance(3 * HOUR);
    expect((await get("/tickle")).status).toBe(200);
  });
});

describe("the gateway itself", () => {
  it("refuses connections while it is down, and comes back on its port with no session", async () => {
    const { get, control, simulator } = await start();
    await control.down();
    await expect(get("/tickle")).rejects.toThrow();
    await control.up();
    expect((await get("/tickle")).status).toBe(401);
    expect(control.world().gateway.up).toBe(true);
    expect(simulator.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });

  it("shows another certificate after a swap, which a pinned client refuses", async () => {
    const { get, control, simulator } = await start();
    await get("/tickle");
    const other = await control.swapCertificate();
    expect(other).not.toBe(simulator.certificateSha256);
    await expect(get("/tickle")).rejects.toThrow();
    await control.swapCertificate();
    expect((await get("/tickle")).status).toBe(200);
  });

  it("turns away a request without a User-Agent, one of unknown length and one with line breaks", async () => {
    const { simulator } = await start();
    const dispatcher = new Agent({ connect: { ca: simulator.certificatePem } });
    const bare = await request(`${simulator.url}/v1/api/tickle`, { dispatcher });
    expect([bare.statusCode, bare.headers["content-type"]]).toEqual([
      403,
      "text/html; charset=utf-8",
    ]);
    expect(await bare.body.text()).toContain("Access Denied");
    const streamed = await request(`${simulator.url}/v1/api/tickle`, {
      dispatcher,
      method: "POST",
      headers: { "User-Agent": "test" },
      body: Readable.from(["{}"]),
    });
    expect(streamed.statusCode).toBe(411);
    const pretty = await request(`${simulator.url}/v1/api/iserver/auth/ssodh/init`, {
      dispatcher,
      method: "POST",
      headers: { "User-Agent": "test", "Content-Type": "application/json" },
      body: '{\n  "publish": true, "compete": true\n}',
    });
    expect(pretty.statusCode).toBe(400);
    await dispatcher.destroy();
  });
});
