import { type Chance, chance } from "./chance.ts";
import type { LifePlan, Trouble, WorldPlan } from "./plan.ts";
import { RULES } from "./rules.ts";

/**
 * Worlds in which trouble meets the one moment that a guard is for. By chance alone such a moment comes
 * once in thousands of lives. Seeds below this keep the worlds that they always had.
 */
export const AIMED_FROM = 100_000;

export const AIMS = [
  "crowd",
  "switch",
  "rules",
  "stale",
  "exits",
  "blind",
  "late",
  "reset",
  "full",
  "changes",
] as const;
export type Aim = (typeof AIMS)[number];

const BEGINS_MS = 100_000;

/** The plan with its trouble aimed, for three of four seeds from {@link AIMED_FROM} on. */
export function aimed(plan: WorldPlan): WorldPlan {
  if (plan.seed < AIMED_FROM) return plan;
  const draw = chance(plan.seed, "aim");
  if (draw.odds(0.25)) return plan;
  const aim = draw.pick(AIMS);
  return { ...plan, aim, ...AIMING[aim](plan, draw) };
}

type Aiming = (plan: WorldPlan, draw: Chance) => Partial<WorldPlan>;

/** Lives that come close together, so that one stands beside the other. */
function close({ lives }: WorldPlan, draw: Chance, change: Partial<LifePlan> = {}): LifePlan[] {
  return lives.map((life) => ({
    ...life,
    at: BEGINS_MS + draw.between(0, 20_000),
    says: "approve",
    ownerMs: draw.pick([1_500, 3_000, 8_000]),
    submitMs: draw.pick([0, 50, 1_000]),
    again: draw.odds(0.5),
    ...change,
  }));
}

/** One exit alone: of two, the second waits for what was asked about the first. */
const asked = (lives: LifePlan[]): LifePlan[] =>
  lives.map((life, n) => ({ ...life, wish: n === 0 ? "sell_works" : "buy_works" }));

const soon = (draw: Chance): number => BEGINS_MS + draw.between(2_000, 40_000);

/** Orders whose outcome is not known at once. */
const doubts = (draw: Chance, many: number): Trouble[] =>
  Array.from({ length: many }, () => ({
    at: BEGINS_MS + draw.between(0, 12_000),
    kind: "broker_fault",
    on: "order",
    fault: draw.pick([
      "landed_503",
      "landed_reset",
      "landed_timeout",
      "lands_late",
      "hidden_long",
      "empty_200",
    ]),
  }));

const AIMING: Record<Aim, Aiming> = {
  crowd: (plan, draw) => ({
    // Late enough that the judge knows the world as calm.
    lives: asked(close(plan, draw)).map((life, n) => ({
      ...life,
      // The fourth's owner answers no question: the exit comes while that one stands open.
      at: BEGINS_MS + 100_000 + (n === 3 ? 0 : draw.between(6_000, 26_000)),
    })),
    troubles: [],
    questions: 1,
    latencyMs: [2, 30],
    tight: false,
  }),
  switch: (plan, draw) => {
    // One entry waits for the owner's answer, and the others behind it.
    const queue = draw.odds(0.5);
    // At one end alone: the other end's switch would hide that this one is not asked.
    const by = queue ? "owner" : draw.pick(["owner", "agent", "pc", "pc"] as const);
    return {
      lives: close(plan, draw).map((life) => ({
        ...life,
        ...(queue && { at: BEGINS_MS + draw.between(0, 4_000), ownerMs: 1_500, submitMs: 0 }),
        wish: "buy_works",
      })),
      questions: queue ? 1 : 0,
      tight: false,
      troubles: [
        // One that was engaged and lifted before.
        { at: BEGINS_MS - 18_000, kind: "kill_switch", by: "owner", forMs: 1_000 },
        ...Array.from({ length: 2 }, (): Trouble => {
          const when = by === "pc" ? "leaving" : "submit";
          const afterMs =
            by === "pc" ? 0 : draw.pick(queue ? [1_500, 3_000, 6_000] : [0, 100, 400, 2_000]);
          const at = BEGINS_MS + draw.between(0, 9_000);
          return { at, kind: "kill_switch", by, forMs: draw.pick([20_000, 90_000]), when, afterMs };
        }),
      ],
    };
  },
  rules: (plan, draw) => {
    const rule = draw.pick(RULES);
    const position = rule === "gateway_position";
    return {
      rule,
      tight: false,
      questions: 0,
      latencyMs: [2, 30],
      // One after the other, and all of them stand: what counts is how many.
      lives: close(plan, draw, { cancelMs: null, changeMs: null, twice: false }).map((life, n) => ({
        ...life,
        at: BEGINS_MS + n * draw.between(1_000, 5_000),
        wish: position || draw.odds(0.8) ? "buy_works" : "sell_works",
        quantity: draw.between(1, 4),
      })),
      troubles: position ? unread(draw, "positions_read") : [],
    };
  },
  stale: (plan, draw) => ({
    lives: close(plan, draw, { wish: draw.pick(["buy_works", "sell_works"] as const) }),
    tight: false,
    questions: 0,
    stream: true,
    troubles: Array.from({ length: 3 }, () => BEGINS_MS + draw.between(6_000, 60_000)).flatMap(
      (at): Trouble[] => [
        { at, kind: "line_cut" },
        ...Array.from(
          { length: 3 },
          (): Trouble => ({ at, kind: "broker_fault", on: "orders_read", fault: "slow" }),
        ),
        ...Array.from({ length: 3 }, (): Trouble => {
          const how = draw.pick(["fills", "cancels", "fills_part"] as const);
          return { at: at + draw.between(500, 12_000), kind: "broker_acts", how };
        }),
        { at: at + draw.between(500, 12_000), kind: "line_cut" },
      ],
    ),
  }),
  exits: (plan, draw) => ({
    tight: false,
    lives: close(plan, draw).map((life) => ({
      ...life,
      wish: draw.pick(["sell_works", "sell_fills"] as const),
      quantity: draw.between(7, 16),
      cancelMs: null,
      changeMs: null,
    })),
    troubles: draw.odds(0.5) ? [] : doubts(draw, 2),
    questions: 0,
  }),
  blind: (plan, draw) => {
    // Either nobody can read the list, or it leaves an order out that the stream has shown.
    const unreadable = draw.odds(0.6);
    return {
      lives: close(plan, draw, { wish: "buy_works", cancelMs: null }),
      tight: false,
      questions: 0,
      stream: !unreadable,
      latencyMs: [2, 30],
      troubles: unreadable
        ? [...doubts(draw, 4), ...unread(draw, "orders_read", "left")]
        : Array.from({ length: 3 }, (): Trouble[] => [
            { at: BEGINS_MS, kind: "broker_fault", on: "order", fault: "hidden_long" },
            { at: BEGINS_MS + draw.between(20_000, 70_000), kind: "line_cut" },
          ]).flat(),
    };
  },
  late: (plan, draw) => ({
    tight: false,
    // Under way for seconds, so that what the gateway still let out is too old at the PC.
    latencyMs: [1_500, 2_500],
    questions: 0,
    lives: plan.lives.map((life) => ({
      ...life,
      at: BEGINS_MS + draw.between(0, 3_000),
      says: "approve",
      ownerMs: 1_500,
      // The request lives for five minutes from when it was asked.
      submitMs: 296_000 - draw.between(0, 12_000),
      sendOnApproval: false,
    })),
    troubles: [],
  }),
  reset: (plan, draw) => ({
    tight: false,
    lives: asked(close(plan, draw)),
    questions: draw.pick([0, 1]),
    troubles: Array.from({ length: 3 }, (): Trouble[] => {
      const at = soon(draw);
      const kind = draw.pick(["object_reset", "line_cut", "pc_killed"] as const);
      const killed = { effects: draw.between(1, 8), aim: true, power: draw.odds(0.5), downMs: 500 };
      const moment = { when: "left", afterMs: draw.between(0, 6_000) } as const;
      return [
        { at, kind: "broker_fault", on: "order", fault: draw.pick(["slow", "too_slow"]) },
        kind === "object_reset"
          ? { at, kind, sockets: "broken", ...moment }
          : kind === "line_cut"
            ? { at, kind, ...moment }
            : { at, kind, ...killed },
      ];
    }).flat(),
  }),
  full: (plan, draw) => ({
    tight: false,
    questions: 0,
    lives: close(plan, draw),
    stream: true,
    troubles: Array.from({ length: 6 }, (): Trouble => {
      const at = soon(draw);
      const how = draw.pick(["fills", "cancels", "fills_part"] as const);
      const ms = draw.pick([500, 3_000, 45_000]);
      if (draw.odds(0.4)) return { at, kind: "broker_acts", how };
      return { at, kind: "disk_full", ms, ...(draw.odds(0.6) && { when: "left" }) };
    }),
  }),
  changes: (plan, draw) => ({
    tight: false,
    questions: 0,
    latencyMs: [2, 30],
    lives: close(plan, draw, { cancelMs: null }).map((life) => ({
      ...life,
      wish: draw.pick(["buy_works", "sell_works"] as const),
      quantity: draw.between(1, 2),
      changeMs: draw.odds(0.6) ? draw.between(1_000, 20_000) : null,
      cancelMs: draw.odds(0.5) ? draw.between(1_000, 40_000) : null,
    })),
    troubles: Array.from({ length: 3 }, (): Trouble[] => {
      const at = BEGINS_MS + draw.between(0, 30_000);
      const lost = draw.pick([
        "silently_dropped",
        "dropped",
        "reset_not_landed",
        "landed_503",
      ] as const);
      const blind = { at, kind: "broker_fault", on: "status_read", fault: "status_500" } as const;
      return [
        { at, kind: "broker_fault", on: "change", fault: lost },
        { at, kind: "broker_fault", on: "cancel", fault: draw.pick([lost, "silently_dropped"]) },
        ...Array.from({ length: 20 }, () => blind),
      ];
    }).flat(),
  }),
};

/** A list of the broker's has a row that nobody can read, again and again. */
const unread = (draw: Chance, on: "orders_read" | "positions_read", when?: "left"): Trouble[] => [
  {
    at: when === undefined ? BEGINS_MS + draw.between(0, 20_000) : BEGINS_MS,
    kind: "list_unread",
    on,
    ms: draw.pick([90_000, 400_000]),
    ...(when !== undefined && { when }),
  },
];
