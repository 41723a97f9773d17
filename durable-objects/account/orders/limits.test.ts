import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import {
  Refused,
  SCOPES,
  type TradingRig,
  tradingRig,
  type Wish,
} from "../../../test/support/trading-rig.ts";
import { changeClient } from "../clients/clients.ts";
import { findIntent } from "./tables/intents/rows.ts";
import { engage } from "./transactions/engage-kill-switch.ts";

/**
 * Parallel submits against every limit that several orders take from. Each order is approved first,
 * while all of the limit is free; then all are submitted at once, and every one of them reads its
 * facts before the first is let out. Never past the limit, and not one order short of it.
 */
const EACH = 187.25;
const ALL = 5;
const THROUGH = 3;

/** Nothing counts but what a case sets. */
function unlimited(policy: PolicyDocument): void {
  for (const part of [policy.cumulative, policy.portfolio, policy.clients, policy.order]) {
    for (const [key, value] of Object.entries(part)) {
      const off = key.startsWith("max_") || key.startsWith("min_") || key === "repeat_times";
      if (off && value !== null) Object.assign(part, { [key]: null });
    }
  }
  Object.assign(policy.order, { max_notional: "1000000", max_quantity: "1000000" });
  Object.assign(policy.behaviour, { duplicate_window_seconds: null });
  Object.assign(policy.data, { fat_finger_quantity_times: null, fat_finger_notional_times: null });
}

interface Case {
  limit: string;
  set(policy: PolicyDocument): void;
  code: string;
  wish?: (n: number) => Wish;
  before?: (rig: TradingRig) => void;
}

const three = (at: keyof PolicyDocument["cumulative"]) => (policy: PolicyDocument) =>
  Object.assign(policy.cumulative, { [at]: 3 });
const value = (n: number) => String(EACH * n);
const FREQUENCY = "FREQUENCY_LIMIT_REFUSED";

const CASES: Case[] = [
  {
    limit: "cumulative.max_orders_per_second",
    set: three("max_orders_per_second"),
    code: FREQUENCY,
  },
  {
    limit: "cumulative.max_orders_per_minute",
    set: three("max_orders_per_minute"),
    code: FREQUENCY,
  },
  {
    limit: "cumulative.max_orders_per_hour",
    set: three("max_orders_per_hour"),
    code: FREQUENCY,
  },
  {
    limit: "cumulative.max_orders_per_day",
    set: three("max_orders_per_day"),
    code: "SESSION_ORDER_LIMIT_REFUSED",
  },
  {
    limit: "cumulative.max_messages_per_minute",
    set: three("max_messages_per_minute"),
    code: "MESSAGE_RATE_EXCEEDED",
  },
  {
    limit: "cumulative.max_buy_notional_per_day",
    set: (policy) => Object.assign(policy.cumulative, { max_buy_notional_per_day: value(3) }),
    code: "SESSION_NOTIONAL_LIMIT_REFUSED",
  },
  {
    limit: "cumulative.max_turnover_per_day",
    set: (policy) => Object.assign(policy.cumulative, { max_turnover_per_day: value(3) }),
    code: "TURNOVER_EXCEEDED",
  },
  {
    limit: "cumulative.max_open_orders",
    set: three("max_open_orders"),
    code: "OPEN_ORDERS_EXCEEDED",
  },
  {
    limit: "cumulative.max_open_notional",
    set: (policy) => Object.assign(policy.cumulative, { max_open_notional: value(3) }),
    code: "OPEN_NOTIONAL_EXCEEDED",
  },
  {
    limit: "cumulative.repeat_times",
    set: three("repeat_times"),
    code: "REPEATED_EXECUTION",
  },
  {
    limit: "clients.max_orders_per_day",
    set: (policy) => Object.assign(policy.clients, { max_orders_per_day: 3 }),
    code: "AGENT_BUDGET_EXCEEDED",
  },
  {
    limit: "clients.max_notional_per_day",
    set: (policy) => Object.assign(policy.clients, { max_notional_per_day: value(3) }),
    code: "AGENT_BUDGET_EXCEEDED",
  },
  {
    limit: "portfolio.max_position_quantity",
    set: (policy) => Object.assign(policy.portfolio, { max_position_quantity: "3" }),
    code: "POSITION_QTY_EXCEEDED",
  },
  {
    limit: "portfolio.max_position_notional",
    set: (policy) => Object.assign(policy.portfolio, { max_position_notional: value(3) }),
    code: "POSITION_NOTIONAL_EXCEEDED",
  },
  {
    limit: "portfolio.max_position_nlv_percent",
    set: (policy) => Object.assign(policy.portfolio, { max_position_nlv_percent: "0.6" }),
    code: "POSITION_NLV_EXCEEDED",
  },
  ...(["issuer", "sector", "country", "currency"] as const).map((kind) => ({
    limit: `portfolio.max_${kind}_percent`,
    set: (policy: PolicyDocument) =>
      Object.assign(policy.portfolio, { [`max_${kind}_percent`]: "0.6" }),
    code: "CONCENTRATION_EXCEEDED",
  })),
  {
    limit: "portfolio.max_gross_percent",
    set: (policy) => Object.assign(policy.portfolio, { max_gross_percent: "0.6" }),
    code: "EXPOSURE_EXCEEDED",
  },
  {
    limit: "portfolio.max_net_percent",
    set: (policy) => Object.assign(policy.portfolio, { max_net_percent: "0.6" }),
    code: "EXPOSURE_EXCEEDED",
  },
  {
    limit: "order.max_leverage",
    // The account holds 20,000 of its 100,000 in positions.
    set: (policy) => Object.assign(policy.order, { max_leverage: "0.206" }),
    code: "LEVERAGE_CAP",
  },
  {
    limit: "order.cash_only",
    set: (policy) => Object.assign(policy.order, { cash_only: true }),
    code: "CASH_ONLY",
    before: (rig) => {
      rig.pc.account = { cash: value(3) };
    },
  },
  {
    limit: "order.min_excess_liquidity",
    // The what-if leaves 1,006,412 less 8,801; two more of these and no third on top of the order.
    set: (policy) =>
      Object.assign(policy.order, { min_excess_liquidity: String(997_611 - 2 * EACH) }),
    code: "EXCESS_LIQUIDITY_FLOOR",
  },
  {
    limit: "portfolio.short",
    set: () => {},
    code: "SHORT_NOT_ALLOWED",
    wish: (n) => ({ side: "SELL", limit_price: (187.15 - n / 100).toFixed(2) }),
    before: (rig) => {
      // An unclassified order counts as an entry: so does one that sells what is held.
      rig.pc.facts = { effect: null, positions: [heldPosition("3")] };
    },
  },
  {
    limit: "portfolio.self_trade",
    set: (policy) => Object.assign(policy.portfolio, { short: true }),
    code: "SELF_TRADE",
    // The first on one side; whatever meets it is held back until its price can be read.
    wish: (n) => ({
      side: n % 2 === 0 ? "BUY" : "SELL",
      limit_price: (n % 2 === 0 ? 187.3 - n / 100 : 187.15 - n / 100).toFixed(2),
    }),
  },
];

const heldPosition = (quantity: string) => ({
  conid: 265598,
  quantity,
  value: "561.75",
  asset_class: "STK",
  issuer: "APPLE INC",
  sector: "Technology",
  country: "US",
  currency: "USD",
});

const codesOf = (answer: { refusals: { code: string }[] }) =>
  answer.refusals.map(({ code }) => code);

async function allApproved(rig: TradingRig, wish: (n: number) => Wish): Promise<string[]> {
  const approvals: string[] = [];
  for (let n = 0; n < ALL; n += 1) approvals.push(await rig.approved(wish(n)));
  return approvals;
}

describe("submitted at once, five orders", () => {
  it.each(CASES)(
    "take three from $limit and no more, and an exit passes all the same",
    async (each) => {
      const rig = tradingRig((policy) => {
        unlimited(policy);
        each.set(policy);
      });
      each.before?.(rig);
      // Every order is worth the same, and no two are the same.
      const wish = each.wish ?? ((n) => (n === 0 ? {} : { limit_price: "187.25", conid: 265598 }));
      const approvals = await allApproved(rig, wish);
      const answers = await Promise.all(approvals.map((approval) => rig.submit(approval)));
      const out = answers.filter(({ order }) => order !== null);
      expect(out).toHaveLength(THROUGH);
      const refused = answers.filter(({ order }) => order === null);
      for (const answer of refused) expect(codesOf(answer)).toContain(each.code);
      const sent = () => rig.jobs.filter(({ operation }) => operation === "order.place").length;
      expect(sent()).toBe(THROUGH);
      rig.pc.effect = "exit";
      rig.pc.facts = {};
      expect((await rig.trade({ side: "SELL", limit_price: "187.11" })).refusals).toEqual([]);
      expect(sent()).toBe(THROUGH + 1);
    },
  );

  it("ask for no more approvals in an hour than clients.max_approvals_per_hour allows", async () => {
    const rig = tradingRig((policy) => {
      unlimited(policy);
      policy.clients.max_approvals_per_hour = 3;
    });
    const asked = await Promise.allSettled(
      Array.from({ length: ALL }, (_, n) => rig.approved({ limit_price: `187.${10 + n}` })),
    );
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    for (const each of asked) {
      if (each.status === "rejected") {
        expect(each.reason).toBeInstanceOf(Refused);
        expect(each.reason.codes).toEqual(["APPROVAL_RATE_LIMITED"]);
      }
    }
  });

  it("are held against an order that filled while they read, and against one the book shows, once", async () => {
    const rig = tradingRig((policy) => {
      unlimited(policy);
      policy.portfolio.max_position_quantity = "2";
    });
    const [first = "", second = "", third = ""] = await allApproved(rig, () => ({}));
    const placed = await rig.submit(first);
    const coid = placed.order?.order_ref ?? "";
    const shown = {
      order_id: "501",
      order_ref: coid,
      parent_ref: null,
      foreign: false,
      conid: 265598,
      side: "BUY" as const,
      order_type: "LMT",
      remaining: "1",
      limit_price: "187.25",
      stop_price: null,
      notional: String(EACH),
      exit_only: false,
      oca_group: null,
    };
    rig.pc.facts = { working: [shown] };
    expect((await rig.submit(second)).refusals).toEqual([]);
    rig.pc.facts = { working: [shown, { ...shown, order_ref: "ieg1-x", order_id: "502" }] };
    expect(codesOf(await rig.submit(third))).toContain("POSITION_QTY_EXCEEDED");
    expect(findIntent(rig.parts.storage.sql, coid)?.state).toBe("accepted");
  });
});

describe("submitted at once, two exits", () => {
  const closing = (held: string, quantity: string, change: (policy: PolicyDocument) => void) => {
    const rig = tradingRig((policy) => {
      unlimited(policy);
      change(policy);
    });
    const at = new Date(rig.clock.now).toISOString();
    const effect = { kind: "exit" as const, position: held, working_same_side: "0", at };
    rig.pc.facts = { effect, positions: [heldPosition(held)] };
    const both = async () => {
      const wish = { side: "SELL" as const, quantity, limit_price: "187.25" };
      const approvals = [await rig.approved(wish), await rig.approved(wish)];
      return Promise.all(approvals.map((approval) => rig.submit(approval)));
    };
    return { rig, both };
  };

  it("do not turn the position together: the second is judged as what it is", async () => {
    const { both } = closing("5", "5", () => {});
    const answers = await both();
    expect(answers.filter(({ order }) => order !== null)).toHaveLength(1);
    const refused = answers.find(({ order }) => order === null);
    expect(refused && codesOf(refused)).toEqual(
      expect.arrayContaining(["SHORT_NOT_ALLOWED", "WOULD_FLIP"]),
    );
  });

  it("both go where there is enough for both, whatever an entry is refused for", async () => {
    const { both } = closing("10", "5", (policy) => {
      policy.order.max_notional = "0.01";
    });
    for (const answer of await both()) expect(answer.refusals).toEqual([]);
  });

  it("pass where the first is a stop of the position, also one that no list shows", async () => {
    const { rig } = closing("5", "5", () => {});
    const stop = { order_type: "STOP_LIMIT" as const, stop_price: "185", limit_price: "184.5" };
    const sell = { side: "SELL" as const, quantity: "5" };
    expect((await rig.trade({ ...sell, ...stop })).refusals).toEqual([]);
    expect((await rig.trade({ ...sell, limit_price: "187.25" })).refusals).toEqual([]);
  });

  it("are not counted twice where the PC knew of the first", async () => {
    const { rig, both } = closing("10", "5", () => {});
    const [first] = await both();
    expect(first?.refusals).toEqual([]);
    const at = new Date(rig.clock.now).toISOString();
    rig.pc.facts = {
      effect: { kind: "exit", position: "12", working_same_side: "10", at },
      positions: [heldPosition("12")],
    };
    const last = await rig.trade({ side: "SELL", quantity: "2", limit_price: "187.25" });
    expect(last.refusals).toEqual([]);
  });
});

describe("an exit and a cancel", () => {
  it("pass an engaged switch that refuses the very next entry", async () => {
    const rig = tradingRig(unlimited);
    const worked = await rig.trade();
    const [entry = ""] = await allApproved(rig, () => ({}));
    engage(
      rig.parts,
      { scope: "gateway", subject: null, actor: "owner", reason: "stop", effect: "freeze" },
      { clientId: null, requestId: "r" },
    );
    expect(codesOf(await rig.submit(entry))).toEqual(["KILL_SWITCH_CLOSED"]);
    rig.pc.effect = "exit";
    expect((await rig.trade({ side: "SELL" })).refusals).toEqual([]);
    const orderId = String(/"order_id":"(\d+)"/.exec(JSON.stringify(worked))?.[1]);
    expect((await rig.cancel(orderId)).refusals).toEqual([]);
  });

  it("pass for an agent that was narrowed, as far as it still has the authority", async () => {
    const rig = tradingRig(unlimited);
    const worked = await rig.trade();
    const orderId = String(/"order_id":"(\d+)"/.exec(JSON.stringify(worked))?.[1]);
    const narrow = (scopes: readonly Scope[]) =>
      changeClient(rig.parts.storage.sql, {
        clientId: "client-1",
        scopes: [...scopes],
        accounts: null,
        atOnce: true,
      });
    // The right to place orders was taken away and that to cancel was left: the order can be cancelled.
    narrow(["ibkr:orders:preview", "ibkr:orders:paper:cancel"]);
    expect((await rig.cancel(orderId)).refusals).toEqual([]);
    rig.pc.effect = "exit";
    const exit = await rig.approved({ side: "SELL" });
    expect(codesOf(await rig.submit(exit))).toEqual(["AUTH_MISSING_SCOPE"]);
    // And with the scope, an exit passes whatever else it may not do.
    narrow(SCOPES);
    expect((await rig.submit(exit)).refusals).toEqual([]);
  });
});
