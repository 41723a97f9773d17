import { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { afterEach, describe, expect, it } from "vitest";
import { filePins } from "../../sidecar/src/client-portal/certificate-pin.ts";
import { type BrokerRig, startRig } from "../support/broker.ts";

let rig: BrokerRig;
afterEach(async () => {
  await rig.close();
});

const INIT = "/iserver/auth/ssodh/init";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the broker session", () => {
  it("S1: is not ready before it is established and primed", async () => {
    rig = await startRig({
      loggedIn: false,
      behaviours: { session: { establishedDelayMs: 5_000 } },
    });
    await rig.advance(5_000);
    expect(rig.broker.session().state).toBe("login_required");
    expect(rig.broker.session().next_step).toContain("Log in at https://127.0.0.1:");
    expect((await rig.run("orders.list")).failed?.code).toBe("BROKER_SESSION_REQUIRED");

    rig.sim.control.logIn(true);
    await rig.ready();
    expect(rig.broker.session()).toMatchObject({ generation: 1, reads: "all" });
    const paths = rig.sim.control.requests().map((entry) => entry.path);
    const primed = paths.lastIndexOf("/iserver/accounts");
    for (const path of [
      "/portfolio/accounts",
      "/iserver/account/orders",
      "/iserver/account/trades",
    ]) {
      expect(paths.indexOf(path)).toBeGreaterThan(paths.indexOf("/iserver/accounts"));
    }
    expect(primed).toBeGreaterThan(0);
    const states = rig.events
      .filter((event) => event.type === "broker.session")
      .map((event) => BrokerSession.parse(event.payload).state);
    expect(states.indexOf("ready")).toBe(states.length - 1);
    // The validator may be asked once in 75 s; until it has been, the mode is not proved.
    expect(rig.broker.session().mode).toBe("unknown");
    await rig.advance(80_000);
    expect(rig.broker.session().mode).toBe("paper");
    expect(rig.broker.session().generation).toBe(1);
  });

  it("S2: a rival is never pushed aside: no further init, and the words to say so", async () => {
    rig = await startRig({ behaviours: { session: { forceCompeteRequired: true } } });
    await rig.ready();
    rig.sim.control.rival("tws");
    await rig.until(() => rig.broker.session().state === "takeover_required");
    const tries = rig.requestsTo(INIT).length;
    await rig.advance(2 * HOUR);
    expect(rig.requestsTo(INIT).length).toBe(tries);
    expect(rig.broker.session()).toMatchObject({
      state: "takeover_required",
      reads: "portfolio_only",
    });
    expect(rig.broker.session().next_step).toContain("npm run sidecar -- takeover");
    const positions = await rig.ask("positions.list");
    expect(positions.positions.length).toBeGreaterThan(0);
    expect(positions.notes.join(" ")).toContain("holds the trading session");
    expect((await rig.run("orders.list")).failed?.code).toBe("BROKER_TAKEOVER_REQUIRED");
  });

  it("a rival that leaves frees the way for a polite try", async () => {
    rig = await startRig();
    await rig.ready();
    rig.sim.control.rival("tws");
    await rig.until(() => rig.broker.session().state === "takeover_required");
    await rig.advance(10 * MINUTE);
    rig.sim.control.rival("none");
    await rig.until(() => rig.broker.session().state === "ready", 10 * MINUTE);
    const inits = rig.sim.control.requests().filter((entry) => entry.path === INIT);
    expect(inits.every((entry) => entry.body === '{"publish":true,"compete":false}')).toBe(true);
  });

  it("S16: failing inits for 7.5 hours stay within the budget, restarts included", async () => {
    rig = await startRig({
      loggedIn: false,
      beforeStart: (sim) => {
        sim.control.addFault({
          match: { path: INIT },
          do: {
            action: "respond",
            status: 200,
            body: '{"authenticated":false,"connected":true,"competing":false,"passed":false}',
          },
          times: 0,
        });
      },
      behaviours: { resets: { midnight: false, nightly: false, idleMs: 0 } },
    });
    rig.sim.control.logIn(true);
    rig.sim.control.evict();
    for (let half = 0; half < 15; half++) {
      await rig.advance(HOUR / 2);
      if (half === 3 || half === 9) await rig.restart();
    }
    const tries = rig.requestsTo(INIT);
    expect(tries.length).toBeGreaterThan(5);
    expect(tries.length).toBeLessThanOrEqual(30);
    expect(rig.broker.session().reads).toBe("portfolio_only");
  }, 120_000);
});

describe("the broker session over time", () => {
  it("S3: after the nightly reset and a new login, the working order is found again under a new generation", async () => {
    // Ten minutes before midnight in New York.
    rig = await startRig({ startAt: Date.UTC(2026, 3, 2, 3, 50) });
    await rig.ready();
    expect(rig.broker.session().warnings.map((warning) => warning.code)).toContain(
      "session_ends_soon",
    );
    const [account] = rig.broker.core.supervisor.state().accounts;
    const placed = rig.sim.control.foreignOrder(
      account ?? "",
      { conid: 756733, orderType: "LMT", side: "BUY", price: 500, quantity: 1, tif: "GTC" },
      "tws",
    );
    await rig.advance(15 * MINUTE);
    expect(rig.broker.session()).toMatchObject({
      state: "login_required",
      generation: null,
      mode: "unknown",
    });
    expect((await rig.run("positions.list")).failed?.code).toBe("BROKER_SESSION_REQUIRED");
    rig.sim.control.logIn(true);
    await rig.ready();
    expect(rig.broker.session().generation).toBe(2);
    const orders = await rig.ask("orders.list");
    expect(orders.orders.map((order) => order.order_id)).toContain(String(placed.id));
    const posts = rig.sim.control
      .requests()
      .filter((entry) => entry.method === "POST" && /\/orders?(\/|$)/.test(entry.path));
    expect(posts).toEqual([]);
  });

  it("S13: another user on the same port ends the generation at once, and the mode with it", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.advance(80_000);
    expect(rig.broker.session()).toMatchObject({ mode: "paper", generation: 1 });
    const paper = await rig.ask("accounts.list");
    rig.sim.control.logOut();
    rig.sim.control.logIn(false);
    await rig.until(() => rig.broker.session().mode !== "paper", 65_000);
    expect(rig.broker.session().generation).not.toBe(1);
    await rig.ready();
    await rig.advance(80_000);
    expect(rig.broker.session().mode).toBe("live");
    const live = await rig.ask("accounts.list");
    expect(live.accounts[0]?.account_id).not.toBe(paper.accounts[0]?.account_id);
    const old = await rig.run("account.summary", {
      account_id: paper.accounts[0]?.account_id ?? "",
    });
    expect(old.failed?.code).toBe("INPUT_UNAUTHORIZED_ACCOUNT");
  });

  it("S19: another certificate stops everything until the owner trusts it", async () => {
    rig = await startRig({ simulated: false });
    await rig.ready();
    const seen = rig.sim.control.requests().length;
    const fingerprint = await rig.sim.control.swapCertificate();
    await rig.until(() => rig.broker.session().state === "blocked", 120_000);
    expect(rig.broker.session().warnings.map((warning) => warning.code)).toContain(
      "certificate_changed",
    );
    const outcome = await rig.run("account.summary");
    expect(outcome.failed).toMatchObject({ code: "BROKER_CERTIFICATE_CHANGED", retryable: false });
    const before = rig.sim.control.requests().length;
    await rig.advance(10 * MINUTE);
    expect(rig.sim.control.requests().length).toBe(before);
    expect(before - seen).toBeLessThanOrEqual(1);
    filePins(rig.configDir).set(rig.sim.url, fingerprint, new Date(rig.now()).toISOString());
    await rig.ready();
    expect(rig.broker.session().generation).toBe(2);
  });

  it("a PC that slept trusts nothing it knew before", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.sim.control.advance(3 * HOUR);
    await rig.advance(100);
    expect(rig.broker.session().generation).not.toBe(1);
    expect(rig.log.join("\n")).not.toContain("unexpected");
  });

  it("a brokerage session that is lost is asked for again, politely, and comes back", async () => {
    rig = await startRig();
    await rig.ready();
    rig.sim.control.evict();
    await rig.until(() => rig.broker.session().state !== "ready", 90_000);
    await rig.until(() => rig.broker.session().state === "ready", 5 * MINUTE);
    expect(rig.broker.session().generation).toBe(2);
    const inits = rig.sim.control.requests().filter((entry) => entry.path === INIT);
    expect(inits).toHaveLength(1);
    expect(inits[0]?.body).toBe('{"publish":true,"compete":false}');
  });

  it("a gateway that is gone is said so within seconds, and found again when it is back", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.sim.control.down();
    const outcome = await rig.run("account.summary");
    expect(outcome.failed?.code).toBe("BROKER_BACKEND_UNAVAILABLE");
    expect(rig.broker.session().state).toBe("gateway_down");
    expect(rig.broker.session().next_step).toContain("Start the Client Portal Gateway");
    await rig.sim.control.up();
    await rig.until(() => rig.broker.session().state === "login_required", 30_000);
    rig.sim.control.logIn(true);
    await rig.ready();
    expect(rig.broker.session().generation).toBe(2);
  });

  it("failures in the maintenance window are called that, and the polling is slow", async () => {
    // Saturday 21:58 in New York; two minutes later everything answers 503.
    rig = await startRig({ startAt: Date.UTC(2026, 3, 5, 1, 58) });
    await rig.ready();
    await rig.advance(5 * MINUTE);
    expect(rig.broker.session().state).toBe("maintenance_suspected");
    rig.sim.control.clearRequests();
    await rig.advance(30 * MINUTE);
    expect(rig.sim.control.requests().length).toBeLessThanOrEqual(60);
  });

  it("B6: 403 pages that last name both causes, and are looked at twice a minute", async () => {
    rig = await startRig({
      beforeStart: (sim) => {
        sim.control.addFault({ match: {}, do: { action: "accessDenied" }, times: 0 });
      },
    });
    await rig.advance(30 * MINUTE);
    expect(rig.broker.session()).toMatchObject({ state: "blocked", reads: "none" });
    expect(rig.broker.session().next_step).toContain("conf.yaml");
    expect(rig.broker.session().next_step).toContain("log in");
    expect(rig.sim.control.requests().length).toBeLessThanOrEqual(61);
  });

  it("generations never repeat, not even over restarts", async () => {
    rig = await startRig();
    await rig.ready();
    await rig.restart();
    await rig.ready();
    expect(rig.broker.session().generation).toBe(2);
  });

  it("single sign-on is never validated more than once a minute", async () => {
    rig = await startRig({ loggedIn: false });
    for (let turn = 0; turn < 6; turn++) {
      await rig.advance(20_000);
      rig.sim.control.logIn(true);
      await rig.advance(20_000);
      rig.sim.control.logOut();
      await rig.run("session.renew");
    }
    const times = rig.requestsTo("/sso/validate").map((request) => request.at);
    for (const [index, at] of times.entries()) {
      const next = times[index + 1];
      if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(MINUTE);
    }
    expect(times.length).toBeGreaterThan(1);
  });
});
