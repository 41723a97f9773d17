import { answer, badRequest, failed, fieldsOf, ok, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import { initialize, logOut, ssoExpiresMs } from "../state/session.ts";

/** The server names itself a simulator, so that no figure of it can pass for the broker's. */
export const BROKER_SERVER_INFO = {
  serverName: "SIMULATOR",
  serverVersion: "Build 10.44.1d, Mar 3, 2026 1:55:32 PM",
};
const MAC = "02:00:5E:00:53:01";
const HARDWARE = `51a0b2c3|${MAC}`;

/** The brokerage session's state as status, init and tickle show it. */
export function statusOf(sim: Simulator): { [key: string]: WireJson } {
  const { brokerage, rival } = sim.world;
  if (brokerage.phase === "none") {
    return { authenticated: false, competing: false, connected: false, MAC };
  }
  brokerage.statusReads += 1;
  const shy = brokerage.statusReads === 1 && sim.behaviours.session.firstStatusFalse;
  const authenticated = brokerage.phase === "authenticated" && !shy;
  return {
    authenticated,
    established: authenticated && brokerage.established,
    // A refused init does not admit to a rival; being evicted does.
    competing: brokerage.phase === "evicted" && rival !== "none",
    connected: true,
    message: "",
    MAC,
    serverInfo: BROKER_SERVER_INFO,
    hardware_info: HARDWARE,
    fail: brokerage.fail,
  };
}

function init(sim: Simulator, request: SimRequest) {
  const body = fieldsOf(request);
  const truthy = (value: unknown): boolean => value === true || value === "true";
  if (!truthy(body.publish) && body.publish !== undefined) {
    if (sim.behaviours.session.publishFalseStatus === 500)
      return failed(500, "failed to generate sso dh token");
  } else if (body.publish === undefined && body.compete === undefined) {
    return badRequest("compete is required");
  }
  initialize(sim, truthy(body.compete));
  const brokerage = sim.world.brokerage;
  if (brokerage.phase === "refused") {
    return ok({ passed: false, authenticated: false, connected: true, competing: false });
  }
  brokerage.statusReads = 1;
  const { fail: _fail, ...status } = statusOf(sim);
  return ok(status);
}

function tickle(sim: Simulator) {
  const { sso, brokerage } = sim.world;
  const hidden = brokerage.phase === "none" && sim.behaviours.session.tickleOmitsIserver;
  return ok({
    session: sso.sessionId,
    ssoExpires: ssoExpiresMs(sim),
    collission: false,
    userId: sso.user?.id,
    hmds: { error: "no bridge" },
    iserver: hidden ? undefined : { authStatus: statusOf(sim) },
  });
}

function validate(sim: Simulator) {
  const { sso, users } = sim.world;
  const user = sso.user;
  if (user === undefined) return answer(401, { RESULT: false });
  return ok({
    USER_ID: user.id,
    USER_NAME: user.name,
    RESULT: true,
    AUTH_TIME: sso.loggedInAt,
    SF_ENABLED: false,
    IS_FREE_TRIAL: false,
    CREDENTIAL: user.name,
    IP: "127.0.0.1",
    EXPIRES: ssoExpiresMs(sim),
    QUALIFIED_FOR_MOBILE_AUTH: null,
    LANDING_APP: "UNIVERSAL",
    IS_MASTER: false,
    lastAccessed: sso.lastAccessAt,
    // The documentation and the OpenAPI file spell it two ways.
    [sim.behaviours.drift.loginTypeKey]: user.loginType,
    PAPER_USER_NAME: users.paper.name,
    features: {
      env: "PROD",
      wlms: true,
      realtime: true,
      bond: true,
      optionChains: true,
      calendar: true,
      newMf: true,
    },
    region: "NJ",
  });
}

function logout(sim: Simulator) {
  logOut(sim, "none");
  return ok({ status: true });
}

export const sessionRoutes: readonly SimRoute[] = [
  {
    method: "POST",
    pattern: "/iserver/auth/status",
    needs: "sso",
    handle: (sim) => ok(statusOf(sim)),
  },
  {
    method: "GET",
    pattern: "/iserver/auth/status",
    needs: "sso",
    handle: (sim) => ok(statusOf(sim)),
  },
  { method: "POST", pattern: "/iserver/auth/ssodh/init", needs: "sso", handle: init },
  { method: "POST", pattern: "/tickle", needs: "sso", handle: tickle },
  { method: "GET", pattern: "/tickle", needs: "sso", handle: tickle },
  { method: "GET", pattern: "/sso/validate", needs: "sso", handle: validate },
  { method: "POST", pattern: "/logout", needs: "sso", handle: logout },
  {
    method: "POST",
    pattern: "/iserver/reauthenticate",
    needs: "sso",
    handle: () => ok({ message: "triggered" }),
  },
];
