import { isFields } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import {
  accessDenied,
  answer,
  badRequest,
  empty,
  html,
  type SimAnswer,
  type SimRequest,
} from "./exchange.ts";
import { guard } from "./guards.ts";
import type { Limiter } from "./limits.ts";
import { findRoute, type SimRoute } from "./router.ts";

export interface Handled {
  answer: SimAnswer;
  /** Whether the route itself ran. */
  applied: boolean;
}

type Incoming = Pick<SimRequest, "method" | "path" | "query" | "headers" | "bodyText" | "effects">;

/** A request through limits, guards and its route; without faults, which stand around it. */
export function handleRequest(
  sim: Simulator,
  routes: readonly SimRoute[],
  limiter: Limiter,
  incoming: Incoming,
): Handled {
  const early = refuseEarly(sim, limiter, incoming);
  if (early !== undefined) return { answer: early, applied: false };
  const match = findRoute(routes, incoming.method, incoming.path);
  const request: SimRequest = { ...incoming, parameters: match?.parameters ?? {}, body: undefined };
  if (match === undefined) {
    const locked = guard(sim, NOWHERE, request);
    return {
      answer: locked ?? html(404, "Resource not found", "<h1>Resource not found</h1>"),
      applied: false,
    };
  }
  const stopped = guard(sim, match.route, request);
  if (stopped !== undefined) return { answer: stopped, applied: false };
  const body = parseBody(incoming, sim.behaviours.session.compactJson);
  if (!body.ok) return { answer: badRequest(body.reason), applied: false };
  return { answer: match.route.handle(sim, { ...request, body: body.value }), applied: true };
}

const NOWHERE: SimRoute = { method: "GET", pattern: "", needs: "sso", handle: () => empty(404) };

function refuseEarly(sim: Simulator, limiter: Limiter, incoming: Incoming): SimAnswer | undefined {
  const { session } = sim.behaviours;
  if (limiter.refuses(incoming.method, incoming.path)) {
    return answer(429, { error: "Too many requests, please try again later." });
  }
  if (session.userAgentRequired && !incoming.headers["user-agent"]) return accessDenied();
  const unknownLength = incoming.headers["transfer-encoding"] !== undefined;
  if (session.lengthRequired && unknownLength) return empty(411);
  return undefined;
}

function parseBody(
  incoming: Incoming,
  compact: boolean,
): { ok: true; value: unknown } | { ok: false; reason: string } {
  const text = incoming.bodyText;
  if (text.trim() === "") return { ok: true, value: undefined };
  const type = String(incoming.headers["content-type"] ?? "");
  if (type.includes("x-www-form-urlencoded")) {
    return { ok: true, value: Object.fromEntries(new URLSearchParams(text)) };
  }
  if (compact && /[\r\n]/.test(text)) return { ok: false, reason: "failed to parse JSON body" };
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) || Array.isArray(value)
      ? { ok: true, value }
      : { ok: false, reason: "JSON object expected" };
  } catch {
    return { ok: false, reason: "failed to parse JSON body" };
  }
}
