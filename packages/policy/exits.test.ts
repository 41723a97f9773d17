import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anOrder } from "../../test/support/orders.ts";
import { aDraftOf, type Draft, type Tweak } from "../../test/support/policy.ts";
import { APPROVAL_CASES } from "../../test/support/policy-cases/approval.ts";
import { BEHAVIOUR_CASES } from "../../test/support/policy-cases/behaviour.ts";
import { CUMULATIVE_CASES } from "../../test/support/policy-cases/cumulative.ts";
import { DATA_CASES } from "../../test/support/policy-cases/data.ts";
import { FORM_CASES } from "../../test/support/policy-cases/form.ts";
import { IDENTITY_CASES } from "../../test/support/policy-cases/identity.ts";
import { INSTRUMENT_CASES } from "../../test/support/policy-cases/instrument.ts";
import { ORDER_CASES } from "../../test/support/policy-cases/order.ts";
import { PORTFOLIO_CASES } from "../../test/support/policy-cases/portfolio.ts";
import { STATE_CASES } from "../../test/support/policy-cases/state.ts";
import { policyOf } from "./document.ts";
import { evaluatePolicy, type PolicyVerdict } from "./evaluate.ts";
import { CHECKS } from "./registry.ts";

/**
 * An exit is never held back by a rule about entries, nor by a fact that only such a rule needs. What
 * may hold it back is written out here, with the reason; a check or a fact that is not named below
 * must let it through, in any company.
 */
const CASES = {
  ...STATE_CASES,
  ...IDENTITY_CASES,
  ...FORM_CASES,
  ...INSTRUMENT_CASES,
  ...DATA_CASES,
  ...ORDER_CASES,
  ...CUMULATIVE_CASES,
  ...PORTFOLIO_CASES,
  ...BEHAVIOUR_CASES,
  ...APPROVAL_CASES,
};

/** Checks that an exit must pass like every order. */
const INTEGRITY: Record<string, string> = {
  "sidecar-online": "there is nobody to send it",
  "session-ready": "there is no session to send it in",
  "no-takeover": "there is no session to send it in",
  "audit-available": "no order without its leaf",
  "scope-granted": "authority of the agent",
  "client-allowed": "authority of the agent",
  "client-quarantine": "authority of the agent",
  "account-allowed": "authority of the agent",
  "account-mode": "paper and live are never mixed up",
  "feature-enabled": "the owner's own switches",
  "checklist-complete": "the owner's own switches",
  "foreign-order": "an order placed elsewhere",
  "order-modifiable": "a change, not an exit",
  "instrument-unambiguous": "which contract is meant",
  "restricted-list": "a legal ban on the contract; it says for itself whether exits are meant",
  fractional: "the broker would not take it",
  "price-tick": "the broker would not take it",
  "quantity-step": "the broker would not take it",
  "stop-side": "it would trigger at once",
  "bracket-coherent": "its legs do not fit",
  "group-coherent": "its legs do not fit",
  "venue-rules": "the broker would not take it",
  "reduce-only": "it says that it only reduces, and would not",
  "protective-stop": "it takes protection away",
  "idempotency-conflict": "one key, one order",
  "idempotency-key": "one key, one order",
  "preview-fresh": "it is not what was previewed",
  "approval-in-time": "the owner's yes",
  "approval-matches": "the owner's yes",
  "approval-present": "the owner's yes",
  "approval-tier": "the owner's yes",
  "approval-unused": "the owner's yes",
  "denial-holds": "the owner's no",
};

/** Facts without which nothing is sent, exits included. */
const NEEDED = {
  facts: { effect: "who cannot be classified is an entry" },
  edge: {
    sidecar_online: "nobody to send it",
    session: "nobody to send it",
    audit: "no order without its leaf",
    proved_mode: "paper and live are never mixed up",
    features: "the owner's own switches",
    client: "authority of the agent",
    idempotency: "one key, one order",
    preview: "what was previewed",
    approval: "the owner's yes",
    facts_read_at: "what is of no age is not known, and who cannot be classified is an entry",
    // Not facts: the order's own name and a promise.
    economic_hash: "",
    mandate_covers: "",
  },
} as const;

/** Of the checks above, those whose case against an entry an exit may pass: they judge it milder. */
const MILDER_FOR_EXITS = [
  "approval-tier",
  "audit-available",
  "fractional",
  "quantity-step",
  "reduce-only",
  "session-ready",
];

const SEED = 20_261_120;

/** An approved order that can only reduce a position, whatever was done to the world before. */
function asExit({ s }: Draft): void {
  s.phase = "submit";
  s.facts.effect = { kind: "exit", position: "-100000", working_same_side: "0", at: s.now };
  s.edge.approval = {
    state: "approved",
    tier: 2,
    matches: true,
    expires_at: "2027-01-01T00:00:00.000Z",
  };
  s.edge.idempotency = { key: "k-1", seen: "new" };
}

const judged = (draft: Draft): PolicyVerdict => evaluatePolicy(draft.s, policyOf(1, draft.p));
const failed = (draft: Draft): string[] => judged(draft).failures.map(({ check }) => check);

/** Every way in which a check that is no integrity check can fail, or lack what it needs. */
const ENTRY_TROUBLES: [string, Tweak][] = CHECKS.filter(({ name }) => !(name in INTEGRITY)).flatMap(
  ({ name }) => {
    const cases = CASES[name];
    if (cases === undefined) throw new Error(`${name} has no cases`);
    return [
      [`${name} fails`, cases.fails],
      ...(cases.unknown === undefined || cases.unknown === "none"
        ? []
        : [[`${name} is unknown`, cases.unknown] as [string, Tweak]]),
    ] as [string, Tweak][];
  },
);

/**
 * A trouble may make the order itself another one, or the agent nobody: the exit stays the plain
 * order of its agent that it was. What bends a fact that is gone already has nothing to bend.
 */
const plain =
  (tweak: Tweak): Tweak =>
  (draft) => {
    const { ticket, edge } = structuredClone(draft.s);
    try {
      tweak(draft);
    } catch (thrown) {
      if (!String(thrown).includes("the fixture has")) throw thrown;
    }
    draft.s.ticket = { ...ticket, what_if: draft.s.ticket.what_if };
    draft.s.edge.client ??= edge.client;
  };

describe("exits", () => {
  it("every check is either named as integrity here or lets an exit through", () => {
    for (const [name, reason] of Object.entries(INTEGRITY)) {
      expect(CHECKS.map((check) => check.name)).toContain(name);
      expect(reason).not.toBe("");
    }
    for (const check of CHECKS) {
      if (check.scope === "entries") expect(INTEGRITY, check.name).not.toHaveProperty([check.name]);
    }
    expect(ENTRY_TROUBLES.length).toBeGreaterThan(100);
  });

  it.each(ENTRY_TROUBLES)("pass while %s, which refuses an entry", (_name, tweak) => {
    expect(judged(aDraftOf(tweak)).allowed).toBe(false);
    expect(failed(aDraftOf(plain(tweak), asExit))).toEqual([]);
  });

  it("pass while any of these fail together (seed 20261120)", () => {
    fc.assert(
      fc.property(fc.subarray(ENTRY_TROUBLES), (troubles) => {
        const draft = aDraftOf(...troubles.map(([, tweak]) => plain(tweak)), asExit);
        expect(failed(draft)).toEqual([]);
      }),
      { seed: SEED, numRuns: 60 },
    );
    expect(failed(aDraftOf(...ENTRY_TROUBLES.map(([, tweak]) => plain(tweak)), asExit))).toEqual(
      [],
    );
  });

  it("pass while every single fact is unknown, but those without which nothing can be sent", () => {
    const parts = [
      ["facts", Object.keys(aDraftOf().s.facts), NEEDED.facts],
      ["edge", Object.keys(aDraftOf().s.edge), NEEDED.edge],
    ] as const;
    const gone: Tweak[] = [];
    for (const [part, keys, needed] of parts) {
      for (const key of keys) {
        const take: Tweak = ({ s }) => Reflect.set(s[part], key, null);
        if (key in needed) continue;
        expect(failed(aDraftOf(asExit, take)), `${part}.${key}`).toEqual([]);
        gone.push(take);
      }
    }
    expect(gone.length).toBeGreaterThan(15);
    expect(failed(aDraftOf(asExit, ...gone))).toEqual([]);
    fc.assert(
      fc.property(fc.subarray(gone), fc.subarray(ENTRY_TROUBLES), (taken, troubles) => {
        const worse = troubles.map(([, tweak]) => plain(tweak));
        expect(failed(aDraftOf(...worse, asExit, ...taken))).toEqual([]);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("are held back by each integrity check all the same", () => {
    const held = Object.keys(INTEGRITY).filter((name) => {
      const cases = CASES[name];
      if (cases === undefined) return false;
      const kind: Tweak = ({ s }) => {
        s.facts.effect = { kind: "exit", position: "-100000", working_same_side: "0", at: s.now };
      };
      return failed(aDraftOf(kind, cases.fails)).includes(name);
    });
    const lenient = Object.keys(INTEGRITY).filter((name) => !held.includes(name));
    expect(lenient.sort()).toEqual(MILDER_FOR_EXITS);
  });

  it("and cancels pass while any of these fail together, and while everything about orders does", () => {
    const target = {
      order_id: "77",
      order_ref: "ieg1-0",
      foreign: false,
      before: aDraftOf().s.ticket.order.legs[0],
      filled_quantity: "0",
    };
    const cancel: Tweak = ({ s }) => {
      const { before } = target;
      if (before === undefined) return;
      s.ticket.order = anOrder({ action: "cancel", target: { ...target, before } });
      s.edge.approval = null;
      s.facts.effect = null;
      s.edge.idempotency = { key: "k-1", seen: "new" };
    };
    fc.assert(
      fc.property(fc.subarray(ENTRY_TROUBLES), (troubles) => {
        expect(failed(aDraftOf(...troubles.map(([, tweak]) => plain(tweak)), cancel))).toEqual([]);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});
