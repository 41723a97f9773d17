import {
  isInDoubt,
  isTerminal,
  type OrderEvidence,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ASSERTION, type OrderBook, orderBook } from "../../../../test/support/order-book.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import type { OrderLogEntry } from "../order-log.ts";
import { findApproval } from "../tables/approvals.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { applyBookRead } from "./apply-book-read.ts";
import { approveAndSendTransaction } from "./approve-and-send-transaction.ts";
import { decideApproval, moveApproval } from "./decide-approval.ts";
import { engageKill, liftKill } from "./kill-switches.ts";
import { applyEvidence, settle } from "./settle.ts";
import { submitTransaction } from "./submit-transaction.ts";

/**
 * Any order of anything that can happen to an account's orders, against the promises: one key and
 * one approval let out at most one order; no limit is passed; engaged means engaged; nothing goes
 * out beside a doubt; every order has its leaf and every leaf its order.
 */
const MAX_ORDERS = 5;
const MAX_TURNOVER = 1_500;

const CLIENTS = ["client-1", "client-2"];
const VARIANTS = [
  { order: anOrder(), effect: "entry", worth: 187.25, side: "BUY" },
  {
    order: anOrder({ legs: [aLeg({ quantity: "3" })] }),
    effect: "entry",
    worth: 561.75,
    side: "BUY",
  },
  {
    order: anOrder({ legs: [aLeg({ quantity: "2" })] }),
    effect: "exit",
    worth: 374.5,
    side: "BUY",
  },
] as const;

type Action =
  | { do: "preview"; variant: number; client: number }
  | { do: "ready"; variant: number; client: number }
  | { do: "ask"; at: number }
  | { do: "decide"; at: number; say: "approve" | "deny" | "revoke" }
  /** With the preview's own approval and agent, or (`stray`) with whatever is at hand. */
  /** The owner's *Approve and send*; `dies`: before the transaction commits, or before its frame leaves. */
  | {
      do: "send";
      /** Of a request that was just made, or of whatever is at hand. */
      made: { variant: number; client: number } | null;
      preview: number;
      key: number;
      dies: "not" | "inside" | "after";
    }
  | { do: "submit"; preview: number; approval: number; key: number; client: number; stray: boolean }
  | { do: "settle"; at: number; how: number }
  | { do: "evidence"; at: number; says: "working" | "filled" | "cancelled" | "rejected" }
  | { do: "look"; at: number; proved: boolean }
  | { do: "kill"; scope: "gateway" | "agent"; client: number }
  | { do: "lift" }
  | { do: "wait"; ms: number };

const index = fc.nat(7);
/** Of what went out: mostly the latest, since little does. */
const recent = fc.integer({ min: 0, max: 5 }).map((n) => Math.max(0, n - 3));
/** Of the previews: mostly the latest. */
const newest = fc.integer({ min: 0, max: 9 }).map((n) => Math.max(0, n - 5));
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("ready" as const),
      variant: fc.nat(2),
      client: fc.nat(1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("preview" as const),
      variant: fc.nat(2),
      client: fc.nat(1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("ask" as const), at: index }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("decide" as const),
      at: index,
      say: fc.constantFrom(
        "approve" as const,
        "approve" as const,
        "approve" as const,
        "deny" as const,
        "revoke" as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      made: fc.option(fc.record({ variant: fc.nat(2), client: fc.nat(1) }), { freq: 3 }),
      preview: newest,
      key: fc.nat(30),
      dies: fc.constantFrom("not" as const, "not" as const, "inside" as const, "after" as const),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      preview: newest,
      approval: index,
      key: fc.nat(30),
      client: fc.nat(1),
      stray: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("settle" as const), at: recent, how: fc.nat(5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("evidence" as const),
      at: recent,
      says: fc.constantFrom(
        "working" as const,
        "filled" as const,
        "cancelled" as const,
        "rejected" as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("look" as const), at: recent, proved: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("kill" as const),
      scope: fc.constantFrom("gateway" as const, "agent" as const),
      client: fc.nat(1),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "lift" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(10, 2_000, 60_000, 130_000),
    }),
  },
);

class Model {
  readonly book: OrderBook = orderBook((policy) => {
    Object.assign(policy.cumulative, {
      max_orders_per_second: null,
      max_orders_per_minute: null,
      max_orders_per_hour: null,
      max_messages_per_minute: null,
      max_orders_per_day: MAX_ORDERS,
      max_turnover_per_day: String(MAX_TURNOVER),
      repeat_times: null,
    });
    Object.assign(policy.behaviour, { duplicate_window_seconds: null, denial_holds_minutes: null });
    Object.assign(policy.clients, { max_approvals_per_hour: null });
  });
  readonly previews: {
    id: string;
    variant: (typeof VARIANTS)[number];
    client: string;
    approval: string | null;
  }[] = [];
  readonly approvals: string[] = [];
  /** Every time an order was let out. */
  readonly gone: { coid: string; key: string; approval: string; entry: boolean; worth: number }[] =
    [];
  readonly keyed = new Map<string, string>();
  killed: { scope: "gateway" | "agent"; subject: string | null }[] = [];
  doubled = 0;

  run(action: Action): void {
    const { book } = this;
    const { sql } = book.storage;
    switch (action.do) {
      case "preview": {
        const variant = VARIANTS[action.variant];
        const client = CLIENTS[action.client];
        if (variant === undefined || client === undefined) return;
        const id = book.preview(variant.order, variant.effect, client);
        this.previews.unshift({ id, variant, client, approval: null });
        return;
      }
      case "ready": {
        this.run({ do: "preview", variant: action.variant, client: action.client });
        this.run({ do: "ask", at: 0 });
        this.run({ do: "decide", at: 0, say: "approve" });
        return;
      }
      case "ask": {
        const preview = this.previews[action.at];
        if (preview === undefined) return;
        const id = book.ask(preview.id);
        preview.approval = id;
        if (!this.approvals.includes(id)) this.approvals.unshift(id);
        return;
      }
      case "decide": {
        const approvalId = this.approvals[action.at];
        if (approvalId === undefined) return;
        const shared = { approvalId, requestId: "r" };
        decideApproval(
          book.storage,
          action.say === "approve"
            ? { ...shared, say: "approve", assertion: ASSERTION, echo: null }
            : { ...shared, say: action.say },
          book.now,
          book.log,
        );
        return;
      }
      case "submit":
        this.submit(action);
        return;
      case "send":
        this.send(action);
        return;
      case "settle": {
        const coid = this.gone[this.gone.length - 1 - action.at]?.coid;
        if (coid === undefined) return;
        this.settle(coid, action.how);
        return;
      }
      case "evidence": {
        const coid = this.gone[this.gone.length - 1 - action.at]?.coid;
        if (coid === undefined) return;
        const evidence: OrderEvidence = {
          source: "live_orders",
          says: action.says,
          filled: action.says === "filled" ? "1" : "0",
          remaining: null,
          at: new Date(book.now).toISOString(),
        };
        applyEvidence(book.storage, coid, evidence, book.now, book.log);
        return;
      }
      case "look": {
        const coid = this.gone[this.gone.length - 1 - action.at]?.coid;
        if (coid === undefined) return;
        applyBookRead(
          book.storage,
          coid,
          {
            evidence: null,
            proved: action.proved,
            found: false,
            claimed: false,
            askedAt: book.now + 1,
          },
          book.now,
          book.log,
        );
        return;
      }
      case "kill": {
        const subject = action.scope === "agent" ? (CLIENTS[action.client] ?? "") : null;
        const kill = {
          scope: action.scope,
          subject,
          actor: "policy",
          reason: "",
          effect: "freeze",
        } as const;
        if (engageKill(sql, kill, book.now)) this.killed.push({ scope: action.scope, subject });
        return;
      }
      case "lift": {
        const [kill] = this.killed;
        if (kill === undefined) return;
        expect(liftKill(sql, { ...kill, actor: "owner", epoch: killEpoch(sql) })).toBe(true);
        this.killed = this.killed.slice(1);
        return;
      }
      case "wait":
        book.now += action.ms;
    }
  }

  private submit(action: Extract<Action, { do: "submit" }>): void {
    const { book } = this;
    const preview = this.previews[action.preview];
    const approvalId = action.stray ? this.approvals[action.approval] : preview?.approval;
    const client = action.stray ? CLIENTS[action.client] : preview?.client;
    if (
      preview === undefined ||
      approvalId === null ||
      approvalId === undefined ||
      client === undefined
    )
      return;
    const key = `k-${action.key}`;
    const before = this.facts();
    const leaves = book.leaves.length;
    const request = book.request({ previewId: preview.id, approvalId, key });
    const decision = submitTransaction(book.storage, request, book.conditions(client), book.log);
    const [leaf] = book.leaves.slice(leaves);
    expect(book.leaves.length - leaves).toBe(decision.kind === "replay" ? 0 : 1);

    const known = this.keyed.get(`${client}|${key}`);
    if (known !== undefined) {
      // The same request again is the same order; any other under the key is a conflict.
      expect(decision.kind).toBe(
        known.split("|ieg1-")[0] === request.digest ? "replay" : "refused",
      );
    }
    if (decision.kind === "replay") {
      expect(this.keyed.get(`${client}|${key}`)).toBe(`${request.digest}|${decision.coid}`);
      return;
    }
    if (decision.kind === "refused") {
      expect(leaf?.type).toBe("order.refused");
      return;
    }
    expect(leaf).toMatchObject({ type: "order.submitted", meta: { coid: decision.coid } });
    // A key lets one order out, whoever asks how often.
    expect(this.keyed.has(`${client}|${key}`)).toBe(false);
    this.keyed.set(`${client}|${key}`, `${request.digest}|${decision.coid}`);
    // Its own agent, its own preview, its own approval, given and not taken.
    expect(preview.client).toBe(client);
    expect(before.approvals.get(approvalId)).toBe("approved");
    const entry = preview.variant.effect !== "exit";
    if (entry) {
      expect(this.covering(client)).toBe(0);
      expect(before.orders + 1).toBeLessThanOrEqual(MAX_ORDERS);
      expect(before.turnover + preview.variant.worth).toBeLessThanOrEqual(MAX_TURNOVER);
      expect(before.doubtOnSide).toBe(0);
    }
    this.gone.push({
      coid: decision.coid,
      key,
      approval: approvalId,
      entry,
      worth: preview.variant.worth,
    });
  }

  /** Approved and let out in one step, or as if nothing had been pressed. */
  private send(action: Extract<Action, { do: "send" }>): void {
    const { book } = this;
    const { sql } = book.storage;
    if (action.made !== null) {
      this.run({ do: "preview", ...action.made });
      this.run({ do: "ask", at: 0 });
    }
    const preview = this.previews[action.made === null ? action.preview : 0];
    if (preview?.approval == null) return;
    const { client, approval: approvalId, variant } = preview;
    const key = `k-${action.key}`;
    const before = this.facts();
    const leaves = book.leaves.length;
    const was = before.approvals.get(approvalId);
    const intent = () => {
      const coid = findApproval(sql, approvalId, book.now)?.intent.coid ?? "";
      return findIntent(sql, coid);
    };
    const row = intent();
    const keyed = () => sql.exec("SELECT * FROM order_keys").toArray().length;
    const keys = keyed();
    const request = { ...book.request({ previewId: preview.id, approvalId, key }), approvalId };
    const said = { assertion: ASSERTION, echo: null };
    const log = (entry: OrderLogEntry) => {
      if (action.dies === "inside" && entry.type === "order.submitted") throw new Died();
      book.log(entry);
    };
    let decision: ReturnType<typeof approveAndSendTransaction> | null = null;
    try {
      decision = approveAndSendTransaction(
        book.storage,
        said,
        request,
        book.conditions(client),
        log,
      );
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    if (decision?.kind !== "go") {
      // Not one row and not one leaf of it is left, and the request is as open as it was.
      expect(book.leaves.length).toBe(leaves);
      expect(this.facts().approvals.get(approvalId)).toBe(was);
      expect([intent(), keyed()]).toEqual([row, keys]);
      if (decision?.kind === "not_open") expect(was).not.toBe("pending");
      return;
    }
    expect(was).toBe("pending");
    expect(this.keyed.has(`${client}|${key}`)).toBe(false);
    const [decided, submitted] = book.leaves.slice(leaves);
    expect(decided).toMatchObject({
      type: "approval.decided",
      kind: "owner",
      meta: { sends: "yes" },
    });
    expect(submitted).toMatchObject({
      type: "order.submitted",
      clientId: client,
      meta: { coid: decision.coid, trigger: "approval" },
    });
    this.keyed.set(`${client}|${key}`, `${request.digest}|${decision.coid}`);
    const entry = variant.effect !== "exit";
    if (entry) {
      expect(this.covering(client)).toBe(0);
      expect(before.orders + 1).toBeLessThanOrEqual(MAX_ORDERS);
      expect(before.turnover + variant.worth).toBeLessThanOrEqual(MAX_TURNOVER);
      expect(before.doubtOnSide).toBe(0);
    }
    sends += 1;
    this.gone.push({ coid: decision.coid, key, approval: approvalId, entry, worth: variant.worth });
    // What the alarm proves of an order whose job has no row: it never left.
    if (action.dies === "after") this.settle(decision.coid, 2);
    // The agent's own submit under the same key is the same order, before and after its end.
    const again = submitTransaction(
      book.storage,
      book.request({ previewId: preview.id, approvalId, key }),
      book.conditions(client),
      book.log,
    );
    expect(again).toMatchObject({ kind: "replay", coid: decision.coid });
    if (action.dies === "after" || action.key % 3 > 0) return;
    const other = submitTransaction(
      book.storage,
      book.request({ previewId: preview.id, approvalId, key: "another-key" }),
      book.conditions(client),
      book.log,
    );
    expect(other).toMatchObject({ kind: "refused" });
    if (other.kind === "refused") {
      expect(other.refusals.map(({ code }) => code)).toContain("APPROVAL_CONSUMED");
    }
  }

  private settle(coid: string, how: number): void {
    const { book } = this;
    const kinds = [
      { kind: "unknown" },
      { kind: "not_executed" },
      { kind: "never_delivered" },
      { kind: "outcome", state: "accepted", proved_by: "submit_answer" },
      { kind: "outcome", state: "rejected", proved_by: "submit_answer" },
      { kind: "outcome", state: "awaiting_confirmation", proved_by: "submit_answer" },
    ] as const;
    const chosen = kinds[how];
    if (chosen === undefined) return;
    const outcome = (state: "accepted" | "rejected" | "awaiting_confirmation") => ({
      action: "place" as const,
      account_id: "DU1234567",
      coid,
      intent_hash: null,
      state,
      proved_by: "submit_answer" as const,
      refusals: [],
      broker_text: null,
      orders: [],
      question: null,
      answered: [],
      alerts: [],
      at: new Date(book.now).toISOString(),
    });
    settle(
      book.storage,
      coid,
      chosen.kind === "outcome" ? { kind: "outcome", outcome: outcome(chosen.state) } : chosen,
      book.now,
      book.log,
    );
  }

  private covering(client: string): number {
    return this.killed.filter(({ scope, subject }) => scope === "gateway" || subject === client)
      .length;
  }

  /** Worked out from the rows in the plainest way, not by the code under test. */
  facts() {
    const rows = [...new Set(this.gone.map(({ coid }) => coid))].flatMap((coid) => {
      const row = findIntent(this.book.storage.sql, coid);
      return row === null ? [] : [row];
    });
    const today = rows.filter((row) => row.ledger !== "released");
    return {
      orders: today.length,
      turnover: today.reduce(
        (sum, row) =>
          sum +
          Number(row.ledger === "settled" ? (row.filled_notional ?? row.notional) : row.notional),
        0,
      ),
      doubtOnSide: rows.filter((row) => isInDoubt(row.state)).length,
      approvals: new Map(
        this.approvals.map((id) => [
          id,
          findApproval(this.book.storage.sql, id, this.book.now)?.state,
        ]),
      ),
    };
  }

  /** Some end, or the broker's order id, stood proved before the doubt came back. */
  private proved(coid: string): boolean {
    const open = ["submitting", "awaiting_confirmation", "unknown", "reconciling", "needs_owner"];
    // A try that never left, before the one that counts, proved nothing of this one.
    const tried = this.book.leaves.findLastIndex(
      ({ type, meta }) => type === "order.submitted" && meta.coid === coid,
    );
    return this.book.leaves
      .slice(tried)
      .some(
        ({ type, meta }) =>
          type === "order.state" && meta.coid === coid && !open.includes(meta.to ?? ""),
      );
  }

  private resurrected(coid: string): boolean {
    return this.book.leaves.some(({ type, meta }) => type === "order.alert" && meta.coid === coid);
  }

  /** What must hold at any moment. */
  check(): void {
    const { sql } = this.book.storage;
    const submitted = this.book.leaves.filter(({ type }) => type === "order.submitted");
    expect(submitted.map(({ meta }) => meta.coid)).toEqual(this.gone.map(({ coid }) => coid));
    const latest = new Map(this.gone.map((each) => [each.coid, each]));
    for (const { coid, approval } of latest.values()) {
      const intent = findIntent(sql, coid);
      const state = findApproval(sql, approval, Number.NEGATIVE_INFINITY)?.state;
      expect(intent).not.toBeNull();
      if (intent === null) continue;
      const undelivered = intent.delivered === 0;
      if (undelivered && intent.state === "rejected") continue;
      const open = intent.state === "submitting" || intent.state === "awaiting_confirmation";
      // Reserved exactly as long as the outcome is not proved.
      if (open) expect(state).toBe("reserved");
      // Given back, and then turned up: nothing can be had from it again.
      else if (this.resurrected(coid)) expect(["consumed", "revoked"]).toContain(state);
      else if (isInDoubt(intent.state))
        expect(state).toBe(this.proved(coid) ? "consumed" : "reserved");
      else expect(state, intent.state).toBe("consumed");
      // Given back only for what is proved never to have been placed.
      if (intent.ledger === "released") expect(intent.state).toBe("rejected");
      if (!isTerminal(intent.state)) expect(intent.ledger).toBe("reserved");
      if (isInDoubt(intent.state)) expect(intent.look_at).not.toBeNull();
    }
    // One approval, one order: the cOID follows from the approval's intent.
    const byApproval = new Map<string, Set<string>>();
    for (const { approval, coid } of this.gone) {
      const coids = byApproval.get(approval) ?? new Set();
      byApproval.set(approval, coids.add(coid));
    }
    for (const coids of byApproval.values()) expect(coids.size).toBe(1);
  }
}

/** The object's process, at the worst moment. */
class Died extends Error {}

let outs = 0;
let sends = 0;
let refusals = 0;

it("whatever happens in whatever order, an account's orders keep their promises", () => {
  fc.assert(
    fc.property(fc.array(anyAction, { minLength: 20, maxLength: 120 }), (actions) => {
      const model = new Model();
      for (const action of actions) {
        model.run(action);
        model.check();
      }
      outs += model.gone.length;
      refusals += model.book.leaves.filter(({ type }) => type === "order.refused").length;
    }),
    { numRuns: 300, seed: 20_261_120 },
  );
  // The run is worth something only if orders went out and were refused in numbers.
  expect(outs).toBeGreaterThan(500);
  expect(refusals).toBeGreaterThan(400);
  expect(sends).toBeGreaterThan(100);
}, 120_000);

it("an approval that was revoked while it was asked for is not approved any more", () => {
  const { storage, now, preview, ask } = orderBook();
  const approvalId = ask(preview());
  expect(moveApproval(storage.sql, approvalId, "revoke", now)).toBe("revoked");
  expect(moveApproval(storage.sql, approvalId, "approve", now)).toBeNull();
});
