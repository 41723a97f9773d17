import type { FaultAction, WsAction } from "../control/injected-faults.ts";
import type { OrderEffects } from "../orders/injected-fault-effects.ts";
import { accessDenied, html, plain, type SimAnswer } from "./exchange.ts";

/** What becomes of one request, once all its faults have had their say. */
export interface Plan {
  /** Instead of the route's answer; the route still runs when `apply` says so. */
  instead: SimAnswer | undefined;
  apply: "now" | "never" | "late";
  lateMs: number;
  holdMs: number;
  deliver: "whole" | "never" | "reset-before" | "reset-mid" | "reset-after" | "trickle";
  trickleMs: number;
  changes: ((answer: SimAnswer) => SimAnswer)[];
  effects: OrderEffects;
  /** Done at once, whatever happens to the request. */
  side: SideEffect[];
}

export type SideEffect =
  | { kind: "penalty"; minutes: number }
  | { kind: "evict"; rival: "tws" | "mobile" }
  | { kind: "establishedDelay"; ms: number }
  | { kind: "certSwap" }
  | { kind: "ws"; do: WsAction };

const GIVES_UP_MS = 10_000;
const UNAVAILABLE = plain(503, "Service Unavailable");
const FOREIGN_ACCOUNT = "U9999999";

/**
 * All faults that meet a request in one plan, in the order in which they were set; the later one
 * wins.
 */
export function planOf(actions: readonly FaultAction[]): Plan {
  const plan: Plan = {
    instead: undefined,
    apply: "now",
    lateMs: 0,
    holdMs: 0,
    deliver: "whole",
    trickleMs: 0,
    changes: [],
    effects: { silentDrop: false, hideMs: 0 },
    side: [],
  };
  for (const action of actions) include(plan, action);
  return plan;
}

function include(plan: Plan, action: FaultAction): void {
  switch (action.action) {
    case "delay":
      plan.holdMs += Math.min(action.ms, GIVES_UP_MS);
      if (action.ms > GIVES_UP_MS) plan.instead = UNAVAILABLE;
      return;
    case "respond":
      plan.apply = "never";
      plan.instead = { status: action.status, contentType: action.contentType, text: action.body };
      return;
    case "accessDenied":
      plan.apply = "never";
      plan.instead = accessDenied();
      return;
    case "badGateway":
      plan.apply = "never";
      plan.instead = html(502, "502 Bad Gateway", "<h1>502 Bad Gateway</h1>");
      return;
    case "emptyOk":
      plan.apply = action.applied ? "now" : "never";
      plan.instead = { status: 200, contentType: "application/json; charset=utf-8", text: "" };
      return;
    case "truncate":
      plan.changes.push((answer) => ({
        ...answer,
        text: answer.text.slice(0, answer.text.length / 2),
      }));
      return;
    case "wrongType":
      plan.changes.push((answer) => ({ ...answer, contentType: action.contentType }));
      return;
    case "reset":
      if (!action.applied) plan.apply = "never";
      plan.deliver =
        action.when === "before-headers"
          ? "reset-before"
          : action.when === "mid-body"
            ? "reset-mid"
            : "reset-after";
      return;
    case "applyThenFail":
      fail(plan, action.how);
      return;
    case "dropRequest":
      plan.apply = "never";
      plan.deliver = "never";
      return;
    case "applyLate":
      plan.apply = "late";
      plan.lateMs = action.ms;
      fail(plan, action.how);
      return;
    case "duplicateAck":
      plan.changes.push(onRows((rows) => [...rows, ...rows]));
      return;
    case "partialAck":
      plan.changes.push(onRows((rows) => rows.slice(0, action.rows)));
      return;
    case "silentDrop":
      plan.effects.silentDrop = true;
      return;
    case "hideFromOrders":
      plan.effects.hideMs = action.ms;
      return;
    case "wrongAccountInAnswer":
      plan.changes.push((answer) => ({
        ...answer,
        text: answer.text.replace(/\bD?U\d{7}\b/g, FOREIGN_ACCOUNT),
      }));
      return;
    case "slowloris":
      plan.deliver = "trickle";
      plan.trickleMs = action.ms;
      return;
    default:
      plan.side.push(sideEffectOf(action));
  }
}

/** What a fault does besides, whatever becomes of the request. */
function sideEffectOf(
  action: Extract<
    FaultAction,
    { action: "penalty" | "competeEvict" | "establishedDelay" | "certSwap" | "ws" }
  >,
): SideEffect {
  switch (action.action) {
    case "penalty":
      return { kind: "penalty", minutes: action.minutes };
    case "competeEvict":
      return { kind: "evict", rival: action.rival };
    case "establishedDelay":
      return { kind: "establishedDelay", ms: action.ms };
    case "certSwap":
      return { kind: "certSwap" };
    case "ws":
      return { kind: "ws", do: action.do };
  }
}

function fail(plan: Plan, how: "503" | "reset" | "timeout"): void {
  if (how === "503") plan.instead = UNAVAILABLE;
  else plan.deliver = how === "reset" ? "reset-before" : "never";
}

/** Changes the rows of an answer that is a JSON array; leaves any other alone. */
function onRows(change: (rows: unknown[]) => unknown[]): (answer: SimAnswer) => SimAnswer {
  return (answer) => {
    try {
      const rows: unknown = JSON.parse(answer.text);
      return Array.isArray(rows) ? { ...answer, text: JSON.stringify(change(rows)) } : answer;
    } catch {
      return answer;
    }
  };
}
