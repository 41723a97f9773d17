import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ASSERTION } from "../../../../test/support/order-book.ts";
import {
  ACCOUNT,
  admit,
  type DeskRig,
  deskRig,
  outcome,
} from "../../../../test/support/order-desk.ts";
import { aLeg, aMandate, anOrder, aTicket } from "../../../../test/support/orders.ts";
import { factsAt } from "../../../../test/support/policy.ts";
import { askApproval } from "../agent/ask-approval.ts";
import { conditionsOf } from "../facts/conditions.ts";
import { mayStillLeave } from "../rules/submits/may-still-leave.ts";
import { endedAtPc } from "../sidecar-calls/mandate-sync.ts";
import { decideApproval } from "../transactions/decide-approval.ts";
import { engageKill, liftKill } from "../transactions/kill-switches.ts";
import { noteAtPc } from "../transactions/mandate-at-pc.ts";
import { settle } from "../transactions/settle.ts";
import { storePreview } from "../transactions/store-preview.ts";
import { submitTransaction } from "../transactions/submit-transaction.ts";
import { findApproval, revokeUnderMandate } from "./approvals.ts";
import { findIntent } from "./intents/rows.ts";
import { killEpoch } from "./kill-epoch.ts";
import { endMandate, findMandate, storeMandate } from "./mandates.ts";

/**
 * Any order of anything that can happen around a mandate, against its bounds: over any 24 hours
 * never more orders and never more value than was signed, nothing outside of its kinds and agents,
 * nothing after its end, here or at the PC, nothing while a switch is engaged, and every approval it
 * gave used at most once. The counting is done here anew, in the plainest way.
 */
const MOST_ORDERS = 4;
const MOST_VALUE = 900;
const DAY = 86_400_000;
const CLIENTS = ["client-1", "client-2"] as const;
const PC = "sc_1b2c";

const VARIANTS = [
  { order: anOrder(), worth: 187.25, inside: true },
  { order: anOrder({ legs: [aLeg({ quantity: "2" })] }), worth: 374.5, inside: true },
  { order: anOrder({ legs: [aLeg({ quantity: "3" })] }), worth: 561.75, inside: false },
  { order: anOrder({ legs: [aLeg({ side: "SELL" })] }), worth: 187.25, inside: false },
] as const;

type Action =
  | { do: "ask"; variant: number; client: number }
  /** Asked for and sent at once. */
  | { do: "order"; variant: number; key: number }
  | { do: "submit"; at: number; key: number; client: number }
  | { do: "settle"; at: number; how: number }
  | { do: "end"; by: "owner" | "pc" }
  | { do: "doubt" }
  /** Granted, and sent while the PC is not sure of the mandate any more. */
  | { do: "doubted order"; variant: number; key: number }
  | { do: "deny"; at: number }
  | { do: "kill" }
  | { do: "lift" }
  | { do: "wait"; ms: number };

const latest = fc.integer({ min: 0, max: 6 }).map((n) => Math.max(0, n - 3));
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      variant: fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
      client: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("order" as const),
      variant: fc.constantFrom(0, 0, 1),
      key: fc.nat(200),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      at: latest,
      key: fc.nat(20),
      client: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("settle" as const), at: latest, how: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      by: fc.constantFrom("owner" as const, "pc" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "doubt" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("doubted order" as const),
      variant: fc.constantFrom(0, 1),
      key: fc.nat(200),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deny" as const), at: latest }) },
  { weight: 1, arbitrary: fc.constant({ do: "kill" as const }) },
  { weight: 4, arbitrary: fc.constant({ do: "lift" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1_000, 30_000, 400_000, 11 * 3_600_000, DAY),
    }),
  },
);

class Model {
  readonly rig: DeskRig = deskRig(
    () => {
      throw new Error("nothing is asked of the PC here");
    },
    (policy) => {
      Object.assign(policy.cumulative, {
        max_orders_per_second: null,
        max_orders_per_minute: null,
        max_orders_per_hour: null,
        max_orders_per_day: null,
        max_messages_per_minute: null,
        max_buy_notional_per_day: null,
        max_turnover_per_day: null,
        max_open_orders: null,
        max_open_notional: null,
        repeat_times: null,
      });
      Object.assign(policy.behaviour, {
        duplicate_window_seconds: null,
        denial_holds_minutes: null,
      });
      Object.assign(policy.clients, { max_orders_per_day: null, max_notional_per_day: null });
      Object.assign(policy.state, { max_audit_lag_seconds: null });
      policy.portfolio.short = true;
      policy.tiers.tier_zero = "mandate";
    },
  );
  readonly granted: { approval: string; variant: (typeof VARIANTS)[number]; client: string }[] = [];
  readonly gone: {
    coid: string;
    approval: string;
    at: number;
    worth: number;
    unsent: boolean;
    /** The broker's answer is known: the PC does not say afterwards that it was never sent. */
    answered: boolean;
  }[] = [];
  ended = false;
  doubted = false;
  killed = 0;
  serial = 0;
  refused = 0;

  constructor() {
    const { sql } = this.rig.parts.storage;
    for (const client of CLIENTS) {
      admit(this.rig, client, [
        "ibkr:approvals:create",
        "ibkr:orders:preview",
        "ibkr:orders:paper:submit",
      ]);
    }
    sql.exec(
      `INSERT INTO passkeys (credential_id, public_key, counter, transports, name, backed_up, added_at)
       VALUES (?, '', 0, '[]', 'phone', 0, 0)`,
      ASSERTION.id,
    );
    const mandate = aMandate({
      conids: [265598],
      max_quantity_per_order: "2",
      max_notional_per_order: "400",
      max_notional_per_day: String(MOST_VALUE),
      max_orders_per_day: MOST_ORDERS,
      not_after: "2026-11-24T00:00:00.000Z",
    });
    storeMandate(sql, { mandate, assertion: ASSERTION }, this.rig.clock.now);
    noteAtPc(sql, "m1", { sidecarId: PC, state: "confirmed", words: "" });
  }

  asker = (client: number) => ({
    kind: "agent" as const,
    clientId: CLIENTS[client] ?? CLIENTS[0],
    scopes: ["ibkr:approvals:create", "ibkr:orders:preview", "ibkr:orders:paper:submit"],
    requestId: "rq",
  });

  standing(): boolean {
    return (
      !this.ended && !this.doubted && this.rig.clock.now < Date.parse("2026-11-24T00:00:00.000Z")
    );
  }

  /** What may have left within 24 hours of now. */
  lately(): { orders: number; value: number } {
    const since = this.rig.clock.now - DAY;
    const counted = this.gone.filter(({ at, unsent }) => at > since && !unsent);
    return {
      orders: counted.length,
      value: counted.reduce((sum, { worth }) => sum + worth, 0),
    };
  }

  run(action: Action): void {
    const { rig } = this;
    const { storage } = rig.parts;
    const { sql } = storage;
    switch (action.do) {
      case "ask":
        this.ask(action);
        return;
      case "order":
        this.ask({ do: "ask", variant: action.variant, client: 0 });
        this.submit({ do: "submit", at: 0, key: action.key, client: 0 });
        return;
      case "doubted order":
        this.ask({ do: "ask", variant: action.variant, client: 0 });
        this.run({ do: "doubt" });
        this.submit({ do: "submit", at: 0, key: action.key, client: 0 });
        this.run({ do: "doubt" });
        return;
      case "submit":
        this.submit(action);
        return;
      case "settle":
        this.settle(action);
        return;
      case "end": {
        const signed = findMandate(sql, "m1");
        if (signed === null || this.ended) return;
        this.ended = true;
        if (action.by === "pc") endedAtPc(rig.parts, signed, "rq", PC);
        else if (endMandate(sql, "m1", "owner", rig.clock.now)) {
          revokeUnderMandate(sql, "m1", rig.clock.now);
        }
        for (const { approval } of this.granted) {
          expect(findApproval(sql, approval, rig.clock.now)?.state).not.toBe("approved");
        }
        return;
      }
      case "doubt":
        if (this.ended) return;
        this.doubted = !this.doubted;
        noteAtPc(sql, "m1", {
          sidecarId: PC,
          state: this.doubted ? "waiting" : "confirmed",
          words: "",
        });
        return;
      case "deny": {
        const approvalId = this.granted.at(-1 - action.at)?.approval;
        if (approvalId === undefined) return;
        decideApproval(
          storage,
          { approvalId, requestId: "rq", say: "deny" },
          rig.clock.now,
          rig.parts.log,
        );
        return;
      }
      case "kill":
        engageKill(
          sql,
          { scope: "gateway", subject: null, actor: "owner", reason: "", effect: "freeze" },
          rig.clock.now,
        );
        this.killed = 1;
        return;
      case "lift":
        if (this.killed === 0) return;
        liftKill(sql, { scope: "gateway", subject: null, actor: "owner", epoch: killEpoch(sql) });
        this.killed = 0;
        return;
      case "wait":
        rig.clock.now += action.ms;
    }
  }

  private ask({ variant: index, client }: Extract<Action, { do: "ask" }>): void {
    const { rig } = this;
    const { storage } = rig.parts;
    const variant = VARIANTS[index] ?? VARIANTS[0];
    const asker = this.asker(client);
    const at = new Date(rig.clock.now).toISOString();
    this.serial += 1;
    const previewId = `pv_${this.serial}`;
    const ticket = aTicket(variant.order, { notional: String(variant.worth), prepared_at: at });
    storePreview(
      storage.sql,
      {
        previewId,
        clientId: asker.clientId,
        sidecarId: PC,
        generation: 4,
        ticket: { ...ticket, market: ticket.market === null ? null : { ...ticket.market, at } },
        facts: this.facts(),
        leastTier: 1,
        keptUntilMs: rig.clock.now + 300_000,
      },
      rig.clock.now,
    );
    const before = this.lately();
    const asked = askApproval(rig.parts, asker, { account_id: ACCOUNT, preview_id: previewId });
    if (asked.outcome !== "granted") return;
    expect(variant.inside).toBe(true);
    expect(asker.clientId).toBe("client-1");
    expect(this.standing()).toBe(true);
    expect(this.killed).toBe(0);
    expect(before.orders + 1).toBeLessThanOrEqual(MOST_ORDERS);
    expect(before.value + variant.worth).toBeLessThanOrEqual(MOST_VALUE);
    expect(asked.approval).toMatchObject({ state: "approved", tier: 0, mandate_id: "m1" });
    this.granted.push({
      approval: asked.approval?.approval_id ?? "",
      variant,
      client: asker.clientId,
    });
  }

  private submit({ at, key, client }: Extract<Action, { do: "submit" }>): void {
    const { rig } = this;
    const { storage } = rig.parts;
    const given = this.granted.at(-1 - at);
    if (given === undefined) return;
    const approval = findApproval(storage.sql, given.approval, rig.clock.now);
    if (approval === null) throw new Error("the approval is gone");
    this.serial += 1;
    const before = this.lately();
    const market = aTicket().market;
    const now = new Date(rig.clock.now).toISOString();
    const decision = submitTransaction(
      storage,
      {
        requestId: "rq",
        key: `k-${key}`,
        digest: given.approval,
        previewId: approval.previewId,
        approvalId: given.approval,
        fresh: {
          market: market === null ? null : { ...market, at: now },
          facts: this.facts(),
          readAtMs: rig.clock.now,
        },
        nonce: String(this.serial).padStart(32, "f"),
        jobId: `job_${this.serial}`,
      },
      conditionsOf(rig.parts, this.asker(client), { skewMs: 0, reread: true }),
      rig.parts.log,
    );
    if (decision.kind !== "go") {
      if (decision.kind === "refused") this.refused += 1;
      return;
    }
    expect(approval.state).toBe("approved");
    expect(given.client).toBe(CLIENTS[client]);
    expect(this.standing()).toBe(true);
    expect(this.killed).toBe(0);
    expect(before.orders + 1).toBeLessThanOrEqual(MOST_ORDERS);
    expect(before.value + given.variant.worth).toBeLessThanOrEqual(MOST_VALUE);
    // Used before only where it is proved that the PC never had it.
    const earlier = this.gone.filter((one) => one.approval === given.approval && !one.unsent);
    expect(earlier).toEqual([]);
    expect(decision.job.input.approval).toMatchObject({ kind: "mandate", accepted_warnings: [] });
    expect(rig.leaves.at(-1)).toMatchObject({ type: "order.submitted", meta: { mandate: "m1" } });
    this.gone.push({
      coid: decision.coid,
      approval: given.approval,
      at: rig.clock.now,
      worth: given.variant.worth,
      unsent: false,
      answered: false,
    });
  }

  private settle({ at, how }: Extract<Action, { do: "settle" }>): void {
    const { rig } = this;
    const { storage } = rig.parts;
    const one = this.gone.at(-1 - at);
    const notSent = how === 1 || how === 4;
    if (one === undefined || one.unsent || (one.answered && notSent)) return;
    if (how === 2 || how === 3) one.answered = true;
    const told = (
      state: "accepted" | "rejected",
      proved_by: "submit_answer" | "sidecar_not_sent",
    ) => ({
      kind: "outcome" as const,
      outcome: outcome({ coid: one.coid, state, proved_by }, null, rig.clock.now),
    });
    const settlement = [
      { kind: "unknown" as const },
      { kind: "never_delivered" as const },
      told("accepted", "submit_answer"),
      told("rejected", "submit_answer"),
      told("rejected", "sidecar_not_sent"),
    ][how];
    if (settlement === undefined) return;
    const state = () => findIntent(storage.sql, one.coid)?.state;
    const before = state();
    if (this.ended)
      expect(mayStillLeave(storage.sql, one.coid, killEpoch(storage.sql))).toBe(false);
    settle(storage, one.coid, settlement, rig.clock.now, rig.parts.log);
    // By the relay's proof, or the PC's own word: nothing of it left.
    if (before !== "rejected" && state() === "rejected" && notSent) {
      one.unsent = true;
    }
    if (this.ended) {
      expect(findApproval(storage.sql, one.approval, rig.clock.now)?.state).not.toBe("approved");
    }
  }

  private facts() {
    const at = new Date(this.rig.clock.now).toISOString();
    return {
      ...factsAt(at),
      effect: { kind: "entry" as const, position: "0", working_same_side: "0", at },
    };
  }
}

it("whatever happens in whatever order, a mandate lets out no more than was signed", () => {
  let outs = 0;
  let grants = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(anyAction, { minLength: 30, maxLength: 90 }), (actions) => {
      const model = new Model();
      for (const action of actions) model.run(action);
      outs += model.gone.length;
      grants += model.granted.length;
      refusals += model.refused;
    }),
    { numRuns: 20, seed: 20_261_120 },
  );
  // Worth something only if orders went out, and were refused, in numbers.
  expect(outs).toBeGreaterThan(40);
  expect(grants).toBeGreaterThan(45);
  expect(refusals).toBeGreaterThan(40);
}, 120_000);
