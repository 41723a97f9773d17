import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aBracket,
  aLeg,
  aMandate,
  anIntent,
  anOrder,
  anyOrder,
  aTicket,
  NOW,
} from "../../../test/support/orders.ts";
import {
  type APPROVAL_STATES,
  type ApprovalEvent,
  approvalAfter,
  approvalTtlSeconds,
} from "./approval-state.ts";
import { acceptedUnder, type MandateV1, mandateHash, type UnderMandate } from "./mandate.ts";
import { mandateFaults } from "./mandate-faults.ts";
import { mandateInWords } from "./mandate-words.ts";
import { adverseDriftBps } from "./price-drift.ts";
import { challengeOf, type Statement, statementHash } from "./statement.ts";
import { requiredTier, type TierNumbers, type TierRules } from "./tier.ts";

const EVENTS: ApprovalEvent[] = [
  "approve",
  "deny",
  "expire",
  "revoke",
  "reserve",
  "settle",
  "never_delivered",
];

describe("the life of an approval", () => {
  it("whatever happens to it, it is reserved at most once before it is used up, unless never delivered", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
        let state: (typeof APPROVAL_STATES)[number] = "pending";
        let held = 0;
        for (const event of events) {
          const next = approvalAfter(state, event);
          if (next === null) continue;
          if (event === "reserve") held += 1;
          if (event === "never_delivered") held -= 1;
          state = next;
        }
        expect(held).toBeLessThanOrEqual(1);
        if (state === "consumed") expect(held).toBe(1);
        if (["denied", "expired", "revoked"].includes(state)) expect(held).toBe(0);
      }),
    );
  });

  it("a reserved approval neither expires nor can be revoked: something may hang on it", () => {
    for (const event of ["expire", "revoke", "deny", "approve", "reserve"] as const) {
      expect(approvalAfter("reserved", event)).toBeNull();
    }
  });

  it("nothing leads out of an end", () => {
    for (const end of ["consumed", "denied", "expired", "revoked"] as const) {
      for (const event of EVENTS) expect(approvalAfter(end, event)).toBeNull();
    }
  });

  it("lives between one minute and one hour, five minutes unless asked", () => {
    expect([null, 1, 60, 200.9, 86_400, Number.NaN].map(approvalTtlSeconds)).toEqual([
      300, 60, 60, 200, 3_600, 300,
    ]);
  });
});

describe("statements", () => {
  const lift = {
    gateway_account_id: "a",
    scope: "gateway" as const,
    subject: null,
    epoch: 1,
    nonce: "0".repeat(32),
    not_after: NOW,
  };

  it("of different acts never share a hash, and the challenge is its 32 bytes", () => {
    const statements: Statement[] = [
      { act: "order", intent: anIntent() },
      { act: "mandate", mandate: aMandate() },
      { act: "lift_kill_switch", lift },
      { act: "lift_kill_switch", lift: { ...lift, epoch: 2 } },
      {
        act: "question",
        question: {
          intent_hash: "a".repeat(64),
          reply_id: "r",
          fingerprints: ["b".repeat(64)],
          confirm: true,
          nonce: "0".repeat(32),
          not_after: NOW,
        },
      },
    ];
    const hashes = statements.map(statementHash);
    expect(new Set(hashes).size).toBe(statements.length);
    for (const hash of hashes) {
      expect(Buffer.from(challengeOf(hash), "base64url").toString("hex")).toBe(hash);
    }
  });

  it("yes and no to a question are different statements", () => {
    const question = {
      intent_hash: "a".repeat(64),
      reply_id: "r",
      fingerprints: ["b".repeat(64)],
      nonce: "0".repeat(32),
      not_after: NOW,
    };
    expect(statementHash({ act: "question", question: { ...question, confirm: true } })).not.toBe(
      statementHash({ act: "question", question: { ...question, confirm: false } }),
    );
  });
});

describe("a mandate", () => {
  const none = { orders_today: 0, notional_today: "0" };
  const asked: UnderMandate = {
    ticket: aTicket(),
    notional: "187.25",
    market: aTicket().market,
    waits: false,
    acceptedWarnings: [],
    gatewayAccountId: "acc_7d3f",
    clientId: "client-1",
    effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW },
  };
  const rules = (
    mandate: Partial<MandateV1>,
    order: Partial<UnderMandate> = {},
    usage = none,
    now = NOW,
  ) => mandateFaults(aMandate(mandate), { ...asked, ...order }, usage, now).map(({ rule }) => rule);

  it("covers what lies inside every bound", () => {
    expect(rules({})).toEqual([]);
  });

  it.each<[string, Partial<MandateV1>]>([
    ["in_force", { not_after: NOW }],
    ["in_force", { not_before: "2026-11-20T15:00:00.001Z" }],
    ["own_gateway_account", { gateway_account_id: "acc_other" }],
    ["account_named", { accounts: ["DU7654321"] }],
    ["mode_named", { mode: "live" }],
    ["client_named", { clients: ["client-2"] }],
    ["contract_named", { conids: [1] }],
    ["asset_class_named", { conids: null, asset_classes: ["OPT"] }],
    ["side_named", { sides: ["SELL"] }],
    ["order_type_named", { order_types: ["MKT"] }],
    ["exits_only", { reduce_only: true }],
    ["max_quantity_per_order", { max_quantity_per_order: "0.5" }],
    ["max_notional_per_order", { max_notional_per_order: "187.24" }],
    ["max_notional_per_day", { max_notional_per_day: "187.24" }],
  ])("does not cover beyond %s", (rule, bound) => {
    expect(rules(bound)).toEqual([rule]);
  });

  it("counts what was done today, and never covers an unknown value or effect", () => {
    expect(rules({}, {}, { orders_today: 5, notional_today: "0" })).toEqual(["max_orders_per_day"]);
    expect(rules({}, {}, { orders_today: 4, notional_today: "812.76" })).toEqual([
      "max_notional_per_day",
    ]);
    expect(rules({}, {}, { orders_today: 4, notional_today: "812.75" })).toEqual([]);
    expect(rules({}, { notional: null })).toEqual(["notional_known"]);
    expect(rules({ reduce_only: true }, { effect: null })).toEqual(["exits_only"]);
    const cash = anOrder({ legs: [aLeg({ quantity: null, cash_quantity: "1" })] });
    expect(rules({}, { ticket: aTicket(cash) })).toEqual(["max_quantity_per_order"]);
  });

  it("covers new orders only: no change of an order that stands, and no cancel", () => {
    for (const action of ["modify", "cancel"] as const) {
      expect(rules({}, { ticket: aTicket(anOrder({ action })) })).toEqual(["new_orders_only"]);
    }
  });

  it("covers a bracket by the side of what it opens, and a group by the side of every member", () => {
    const bounds: Partial<MandateV1> = {
      order_types: ["LMT", "STP"],
      max_quantity_per_order: "10",
      max_notional_per_order: "2000",
      max_notional_per_day: "2000",
    };
    expect(rules(bounds, { ticket: aTicket(aBracket()) })).toEqual([]);
    const group = anOrder({
      structure: "oca",
      legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", side: "SELL" })],
    });
    expect(rules(bounds, { ticket: aTicket(group) })).toEqual(["side_named", "short_sales"]);
  });

  it("accepts the broker's warnings it names, by id and wording, and no other in the owner's name", () => {
    const warning = { message_id: "o354", fingerprint: "a".repeat(64) };
    const warned = aTicket(anOrder(), { warnings: [{ ...warning, text: "No market data." }] });
    expect(rules({}, { ticket: warned })).toEqual(["warnings_accepted"]);
    expect(rules({ accepted_warnings: [warning] }, { ticket: warned })).toEqual([]);
    expect(acceptedUnder(aMandate({ accepted_warnings: [warning] }), warned)).toEqual([warning]);
    expect(acceptedUnder(aMandate({ accepted_warnings: [warning] }), aTicket())).toEqual([]);
    const reworded = { ...warning, fingerprint: "b".repeat(64) };
    expect(rules({ accepted_warnings: [reworded] }, { ticket: warned })).toEqual([
      "warnings_accepted",
    ]);
    expect(rules({}, { acceptedWarnings: [warning] })).toEqual(["warnings_accepted"]);
  });

  it("never covers more when it is narrowed in any one bound, whatever the order", () => {
    const narrower: Partial<MandateV1>[] = [
      { max_notional_per_order: "100" },
      { max_notional_per_day: "500" },
      { max_quantity_per_order: "0.5" },
      { max_orders_per_day: 2 },
      { sides: ["SELL"] },
      { order_types: ["STP"] },
      { reduce_only: true },
      { conids: [1] },
    ];
    fc.assert(
      fc.property(
        anyOrder,
        fc.nat(2_000),
        fc.nat(8),
        fc.nat(1_500),
        fc.constantFrom("entry" as const, "exit" as const, null),
        fc.constantFrom(...narrower),
        (order, notional, orders_today, spent, kind, bound) => {
          const wide: Partial<MandateV1> = {
            sides: ["BUY", "SELL"],
            order_types: ["LMT", "MKT", "STP"],
            conids: null,
            max_quantity_per_order: "1000",
            max_notional_per_order: "1000",
          };
          const effect =
            kind === null ? null : { kind, position: "5", working_same_side: "0", at: NOW };
          const asking = { ticket: aTicket(order), notional: String(notional), effect };
          const usage = { orders_today, notional_today: String(spent) };
          const before = rules(wide, asking, usage);
          const after = rules({ ...wide, ...bound }, asking, usage);
          if (after.length === 0) expect(before).toEqual([]);
        },
      ),
      { numRuns: 300, seed: 20_261_120 },
    );
  });

  it("is said in plain words made of its own fields", () => {
    const words = mandateInWords(aMandate(), (id) => `agent ${id}`)
      .map(({ name, says }) => `${name}: ${says}`)
      .join("\n");
    for (const part of [
      "DU1234567, paper, no real money",
      "agent client-1",
      "buy; limit",
      "stocks and funds: contract 265598",
      "at most 200 in the account's base currency, and 1 units",
      "at most 1000 in the account's base currency, and 5 orders",
      "an order with one needs your tap",
      "2026-11-21 00:00 UTC",
    ]) {
      expect(words).toContain(part);
    }
  });

  it("has another hash when any bound differs", () => {
    expect(mandateHash(aMandate())).not.toBe(mandateHash(aMandate({ max_orders_per_day: 6 })));
  });
});

describe("the tier", () => {
  const RULES: TierRules = {
    tier_zero: "never",
    tier_two_above_notional: "1000",
    tier_two_above_nlv_percent: "10",
    tier_two_order_types: ["MKT"],
    tier_two_on_flip: true,
    tier_two_on_warning: true,
  };
  const NUMBERS: TierNumbers = {
    notional: "1000",
    net_liquidation: "10000",
    effect: "entry",
    order_types: ["LMT"],
    warnings: 0,
    mandate_covers: false,
  };
  const tier = (numbers: Partial<TierNumbers>, rules: Partial<TierRules> = {}) =>
    requiredTier({ ...NUMBERS, ...numbers }, { ...RULES, ...rules });

  it("is one at the bounds and two beyond any of them", () => {
    expect(tier({})).toBe(1);
    expect(tier({ notional: "1000.01" })).toBe(2);
    expect(tier({ net_liquidation: "9999" })).toBe(2);
    expect(tier({ order_types: ["LMT", "MKT"] })).toBe(2);
    expect(tier({ effect: "flip" })).toBe(2);
    expect(tier({ warnings: 1 })).toBe(2);
  });

  it("takes the unknown for large", () => {
    expect(tier({ notional: null })).toBe(2);
    expect(tier({ net_liquidation: null })).toBe(2);
    expect(tier({ net_liquidation: "0" })).toBe(2);
    expect(tier({ effect: null })).toBe(2);
  });

  it("is never slower than one tap for an exit", () => {
    expect(tier({ effect: "exit", notional: null, warnings: 9, order_types: ["MKT"] })).toBe(1);
  });

  it("is zero only inside a mandate, and only where the owner allows that", () => {
    expect(tier({ mandate_covers: true })).toBe(1);
    expect(tier({ mandate_covers: true }, { tier_zero: "mandate" })).toBe(0);
    expect(tier({ mandate_covers: false }, { tier_zero: "mandate" })).toBe(1);
  });

  it("never falls when the order grows", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        expect(tier({ notional: String(large) })).toBeGreaterThanOrEqual(
          tier({ notional: String(small) }),
        );
      }),
    );
  });
});

describe("price drift since the ticket was shown", () => {
  const quote = (bid: string | null, ask: string | null, last: string | null = null) => {
    const market = aTicket().market;
    if (market === null) throw new Error("the fixture has a market");
    return { ...market, bid, ask, last };
  };
  const drift = (
    side: "BUY" | "SELL",
    ...quotes: [ReturnType<typeof quote>, ReturnType<typeof quote>]
  ) => {
    const [seen, now] = quotes.map((each) => ({ quote: each, waits: false }));
    if (seen === undefined || now === undefined) throw new Error("two quotes");
    return adverseDriftBps(anOrder({ legs: [aLeg({ side })] }), seen, now)?.toString() ?? null;
  };

  it("counts against the owner only", () => {
    expect(drift("BUY", quote("99", "101"), quote("100", "102"))).toBe("100");
    expect(drift("SELL", quote("99", "101"), quote("100", "102"))).toBe("0");
    expect(drift("SELL", quote("99", "101"), quote("98", "100"))).toBe("100");
  });

  it("uses the last price where a side is missing, and is unknown without one", () => {
    expect(drift("BUY", quote(null, "101", "100"), quote("100", null, "101"))).toBe("100");
    expect(drift("BUY", quote(null, "101"), quote("100", "102"))).toBeNull();
    const none = { quote: null, waits: false };
    expect(adverseDriftBps(anOrder(), none, none)).toBeNull();
  });
});
