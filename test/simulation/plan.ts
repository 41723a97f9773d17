import { type Aim, aimed } from "./aims.ts";
import { type Chance, chance } from "./chance.ts";
import type { Rule } from "./rules.ts";

/** What happens in one world, drawn from its seed before it begins: orders that are wanted, and trouble. */
export interface WorldPlan {
  seed: number;
  lives: LifePlan[];
  troubles: Trouble[];
  /** Whether the broker's own stream can be reached. */
  stream: boolean;
  /** Questions that the broker asks of each order beyond its own. */
  questions: number;
  latencyMs: [number, number];
  /** Few orders are let through, at both ends. */
  tight: boolean;
  /** At one end, one rule lets little through. */
  rule?: Rule;
  /** What the trouble of this world is aimed at. */
  aim?: Aim;
}

export const WISHES = ["buy_works", "buy_fills", "sell_works", "sell_fills", "bracket"] as const;

export interface LifePlan {
  /** After the world's beginning, milliseconds. */
  at: number;
  wish: (typeof WISHES)[number];
  quantity: number;
  /** Cents off the market, so that no two orders are alike. */
  cents: number;
  says: "approve" | "deny" | "nothing";
  /** From the request to the owner's word. */
  ownerMs: number;
  /** The owner's word is said twice at once. */
  twice: boolean;
  /** From the approval to the agent's submit. */
  submitMs: number;
  /** How many agents say the same with the same key at once. */
  callers: number;
  /** The owner's tap also sends it. */
  sendOnApproval: boolean;
  /** Then it is cancelled after this; null: it is left to its end. */
  cancelMs: number | null;
  /** Then it is changed after this; null: it is not. */
  changeMs: number | null;
  /** In the end its agent says the same once more, with the same key. */
  again?: boolean;
}

export type Trouble = {
  at: number;
  /** Not then, but from then on with the next submit that begins, or order that asks to leave the PC or left it. */
  when?: "submit" | "leaving" | "left";
  /** So long after that. */
  afterMs?: number;
} & (
  | { kind: "line_cut" }
  | { kind: "line_stall"; ms: number }
  | { kind: "pc_offline"; ms: number }
  | { kind: "broker_fault"; on: BrokerCall; fault: FaultName }
  | { kind: "broker_down"; ms: number }
  | { kind: "session_taken"; ms: number }
  | { kind: "session_lost" }
  | { kind: "rate_limited"; minutes: number }
  | { kind: "stream"; how: StreamTrouble }
  /** `aim`: the effects are counted from the next order's own request on. */
  | { kind: "pc_killed"; effects: number; aim: boolean; power: boolean; downMs: number }
  | { kind: "object_reset"; sockets: "kept" | "broken" }
  | { kind: "disk_full"; ms: number }
  | { kind: "clock_jump"; ms: number; forMs: number }
  | { kind: "d1_down"; ms: number }
  /** Rows of a list come in a form that nobody can read. */
  | { kind: "list_unread"; on: "orders_read" | "positions_read"; ms: number }
  | { kind: "kill_switch"; by: "owner" | "agent" | "pc"; forMs: number }
  | { kind: "market_moves"; percent: number }
  | { kind: "broker_acts"; how: "fills_part" | "fills" | "cancels" | "rejects" }
);
export type TroubleKind = Trouble["kind"];

export const BROKER_CALLS = {
  order: { method: "POST", path: "/^/iserver/account/[^/]+/orders$/" },
  change: { method: "POST", path: "/^/iserver/account/[^/]+/order/[^/]+$/" },
  cancel: { method: "DELETE", path: "/^/iserver/account/[^/]+/order/[^/]+$/" },
  reply: { method: "POST", path: "/^/iserver/reply/.*$/" },
  orders_read: { method: "GET", path: "/iserver/account/orders" },
  trades_read: { method: "GET", path: "/iserver/account/trades" },
  status_read: { method: "GET", path: "/^/iserver/account/order/status/.*$/" },
  positions_read: { method: "GET", path: "/^/portfolio2/.*$/" },
  tickle: { method: "POST", path: "/tickle" },
} as const;
export type BrokerCall = keyof typeof BROKER_CALLS;

export const FAULTS = {
  landed_503: { action: "applyThenFail", how: "503" },
  landed_reset: { action: "applyThenFail", how: "reset" },
  landed_timeout: { action: "applyThenFail", how: "timeout" },
  reset_mid_answer: { action: "reset", when: "mid-body", applied: true },
  reset_not_landed: { action: "reset", when: "before-headers", applied: false },
  dropped: { action: "dropRequest" },
  lands_late: { action: "applyLate", ms: 60_000, how: "timeout" },
  silently_dropped: { action: "silentDrop" },
  hidden: { action: "hideFromOrders", ms: 45_000 },
  empty_200: { action: "emptyOk", applied: true },
  empty_200_not_landed: { action: "emptyOk", applied: false },
  status_500: { action: "respond", status: 500, body: "" },
  status_500_json: { action: "respond", status: 500, body: '{"error":"Internal Server Error"}' },
  status_401: { action: "respond", status: 401, body: "" },
  status_429: { action: "respond", status: 429, body: '{"error":"Too many requests"}' },
  access_denied: { action: "accessDenied" },
  bad_gateway: { action: "badGateway" },
  truncated: { action: "truncate" },
  wrong_type: { action: "wrongType", contentType: "text/html" },
  doubled_ack: { action: "duplicateAck" },
  partial_ack: { action: "partialAck", rows: 0 },
  wrong_account: { action: "wrongAccountInAnswer" },
  slow: { action: "delay", ms: 9_000 },
  too_slow: { action: "delay", ms: 25_000 },
} as const;
/** Of aimed worlds alone: the others draw theirs by its place. Shorter than any quiet period. */
export const AIMED_FAULTS = {
  hidden_long: { action: "hideFromOrders", ms: 120_000 },
} as const;
export type FaultName = keyof typeof FAULTS | keyof typeof AIMED_FAULTS;

const STREAM_TROUBLES = [
  { kind: "silence" },
  { kind: "speak" },
  { kind: "terminate" },
  { kind: "stopTopic", topic: "sor" },
  { kind: "duplicateNext" },
  { kind: "reorderNext" },
  { kind: "invalidUtf8" },
  { kind: "pauseHeartbeat" },
  { kind: "resumeHeartbeat" },
] as const;
export type StreamTrouble = (typeof STREAM_TROUBLES)[number];

/** Before it, the session is not proved. */
export const FIRST_LIFE_MS = 100_000;
const MINUTE_MS = 60_000;

export function planWorld(seed: number, lives: number): WorldPlan {
  const draw = chance(seed, "plan");
  const plans: LifePlan[] = [];
  let at = FIRST_LIFE_MS;
  for (let n = 0; n < lives; n += 1) {
    at += draw.between(0, 40_000);
    plans.push(lifeOf(draw, at, n));
  }
  const end = at + 2 * MINUTE_MS;
  const many = draw.pick([0, 1, 2, 4, 8, 12]);
  const troubles = Array.from({ length: many }, () =>
    troubleOf(draw, draw.between(FIRST_LIFE_MS - 20_000, end)),
  ).sort((one, other) => one.at - other.at);
  return aimed({
    seed,
    lives: plans,
    troubles,
    stream: draw.odds(0.5),
    questions: draw.pick([0, 0, 1, 2]),
    tight: draw.odds(0.25),
    latencyMs: draw.pick([
      [2, 30],
      [2, 30],
      [20, 400],
      [200, 2_500],
    ]),
  });
}

function lifeOf(draw: Chance, at: number, n: number): LifePlan {
  const kind = draw.next();
  return {
    at,
    wish: draw.pick(WISHES),
    // A dozen is worth more than one order may be.
    quantity: draw.odds(0.06) ? 12 : draw.between(1, 4),
    cents: 3 * n + draw.between(0, 2),
    says: kind < 0.86 ? "approve" : kind < 0.94 ? "deny" : "nothing",
    ownerMs: draw.pick([1_500, 3_000, 8_000, 30_000, 120_000]),
    twice: draw.odds(0.1),
    // The longest outlasts its approval.
    submitMs: draw.odds(0.05) ? 400_000 : draw.pick([0, 50, 1_000, 10_000]),
    callers: draw.pick([1, 1, 1, 2, 3]),
    sendOnApproval: draw.odds(0.3),
    cancelMs: draw.odds(0.4) ? draw.between(0, 60_000) : null,
    changeMs: draw.odds(0.15) ? draw.between(0, 30_000) : null,
  };
}

function troubleOf(draw: Chance, at: number): Trouble {
  const ms = draw.pick([500, 3_000, 12_000, 45_000, 150_000]);
  const kinds: (() => Trouble)[] = [
    () => ({ at, kind: "line_cut" }),
    () => ({ at, kind: "line_stall", ms }),
    () => ({ at, kind: "pc_offline", ms }),
    ...Array.from({ length: 5 }, () => (): Trouble => {
      const all = Object.keys(BROKER_CALLS).filter(
        (name): name is BrokerCall => name in BROKER_CALLS,
      );
      const on = draw.odds(0.6)
        ? draw.pick(["order", "reply", "cancel", "change"] as const)
        : draw.pick(all);
      const names = Object.keys(FAULTS).filter(
        (name): name is keyof typeof FAULTS => name in FAULTS,
      );
      return { at, kind: "broker_fault", on, fault: draw.pick(names) };
    }),
    () => ({ at, kind: "broker_down", ms }),
    () => ({ at, kind: "session_taken", ms }),
    () => ({ at, kind: "session_lost" }),
    () => ({ at, kind: "rate_limited", minutes: draw.pick([1, 3]) }),
    () => ({ at, kind: "stream", how: draw.pick(STREAM_TROUBLES) }),
    ...Array.from({ length: 6 }, () => (): Trouble => {
      const aim = draw.odds(0.6);
      return {
        at,
        kind: "pc_killed",
        effects: aim ? draw.between(1, 8) : draw.odds(0.3) ? 0 : draw.between(1, 30),
        aim,
        power: draw.odds(0.6),
        downMs: draw.pick([0, 500, 5_000, 60_000]),
      };
    }),
    () => ({ at, kind: "object_reset", sockets: draw.odds(0.5) ? "kept" : "broken" }),
    () => ({ at, kind: "object_reset", sockets: "broken" }),
    () => ({ at, kind: "disk_full", ms }),
    () => ({
      at,
      kind: "clock_jump",
      ms: draw.pick([-600_000, -30_000, -3_000, 3_000, 30_000, 600_000]),
      forMs: ms,
    }),
    () => ({ at, kind: "d1_down", ms: draw.pick([3_000, 60_000, 1_200_000]) }),
    () => ({
      at,
      kind: "kill_switch",
      by: draw.pick(["owner", "agent", "pc"] as const),
      forMs: ms,
    }),
    () => ({ at, kind: "market_moves", percent: draw.pick([-4, -0.5, 0.5, 4]) }),
    () => ({
      at,
      kind: "broker_acts",
      how: draw.pick(["fills_part", "fills", "cancels", "rejects"] as const),
    }),
  ];
  return draw.pick(kinds)();
}
