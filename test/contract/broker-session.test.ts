import { afterEach, describe, expect, it } from "vitest";
import { BrokerSession } from "../../src/protocol/operations/session-status.ts";
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
    expect(rig.broker.session().next_step).toContain("ibkr-sidecar takeover");
    const positions = await rig.ask("positions.list");
    expect(positions.positions.length).toBeGreaterThan(0);
    expect(positions.notes.join(" ")).toContain("holds the trading session");
    expect((await rig.run("orders.list")).failed?.code).toBe("BROKER_TAKEOVER_REQUIRED");
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
