import type { Faults } from "../control/injected-faults.ts";
import type { Simulator } from "../simulator.ts";
import { setRival } from "../state/session.ts";
import type { SimAnswer } from "./exchange.ts";
import type { Limiter } from "./limits.ts";
import { handleRequest } from "./pipeline.ts";
import { type Plan, planOf, type SideEffect } from "./plan.ts";
import type { SimRoute } from "./router.ts";
import { type Arrival, headersOf, sendAnswer, UNEXPECTED } from "./server.ts";

/** What the dispatcher may reach beyond the simulator itself. */
export interface DispatchContext {
  sim: Simulator;
  routes: readonly SimRoute[];
  limiter: Limiter;
  faults: Faults;
  swapCertificate(): void;
  webSocket(action: Extract<SideEffect, { kind: "ws" }>["do"]): void;
}

/** Takes one request through its faults, its route, and whatever delivery the faults left it. */
export function dispatch(context: DispatchContext, arrival: Arrival): void {
  const { sim, faults } = context;
  const fired = faults.take(arrival);
  arrival.entry.faults = fired.map((fault) => fault.id);
  const plan = planOf(fired.map((fault) => fault.do));
  for (const effect of plan.side) act(context, effect);
  if (plan.apply === "late") sim.clock.after(plan.lateMs, () => void apply(context, arrival, plan));
  const own = plan.apply === "now" ? apply(context, arrival, plan) : undefined;
  let answer: SimAnswer = plan.instead ?? own ?? UNEXPECTED;
  if (plan.instead === undefined) for (const change of plan.changes) answer = change(answer);
  if (own?.release !== undefined) arrival.response.once("close", own.release);
  const hold = plan.holdMs + (own?.holdMs ?? 0);
  if (hold === 0) deliver(arrival, plan, answer);
  else setTimeout(() => deliver(arrival, plan, answer), hold).unref();
}

function apply(context: DispatchContext, arrival: Arrival, plan: Plan): SimAnswer {
  const { sim, routes, limiter } = context;
  try {
    const handled = handleRequest(sim, routes, limiter, { ...arrival, effects: plan.effects });
    arrival.entry.applied = handled.applied;
    return handled.answer;
  } catch (thrown) {
    console.error("simulator:", thrown);
    return UNEXPECTED;
  }
}

function act(context: DispatchContext, effect: SideEffect): void {
  switch (effect.kind) {
    case "penalty":
      context.limiter.penalize(effect.minutes);
      return;
    case "evict":
      setRival(context.sim, effect.rival);
      return;
    case "establishedDelay":
      context.sim.behaviours.session.establishedDelayMs = effect.ms;
      return;
    case "certSwap":
      context.swapCertificate();
      return;
    case "ws":
      context.webSocket(effect.do);
      return;
  }
}

function deliver(arrival: Arrival, plan: Plan, answer: SimAnswer): void {
  const { response, entry, socket } = arrival;
  switch (plan.deliver) {
    case "whole":
      sendAnswer(arrival, answer);
      return;
    case "never":
      entry.outcome = "dropped";
      return;
    case "reset-before":
      entry.outcome = "reset";
      socket.destroy();
      return;
    case "reset-mid": {
      entry.outcome = "reset";
      entry.status = answer.status;
      response.writeHead(answer.status, headersOf(answer));
      response.write(answer.text.slice(0, Math.ceil(answer.text.length / 2)), () =>
        socket.destroy(),
      );
      return;
    }
    case "reset-after":
      response.once("finish", () => {
        entry.outcome = "reset";
        socket.destroy();
      });
      sendAnswer(arrival, answer);
      return;
    case "trickle":
      trickle(arrival, answer, plan.trickleMs);
      return;
  }
}

const TRICKLE_PIECES = 20;

/** Headers at once, then a few bytes at a time. */
function trickle(arrival: Arrival, answer: SimAnswer, overMs: number): void {
  const { response, entry } = arrival;
  const bytes = Buffer.from(answer.text, "utf8");
  const size = Math.max(1, Math.ceil(bytes.length / TRICKLE_PIECES));
  entry.status = answer.status;
  response.writeHead(answer.status, headersOf(answer));
  const next = (from: number): void => {
    if (response.destroyed) return;
    if (from >= bytes.length) {
      response.end();
      return;
    }
    response.write(bytes.subarray(from, from + size));
    setTimeout(() => next(from + size), overMs / TRICKLE_PIECES).unref();
  };
  next(0);
}
