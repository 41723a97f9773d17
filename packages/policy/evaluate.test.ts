import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onSaturday } from "../../test/support/closed-market.ts";
import { AAPL, aLeg, anOrder } from "../../test/support/orders.ts";
import { aDraftOf, aSnapshot, readNow, type Tweak, verdictOf } from "../../test/support/policy.ts";
import { defaultPolicy } from "./defaults.ts";
import { PolicyDocument, policyOf } from "./document.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { CHECKS_WITH_FIELD, fieldOf } from "./field-of-check.ts";
import { CHECKS } from "./registry.ts";
import { compareRestriction, POLICY_FIELDS } from "./restriction.ts";
import type { PolicySnapshot } from "./snapshot.ts";

const policy = (document: PolicyDocument) => policyOf(1, document);
const paper = () => defaultPolicy("DU1234567", "paper");
const at = { at: "2026-11-20T15:00:00.000Z" };
const exit: Effect = { kind: "exit", position: "-1", working_same_side: "0", ...at };

/** Things that are not as they should be, or only just; `n` lies between 0 and 999. */
const DISTURBANCES: ((snapshot: PolicySnapshot, n: number) => void)[] = [
  ({ ticket }, n) => {
    // Worth up to twice the value limit.
    ticket.order.legs = [aLeg({ quantity: String(1 + (n % 20)) })];
  },
  ({ ticket }, n) => {
    ticket.order.legs = [aLeg({ limit_price: ((18_000 + n * 1.5) / 100).toFixed(2) })];
  },
  ({ ticket }, n) => {
    const price = {
      order_type: "STP",
      limit_price: null,
      stop_price: String(185 + (n % 6)),
    } as const;
    ticket.order.legs = [aLeg(price)];
  },
  ({ ticket, facts }, n) => {
    ticket.order.legs = [aLeg({ side: "SELL", quantity: "3" })];
    facts.positions = [held(String((n % 7) - 1))];
  },
  ({ facts }, n) => {
    facts.positions = [held(String(n % 70))];
  },
  ({ facts }, n) => {
    if (facts.account !== null) facts.account.daily_pnl = n < 50 ? null : String(-n * 2);
  },
  ({ facts }, n) => {
    if (facts.account !== null) facts.account.net_liquidation = n < 50 ? null : String(n * 10);
  },
  ({ facts }, n) => {
    if (facts.instrument !== null) facts.instrument.tradable_now = n < 100 ? null : n < 500;
  },
  ({ edge }, n) => {
    if (edge.usage !== null) Object.assign(edge.usage, { orders_last_minute: n % 8 });
  },
  ({ edge }, n) => {
    if (edge.usage !== null) {
      Object.assign(edge.usage, {
        buy_notional_today: String(n * 12),
        turnover_today: String(n * 24),
      });
    }
  },
  ({ edge }, n) => {
    if (edge.usage !== null) {
      Object.assign(edge.usage, { inflight_orders: n % 14, inflight_notional: String(n * 12) });
    }
  },
  ({ edge }, n) => {
    if (n < 100) edge.usage = null;
  },
  ({ edge }, n) => {
    if (edge.market_now === null) return;
    edge.market_now.availability = n < 500 ? "delayed" : n < 900 ? "live" : "none";
  },
  ({ edge }, n) => {
    if (edge.market_now !== null) edge.market_now.bid = n < 200 ? null : String(178 + n / 100);
  },
  ({ edge }, n) => {
    edge.trading_state = n < 700 ? "active" : "reducing";
  },
  ({ edge }, n) => {
    edge.kill = n < 700 ? [] : [{ scope: "gateway", since: at.at }];
  },
  ({ edge }, n) => {
    if (edge.approval !== null) edge.approval.tier = n < 500 ? 2 : 1;
  },
  ({ edge }, n) => {
    if (n < 100) edge.approval = null;
  },
  (snapshot, n) => {
    snapshot.phase = n < 500 ? "preview" : "submit";
  },
  ({ edge }, n) => {
    if (edge.client !== null) edge.client.orders_today = n % 25;
  },
  ({ edge }, n) => {
    const quantity = n < 500 ? "1" : "0.01";
    edge.history = { quantities: Array.from({ length: 6 }, () => quantity), notionals: [] };
  },
];

const held = (quantity: string) => ({
  conid: AAPL.conid,
  quantity,
  value: "1000",
  asset_class: "STK",
  issuer: "APPLE INC",
  sector: "Technology",
  country: "US",
  currency: "USD",
});

/** The good order with up to four of those. */
const anySnapshot: fc.Arbitrary<PolicySnapshot> = fc
  .array(fc.tuple(fc.nat(DISTURBANCES.length - 1), fc.nat(999)), { maxLength: 4 })
  .map((chosen) => {
    const snapshot = structuredClone(aSnapshot());
    for (const [index, n] of chosen) DISTURBANCES[index]?.(snapshot, n);
    return snapshot;
  });

/** The same policy with a few fields made tighter. */
function tightened(from: PolicyDocument, choices: readonly [number, number][]): PolicyDocument {
  return edited(from, choices, tighter);
}

/** The same policy with a few limits taken off. */
function loosened(from: PolicyDocument, choices: readonly [number, number][]): PolicyDocument {
  return edited(from, choices, () => null);
}

function edited(
  from: PolicyDocument,
  choices: readonly [number, number][],
  change: (direction: string, value: JsonValue, choice: number) => JsonValue | undefined,
): PolicyDocument {
  const copy: PolicyDocument = structuredClone(from);
  for (const [index, choice] of choices) {
    const field = POLICY_FIELDS[index];
    if (field === undefined) continue;
    let parent: unknown = copy;
    for (const key of field.path.slice(0, -1)) parent = Reflect.get(Object(parent), key);
    const key = field.path.at(-1) ?? "";
    const value: JsonValue = Reflect.get(Object(parent), key) as JsonValue;
    const next = change(field.direction, value, choice);
    if (next === undefined) continue;
    Reflect.set(Object(parent), key, next);
    // What the schema would not take is no policy.
    if (!PolicyDocument.safeParse(copy).success) Reflect.set(Object(parent), key, value);
  }
  return PolicyDocument.parse(copy);
}

function tighter(direction: string, value: JsonValue, choice: number): JsonValue | undefined {
  switch (direction) {
    case "lower":
      if (value === null) return choice % 2 === 0 ? String(choice % 50) : choice % 50;
      return typeof value === "number"
        ? Math.floor(value * ((choice % 10) / 10))
        : String(Math.floor(Number(value) * ((choice % 10) / 10)));
    case "higher":
      if (value === null) return choice % 2 === 0 ? String(choice % 50) : choice % 50;
      return typeof value === "number"
        ? value + (choice % 7)
        : String(Number(value) + (choice % 7));
    case "fewer":
      return Array.isArray(value) ? value.filter((_item, i) => (choice >> i) % 2 === 0) : undefined;
    case "forbid":
      return false;
    case "demand":
      return true;
    default:
      return undefined;
  }
}

describe("a verdict", () => {
  it("runs every check, once each, in order, and is allowed only when none failed", () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const verdict = evaluatePolicy(snapshot, policy(paper()));
        expect(verdict.results.map(({ check }) => check)).toEqual(CHECKS.map(({ name }) => name));
        const bad = verdict.results.filter(({ outcome }) => ["fail", "unknown"].includes(outcome));
        expect(verdict.failures).toEqual(bad);
        expect(verdict.allowed).toBe(bad.length === 0);
      }),
    );
  });

  it("reports all failures together, not the first", () => {
    const verdict = verdictOf(({ s, p }) => {
      s.edge.kill = [{ scope: "gateway", since: at.at }];
      p.order.max_notional = "1";
      p.portfolio.max_position_notional = "1";
      s.edge.approval = null;
    });
    expect(verdict.failures.map(({ code }) => code)).toEqual([
      "KILL_SWITCH_CLOSED",
      "NOTIONAL_LIMIT_REFUSED",
      "POSITION_NOTIONAL_EXCEEDED",
      "APPROVAL_MISSING",
    ]);
  });

  it("is a function of its input: the same again, and nothing touched", () => {
    const freeze = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      Object.freeze(value);
      for (const inner of Object.values(value)) freeze(inner);
    };
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const document = paper();
        freeze(snapshot);
        freeze(document);
        expect(evaluatePolicy(snapshot, policy(document))).toEqual(
          evaluatePolicy(structuredClone(snapshot), policy(document)),
        );
      }),
    );
  });

  it("without a policy allows nothing", () => {
    const verdict = evaluatePolicy(aSnapshot(), null);
    expect(verdict).toMatchObject({ allowed: false, failures: [{ code: "POLICY_MISSING" }] });
  });

  it("carries the version and the hash it was made under", () => {
    const document = paper();
    expect(evaluatePolicy(aSnapshot(), policyOf(7, document))).toMatchObject({
      policy_version: 7,
      policy_hash: policyOf(1, document).hash,
    });
  });
});

describe("the snapshots these tests are made of", () => {
  it("are allowed often enough, and refused often enough, to tell a broken rule", () => {
    const sample = fc.sample(anySnapshot, { numRuns: 1_000, seed: 20_261_120 });
    const allowed = sample.filter((each) => evaluatePolicy(each, policy(paper())).allowed).length;
    expect(allowed).toBeGreaterThan(200);
    expect(allowed).toBeLessThan(800);
  });
});

describe("missing is never a pass", () => {
  it("no input that is taken away turns a denial into a permission", () => {
    const paths = Object.keys(aSnapshot().edge)
      // Neither is an input a check may miss: the one is the order's own name, the other a promise.
      .filter((key) => key !== "economic_hash" && key !== "mandate_covers" && key !== "proved_mode")
      .map((key) => ["edge", key])
      .concat(Object.keys(aSnapshot().facts).map((key) => ["facts", key]));
    fc.assert(
      fc.property(anySnapshot, fc.subarray(paths, { minLength: 1 }), (snapshot, gone) => {
        const less = structuredClone(snapshot);
        for (const [part = "", key = ""] of gone)
          Reflect.set(Object(Reflect.get(less, part)), key, null);
        const before = evaluatePolicy(snapshot, policy(paper()));
        const after = evaluatePolicy(less, policy(paper()));
        if (after.allowed) expect(before.failures).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("each of the inputs that the default policy rests on denies when it is gone", () => {
    const needed = [
      ["facts", "rules"],
      ["facts", "account"],
      ["facts", "positions"],
      ["facts", "working"],
      ["edge", "kill"],
      ["edge", "trading_state"],
      ["edge", "sidecar_online"],
      ["edge", "session"],
      ["edge", "stream_reconciling"],
      ["edge", "intents_in_doubt"],
      ["edge", "audit"],
      ["edge", "sidecar_skew_ms"],
      ["edge", "features"],
      ["edge", "client"],
      ["edge", "usage"],
      ["edge", "history"],
      ["edge", "fills"],
      ["edge", "asked"],
      ["edge", "own_gtc"],
      ["edge", "idempotency"],
      ["edge", "preview"],
      ["edge", "market_now"],
      ["edge", "approval"],
      ["ticket", "what_if"],
    ];
    for (const [part = "", key = ""] of needed) {
      const verdict = verdictOf(({ s }) => {
        Reflect.set(Object(Reflect.get(s, part)), key, null);
      });
      expect(verdict.allowed, `${part}.${key}`).toBe(false);
    }
  });
});

describe("no exit is blocked by an entry rule", () => {
  const scopeOf = new Map(CHECKS.map(({ name, scope }) => [name, scope]));

  it("whatever else is wrong, an exit fails integrity checks only and a cancel only what holds for all", () => {
    fc.assert(
      fc.property(anySnapshot, anySnapshot, (snapshot, donor) => {
        const bad = { ...snapshot, edge: { ...donor.edge, client: snapshot.edge.client } };
        bad.facts = { ...snapshot.facts, effect: exit };
        for (const { check } of evaluatePolicy(bad, policy(paper())).failures) {
          expect(scopeOf.get(check)).not.toBe("entries");
        }
        const order = { ...bad.ticket.order, action: "cancel" as const };
        const cancel = { ...bad, ticket: { ...bad.ticket, order } };
        for (const { check } of evaluatePolicy(cancel, policy(paper())).failures) {
          expect(scopeOf.get(check)).toBe("always");
        }
      }),
    );
  });

  it("under an engaged switch, a halt, a spent day, a loss, no market data and no contract rules, an approved exit passes", () => {
    const storm: Tweak = ({ s, p }) => {
      s.facts.effect = exit;
      s.edge.kill = [{ scope: "gateway", since: at.at }];
      s.edge.trading_state = "halted";
      s.edge.market_now = null;
      s.edge.usage = null;
      s.edge.history = null;
      s.facts.account = null;
      s.facts.rules = null;
      s.facts.instrument = null;
      s.edge.sidecar_skew_ms = 60_000;
      s.ticket.what_if = null;
      s.edge.intents_in_doubt = [{ conid: AAPL.conid, side: "BUY" }];
      p.enabled = false;
      p.order.max_notional = "0";
    };
    expect(verdictOf(storm).failures).toEqual([]);
    expect(
      verdictOf(storm, ({ s }) => {
        s.facts.effect = null;
      }).failures.length,
    ).toBeGreaterThan(10);
  });

  it("a change under an engaged switch is blocked, also one of an exit", () => {
    const target = {
      order_id: "77",
      order_ref: "ieg1-0",
      foreign: false,
      before: aLeg(),
      filled_quantity: "0",
    };
    const verdict = verdictOf(({ s }) => {
      s.ticket.order = anOrder({ action: "modify", target });
      s.facts.effect = exit;
      s.edge.kill = [{ scope: "agent", since: at.at }];
    });
    expect(verdict.failures.map(({ code }) => code)).toContain("KILL_SWITCH_CLOSED");
  });
});

const someFields = (maxLength: number) =>
  fc.array(fc.tuple(fc.nat(POLICY_FIELDS.length - 1), fc.nat(1_000)), { maxLength });

describe("tightening", () => {
  it("never turns a denial into a permission", () => {
    fc.assert(
      fc.property(anySnapshot, someFields(6), someFields(2), (snapshot, off, tight) => {
        const before = loosened(paper(), off);
        const after = tightened(before, tight);
        expect(compareRestriction(before, after).loosens).toBe(false);
        if (!evaluatePolicy(snapshot, policy(before)).allowed) {
          expect(evaluatePolicy(snapshot, policy(after)).allowed).toBe(false);
        }
      }),
      { numRuns: 400 },
    );
  }, 60_000);
});

it("a preview is judged by the quote its ticket was made with, a submit by one of now", () => {
  const later: Tweak = ({ s }) => {
    s.now = "2026-11-20T15:04:00.000Z";
  };
  const preview: Tweak = ({ s }) => {
    s.phase = "preview";
    if (s.edge.client !== null) s.edge.client.scopes = ["ibkr:orders:preview"];
  };
  expect(verdictOf(later, preview).failures).toEqual([]);
  expect(verdictOf(later, readNow).failures.map(({ code }) => code)).toEqual(["STALE_QUOTE"]);
});

it("a refusal names the field to correct, for checks that exist", () => {
  const names = new Set(CHECKS.map(({ name }) => name));
  expect(CHECKS_WITH_FIELD.filter((name) => !names.has(name))).toEqual([]);
  expect([fieldOf("price-tick"), fieldOf("daily-loss")]).toEqual(["limit_price", "daily-loss"]);
});

it("says when the broker's clock will be known", () => {
  const verdict = verdictOf(({ s, p }) => {
    p.state.max_broker_skew_ms = 60_000;
    s.facts.broker_clock_skew_ms = null;
  });
  expect(verdict.failures).toMatchObject([
    { code: "CLOCK_SKEW", message: expect.stringMatching(/ask again in ten seconds\.$/) },
  ]);
});

it("a soft loss limit above the hard one does not hide it", () => {
  const verdict = verdictOf(({ s, p }) => {
    Object.assign(p.behaviour, { daily_loss_soft: "5000", daily_loss_hard: "100" });
    if (s.facts.account !== null) s.facts.account.daily_pnl = "-101";
  });
  expect(verdict.failures.map(({ code }) => code)).toEqual(["DAILY_LOSS_LIMIT"]);
});

describe("the policy that a new account starts with", () => {
  it("lets one small paper order through on a weekend with delayed data from one side", () => {
    const verdict = verdictOf(onSaturday, ({ s }) => {
      s.facts.broker_clock_skew_ms = null;
      if (s.facts.instrument !== null) {
        Object.assign(s.facts.instrument, {
          issuer: null,
          sector: null,
          country: null,
          days_to_expiry: null,
          greeks: null,
          event_before_expiry: null,
        });
      }
      s.facts.greeks = null;
      for (const market of [s.edge.market_now, s.ticket.market]) {
        if (market !== null)
          Object.assign(market, { bid: null, ask: null, availability: "delayed" });
      }
      s.edge.losses = null;
    });
    expect(verdict.failures).toEqual([]);
    expect(verdict.required_tier).toBe(1);
  });

  it("is tighter for live in every number, and starts with no order that needs no tap", () => {
    const live = { ...defaultPolicy("DU1234567", "live"), mode: "paper" as const };
    expect(compareRestriction(paper(), live).loosens).toBe(false);
    expect(live.tiers.tier_zero).toBe("never");
  });

  it("passes a small live order only with live data, the checklist and both switches", () => {
    const snapshot = structuredClone(aSnapshot());
    const { edge } = snapshot;
    snapshot.ticket.order = anOrder({ account_id: "U1234567", mode: "live" });
    if (snapshot.facts.rules !== null) snapshot.facts.rules.tradable_accounts = ["U1234567"];
    edge.proved_mode = "live";
    edge.features = { at_edge: true, at_pc: true, checklist_complete: true };
    if (edge.client !== null) edge.client.scopes = ["ibkr:orders:live:submit"];
    const document = defaultPolicy("U1234567", "live");
    expect(evaluatePolicy(snapshot, policy(document)).failures).toEqual([]);
    if (edge.market_now !== null) edge.market_now.availability = "delayed";
    expect(evaluatePolicy(snapshot, policy(document)).failures.map(({ code }) => code)).toEqual([
      "QUOTE_DELAYED",
    ]);
  });

  it("is refused by its own schema when it is changed into nonsense", () => {
    const { p } = aDraftOf();
    expect(
      PolicyDocument.safeParse({ ...p, order: { ...p.order, max_notional: "-1" } }).success,
    ).toBe(false);
    expect(
      PolicyDocument.safeParse({ ...p, order: { ...p.order, max_notional: 2000 } }).success,
    ).toBe(false);
  });
});
