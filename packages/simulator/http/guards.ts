import type { Simulator } from "../simulator.ts";
import { answer, empty, failed, plain, type SimAnswer, type SimRequest } from "./exchange.ts";
import type { SimRoute } from "./router.ts";

/**
 * What stands between a request and its route, in the order in which the real gateway asks: is the
 * service up, is the human logged in, is there a brokerage session, were the accounts read, is the
 * account one of this login's.
 */
export function guard(sim: Simulator, route: SimRoute, request: SimRequest): SimAnswer | undefined {
  const { world, behaviours } = sim;
  if (world.gateway.maintenance) return failed(503, "Service Unavailable");
  if (route.needs === "nothing") return undefined;
  if (world.sso.phase !== "valid") {
    const dead = world.sso.phase === "dead" && request.path === "/tickle";
    if (dead && behaviours.session.tickleNoSession && !world.sso.deathAnnounced) {
      world.sso.deathAnnounced = true;
      return answer(200, { error: "no session" });
    }
    return unauthorized(sim);
  }
  world.sso.lastAccessAt = sim.clock.now();
  if (route.needs === "brokerage" && world.brokerage.phase !== "authenticated") {
    return noBrokerage(sim);
  }
  world.brokerage.lastTrafficAt = sim.clock.now();
  const cold = behaviours.coldReads;
  if (
    route.afterAccounts === true &&
    cold.accountsFirst &&
    !world.brokerage.primed.iserverAccounts
  ) {
    return failed(cold.accountsFirstStatus, "Bad Request: Please query /accounts first");
  }
  return undefined;
}

function unauthorized(sim: Simulator): SimAnswer {
  switch (sim.behaviours.session.unauthorizedBody) {
    case "empty":
      return empty(401);
    case "text":
      return plain(401, "Unauthorized");
    case "json":
      return answer(401, {
        type: "/simple",
        title: "Unauthorized",
        status: 401,
        detail: "no session",
      });
  }
}

/**
 * What a request gets that needs a brokerage session while there is none; which of the three forms
 * that were seen is a behaviour.
 */
export function noBrokerage(sim: Simulator): SimAnswer {
  switch (sim.behaviours.session.noBrokerageBody) {
    case "not-authenticated":
      return failed(401, "not authenticated");
    case "no-bridge":
      return failed(400, "Bad Request: no bridge");
    case "init-session-first":
      return failed(400, "Init session first");
  }
}
