import type { FaultInput } from "@ibkr-edge-gateway/simulator/control/injected-faults.ts";

const ORDERS = "/^/iserver/account/[^/]+/orders$/";
const REPLIES = "/^/iserver/reply/.*$/";
const CANCELS = "/^/iserver/account/[^/]+/order/.*$/";
const BOOK = "/iserver/account/orders";

/**
 * What the broker does to requests, by name, and how often: each is drawn anew for every request
 * that fits, for as long as the round lasts.
 */
export const BROKER_FAULTS: Readonly<Record<string, FaultInput>> = {
  "503, and it landed": order(0.012, { action: "applyThenFail", how: "503" }),
  "reset, and it landed": order(0.012, { action: "applyThenFail", how: "reset" }),
  "no answer, and it landed": order(0.004, { action: "applyThenFail", how: "timeout" }),
  "reset in the answer": order(0.008, { action: "reset", when: "mid-body", applied: true }),
  "reset, not landed": order(0.008, { action: "reset", when: "before-headers", applied: false }),
  "swallowed in silence": order(0.004, { action: "dropRequest" }),
  "lands half a minute late": order(0.005, { action: "applyLate", ms: 30_000, how: "503" }),
  "lands a minute late": order(0.003, { action: "applyLate", ms: 60_000, how: "reset" }),
  "answered with an id and lost": order(0.006, { action: "silentDrop" }),
  "hidden for three quarters of a minute": order(0.01, { action: "hideFromOrders", ms: 45_000 }),
  "empty 200, landed": order(0.006, { action: "emptyOk", applied: true }),
  "empty 200, not landed": order(0.004, { action: "emptyOk", applied: false }),
  "500, not landed": order(0.006, { action: "respond", status: 500, body: "" }),
  "half an answer": order(0.005, { action: "truncate" }),
  "the answer twice": order(0.005, { action: "duplicateAck" }),
  "three seconds slow": order(0.02, { action: "delay", ms: 3_000 }),
  "slower than the gateway's patience": order(0.003, { action: "delay", ms: 12_000 }),
  "reply: 503, and it landed": on(REPLIES, 0.03, { action: "applyThenFail", how: "503" }),
  "reply: reset, and it landed": on(REPLIES, 0.03, { action: "applyThenFail", how: "reset" }),
  "reply: reset, not landed": on(REPLIES, 0.02, {
    action: "reset",
    when: "before-headers",
    applied: false,
  }),
  "cancel: 503, and it landed": {
    ...on(CANCELS, 0.03, { action: "applyThenFail", how: "503" }),
    match: { method: "DELETE", path: CANCELS, prob: 0.03 },
  },
  "cancel: not landed": {
    ...on(CANCELS, 0.03, { action: "respond", status: 500, body: "" }),
    match: { method: "DELETE", path: CANCELS, prob: 0.03 },
  },
  "the book cannot be read": {
    match: { method: "GET", path: BOOK, prob: 0.02 },
    do: { action: "respond", status: 503, body: "" },
    times: 0,
  },
  "the book comes slowly": {
    match: { method: "GET", path: BOOK, prob: 0.03 },
    do: { action: "delay", ms: 2_000 },
    times: 0,
  },
};

/** Once in a round: everything is silent for a quarter of an hour afterwards. */
export const TOO_MANY: FaultInput = {
  match: { method: "POST", path: ORDERS },
  do: { action: "respond", status: 429, body: "" },
  times: 1,
};

function order(prob: number, action: FaultInput["do"]): FaultInput {
  return on(ORDERS, prob, action);
}

function on(path: string, prob: number, action: FaultInput["do"]): FaultInput {
  return { match: { method: "POST", path, prob }, do: action, times: 0 };
}
