import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { orderPlace } from "@ibkr-edge-gateway/protocol/operation-schemas/order-place.ts";
import { coidBelongs, intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { describe, expect, it } from "vitest";
import { ASSERTION, type OrderBook, orderBook } from "../../../../test/support/order-book.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import { feature, LIVE_CHECKLIST } from "../rules/limits/trading-features.ts";
import { tradingStateOf } from "../rules/limits/trading-state.ts";
import { mayStillLeave } from "../rules/submits/may-still-leave.ts";
import type { SubmitDecision } from "../rules/submits/submit-decision.ts";
import { findApproval, pendingApprovals } from "../tables/approvals.ts";
import { dueForReconcile, nextReconcileAt } from "../tables/intents/in-doubt.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { engagedKills } from "../tables/kill-switches.ts";
import { policyInForce, waitingPolicy } from "../tables/policies.ts";
import { applyBookRead, type BookRead } from "./apply-book-read.ts";
import { decideApproval, moveApproval } from "./decide-approval.ts";
import { engageKill, liftKill } from "./kill-switches.ts";
import { changePolicy } from "./policy-transaction.ts";
import { applyEvidence, settle } from "./settle.ts";
import { submitTransaction } from "./submit-transaction.ts";
import { switchFeature, tickChecklist } from "./switch-feature.ts";
import { tightenTradingState } from "./tighten-trading-state.ts";

// fixed dates: the book of these tests has a clock of its own.

const submit = (book: OrderBook, over: Parameters<OrderBook["request"]>[0], client?: string) =>
  submitTransaction(book.storage, book.request(over), book.conditions(client), book.log);

/** A preview with an approved approval. */
function approved(book: OrderBook, ...preview: Parameters<OrderBook["preview"]>) {
  const previewId = book.preview(...preview);
  const approvalId = book.ask(previewId);
  decideApproval(
    book.storage,
    { approvalId, requestId: "r", say: "approve", assertion: ASSERTION, echo: null },
    book.now,
    book.log,
  );
  return { previewId, approvalId };
}

const codes = (decision: SubmitDecision) =>
  decision.kind === "refused" ? decision.refusals.map(({ code }) => code) : [decision.kind];
const missing = (proved: boolean, askedAt = Number.POSITIVE_INFINITY): BookRead => ({
  evidence: null,
  proved,
  found: false,
  claimed: false,
  askedAt,
});
const coidOf = (decision: SubmitDecision) => (decision.kind === "go" ? decision.coid : "");
const stateOf = (book: OrderBook, approvalId: string) =>
  findApproval(book.storage.sql, approvalId, book.now)?.state;

describe("a submit", () => {
  it("of an approved order goes out once, with its leaf, its key, its reservation and a job the sidecar takes", () => {
    const book = orderBook();
    const ids = approved(book);
    const before = book.rowsWritten();
    const decision = submit(book, { ...ids, key: "k-1" });
    // Approval, key, intent; the audit leaf is the fourth.
    expect(book.rowsWritten() - before).toBe(3);
    expect(decision.kind).toBe("go");
    if (decision.kind !== "go") return;
    expect(decision.job.operation).toBe("order.place");
    const input = orderPlace.input.parse(decision.job.input);
    expect(input.coid).toBe(decision.coid);
    const intent = findApproval(book.storage.sql, ids.approvalId, book.now)?.intent;
    expect(intent !== undefined && coidBelongs(intent) && intentHash(intent)).toBe(
      input.intent_hash,
    );
    expect(stateOf(book, ids.approvalId)).toBe("reserved");
    expect(findIntent(book.storage.sql, decision.coid)).toMatchObject({
      state: "submitting",
      ledger: "reserved",
      notional: "187.25",
      orders: 1,
    });
    expect(book.leaves.map(({ type }) => type)).toEqual(["approval.decided", "order.submitted"]);
    expect(book.leaves[1]?.meta).toMatchObject({
      coid: decision.coid,
      intent_hash: decision.intentHash,
      approval_id: ids.approvalId,
    });
  });

  it("with the same key and request is the same order; with another request a conflict", () => {
    const book = orderBook();
    const ids = approved(book);
    const first = submit(book, { ...ids, key: "k-1" });
    expect(submit(book, { ...ids, key: "k-1" })).toEqual({
      kind: "replay",
      coid: coidOf(first),
      state: "submitting",
      outcome: null,
    });
    const other = approved(book);
    expect(codes(submit(book, { ...other, key: "k-1" }))).toEqual(["IDEMPOTENCY_CONFLICT"]);
    expect(stateOf(book, other.approvalId)).toBe("approved");
  });

  it("two hundred times with one approval under as many keys lets one order out", () => {
    const book = orderBook((policy) => {
      policy.cumulative.max_orders_per_second = null;
      policy.cumulative.max_orders_per_minute = null;
      policy.behaviour.duplicate_window_seconds = null;
    });
    const ids = approved(book);
    const all = Array.from({ length: 200 }, (_, n) => submit(book, { ...ids, key: `k-${n}` }));
    expect(all.filter(({ kind }) => kind === "go")).toHaveLength(1);
    expect(new Set(all.slice(1).flatMap(codes))).toEqual(new Set(["APPROVAL_CONSUMED"]));
  });

  it("two hundred parallel orders against a limit of three lets three out", () => {
    const book = orderBook((policy) => {
      Object.assign(policy.cumulative, {
        max_orders_per_second: null,
        max_orders_per_minute: null,
        max_orders_per_hour: null,
        max_orders_per_day: 3,
        max_messages_per_minute: null,
        max_open_orders: null,
        repeat_times: null,
      });
      policy.behaviour.duplicate_window_seconds = null;
      policy.clients.max_orders_per_day = null;
    });
    const all = Array.from({ length: 200 }, () => approved(book));
    const decisions = all.map((ids, n) => submit(book, { ...ids, key: `k-${n}` }));
    expect(decisions.filter(({ kind }) => kind === "go")).toHaveLength(3);
    const refused = decisions.slice(3).flatMap(codes);
    expect(new Set(refused)).toEqual(new Set(["SESSION_ORDER_LIMIT_REFUSED"]));
  });

  it("without the owner's yes is refused and leaves its leaf and nothing else", () => {
    const book = orderBook();
    const previewId = book.preview();
    const approvalId = book.ask(previewId);
    const before = book.rowsWritten();
    expect(codes(submit(book, { previewId, approvalId }))).toEqual(["APPROVAL_MISSING"]);
    expect(codes(submit(book, { previewId }))).toEqual(["APPROVAL_MISSING"]);
    expect(book.rowsWritten()).toBe(before);
    expect(book.leaves.map(({ type, errorCode }) => [type, errorCode])).toEqual([
      ["order.refused", "APPROVAL_MISSING"],
      ["order.refused", "APPROVAL_MISSING"],
    ]);
  });

  it("with another order's approval, or another agent's preview or approval, is refused", () => {
    const book = orderBook();
    const one = approved(book);
    const two = approved(book, anOrder({ legs: [aLeg({ quantity: "2" })] }));
    expect(codes(submit(book, { previewId: one.previewId, approvalId: two.approvalId }))).toEqual([
      "APPROVAL_PREVIEW_MISMATCH",
    ]);
    expect(codes(submit(book, { ...one, key: "x" }, "client-2"))).toEqual(["PREVIEW_EXPIRED"]);
    const foreign = book.preview(anOrder(), "entry", "client-2");
    expect(
      codes(submit(book, { previewId: foreign, approvalId: one.approvalId }, "client-2")),
    ).toEqual(["APPROVAL_MISSING"]);
  });

  it("after the preview's end, after a denial, or under a policy the owner did not see, is refused", () => {
    const book = orderBook();
    const late = approved(book);
    book.now += 300_000;
    expect(codes(submit(book, { ...late, key: "late" }))).toEqual(
      expect.arrayContaining(["PREVIEW_EXPIRED", "APPROVAL_EXPIRED"]),
    );
    const previewId = book.preview();
    const approvalId = book.ask(previewId);
    decideApproval(book.storage, { approvalId, requestId: "r", say: "deny" }, book.now, book.log);
    expect(codes(submit(book, { previewId, approvalId, key: "denied" }))).toContain(
      "APPROVAL_DENIED",
    );
    // The same order asked again, in a new preview, is still denied.
    expect(codes(submit(book, { ...approved(book), key: "again" }))).toContain("APPROVAL_DENIED");

    const other = approved(book, anOrder({ legs: [aLeg({ quantity: "3" })] }));
    const inForce = policyInForce(book.storage.sql, "DU1234567", book.now);
    const document = defaultPolicy("DU1234567", "paper");
    document.order.max_notional = "1999";
    changePolicy(
      book.storage.sql,
      { document, basedOn: inForce?.hash ?? null, signed: false },
      book.now,
    );
    expect(codes(submit(book, { ...other, key: "policy" }))).toEqual(["INTENT_EXPIRED"]);
  });

  it("under an account that has no policy, or with orders switched off, is refused", () => {
    const book = orderBook();
    const ids = approved(book);
    switchFeature(book.storage.sql, "paper", false);
    expect(codes(submit(book, ids))).toEqual(["FEATURE_DISABLED"]);
    book.storage.sql.exec("DELETE FROM order_policies");
    expect(codes(submit(book, ids))).toEqual(["POLICY_MISSING"]);
  });

  it("whose row was tampered with is refused", () => {
    const book = orderBook();
    const ids = approved(book);
    const approval = findApproval(book.storage.sql, ids.approvalId, book.now);
    const widened = { ...approval?.intent, not_after: "2026-11-21T00:00:00.000Z" };
    book.storage.sql.exec("UPDATE order_approvals SET intent = ?", JSON.stringify(widened));
    expect(codes(submit(book, ids))).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
  });
});

describe("the kill switch", () => {
  it("blocks the very next submit, and lets an exit through", () => {
    const book = orderBook();
    const entry = approved(book);
    const exit = approved(book, anOrder({ legs: [aLeg({ quantity: "2" })] }), "exit");
    const kill = {
      scope: "gateway",
      subject: null,
      actor: "agent",
      reason: "x",
      effect: "freeze",
    } as const;
    expect(engageKill(book.storage.sql, kill, book.now)).toBe(true);
    expect(engageKill(book.storage.sql, { ...kill, reason: "y" }, book.now)).toBe(false);
    expect(engagedKills(book.storage.sql)).toMatchObject([{ reason: "x", actor: "agent" }]);
    expect(codes(submit(book, { ...entry, key: "entry" }))).toEqual(["KILL_SWITCH_CLOSED"]);
    expect(codes(submit(book, { ...exit, key: "exit" }))).toEqual(["go"]);
  });

  it("stops what was let out and has not left", () => {
    const book = orderBook();
    const decision = submit(book, approved(book));
    if (decision.kind !== "go") throw new Error("the order should go");
    expect(mayStillLeave(book.storage.sql, decision.coid, decision.epoch)).toBe(true);
    const kill = { actor: "owner", reason: "", effect: "freeze" } as const;
    engageKill(book.storage.sql, { ...kill, scope: "agent", subject: "client-2" }, book.now);
    expect(mayStillLeave(book.storage.sql, decision.coid, decision.epoch)).toBe(true);
    engageKill(
      book.storage.sql,
      { ...kill, scope: "broker_account", subject: "DU1234567" },
      book.now,
    );
    expect(mayStillLeave(book.storage.sql, decision.coid, decision.epoch)).toBe(false);
  });

  it("is lifted by the owner alone, and only as it stood when the owner looked", () => {
    const { sql } = orderBook().storage;
    engageKill(
      sql,
      { scope: "gateway", subject: null, actor: "policy", reason: "", effect: "freeze" },
      1,
    );
    const epoch = killEpoch(sql);
    for (const actor of ["agent", "policy", "sidecar"] as const) {
      expect(liftKill(sql, { scope: "gateway", subject: null, actor, epoch })).toBe(false);
    }
    engageKill(
      sql,
      { scope: "agent", subject: "a", actor: "owner", reason: "", effect: "freeze" },
      2,
    );
    expect(liftKill(sql, { scope: "gateway", subject: null, actor: "owner", epoch })).toBe(false);
    expect(
      liftKill(sql, { scope: "gateway", subject: null, actor: "owner", epoch: epoch + 1 }),
    ).toBe(true);
    expect(engagedKills(sql)).toMatchObject([{ scope: "agent", subject: "a" }]);
  });
});

describe("an outcome", () => {
  const evidence = (
    source: "live_orders" | "trades",
    says: "working" | "filled",
    filled: string,
  ) => ({
    source,
    says,
    filled,
    remaining: null,
    at: new Date(0).toISOString(),
  });

  it("nobody can prove keeps the approval reserved, the money counted and entries beside it blocked until the book speaks", () => {
    const book = orderBook((policy) => {
      policy.behaviour.duplicate_window_seconds = null;
      policy.cumulative.max_orders_per_second = null;
    });
    const ids = approved(book);
    const coid = coidOf(submit(book, { ...ids, key: "one" }));
    settle(book.storage, coid, { kind: "unknown" }, book.now, book.log);
    expect(stateOf(book, ids.approvalId)).toBe("reserved");
    expect(codes(submit(book, { ...approved(book), key: "two" }))).toEqual(["ORDER_RECONCILING"]);
    // The other side of the market, and an exit, go on.
    const exit = approved(book, anOrder({ legs: [aLeg({ quantity: "2" })] }), "exit");
    expect(codes(submit(book, { ...exit, key: "exit" }))).toEqual(["go"]);

    applyEvidence(book.storage, coid, evidence("live_orders", "working", "0"), book.now, book.log);
    expect(findIntent(book.storage.sql, coid)).toMatchObject({
      state: "working",
      seen: 1,
      look_at: null,
    });
    expect(stateOf(book, ids.approvalId)).toBe("consumed");
    applyEvidence(book.storage, coid, evidence("trades", "filled", "1"), book.now, book.log);
    expect(findIntent(book.storage.sql, coid)).toMatchObject({
      state: "filled",
      ledger: "settled",
      filled_notional: "187.25",
    });
  });

  it("not found is no proof until proved reads have said so over the quiet period", () => {
    const book = orderBook();
    const ids = approved(book);
    const coid = coidOf(submit(book, ids));
    settle(book.storage, coid, { kind: "unknown" }, book.now, book.log);
    const look = (proved: boolean) =>
      applyBookRead(book.storage, coid, missing(proved), book.now, book.log);
    for (let minute = 0; minute < 30; minute += 1) {
      book.now += 60_000;
      expect(look(false)).toMatchObject({ state: "reconciling" });
    }
    look(true);
    look(true);
    expect(findIntent(book.storage.sql, coid)).toMatchObject({
      ledger: "reserved",
      absent_reads: 2,
    });
    expect(look(true)).toMatchObject({ state: "rejected" });
    expect(findIntent(book.storage.sql, coid)).toMatchObject({ ledger: "released", look_at: null });
    expect(stateOf(book, ids.approvalId)).toBe("consumed");
    // It shows up after all: counted again, and the owner is told.
    const back = applyEvidence(
      book.storage,
      coid,
      evidence("live_orders", "working", "0"),
      book.now,
      book.log,
    );
    expect(back).toMatchObject({ state: "working", alarm: "resurrected" });
    expect(findIntent(book.storage.sql, coid)).toMatchObject({ ledger: "reserved" });
    expect(book.leaves.at(-1)).toMatchObject({ type: "order.alert" });
  });

  it("that the book cannot settle for an hour is the owner's, and is looked for all the same", () => {
    const book = orderBook();
    const coid = coidOf(submit(book, approved(book)));
    settle(book.storage, coid, { kind: "unknown" }, book.now, book.log);
    expect(nextReconcileAt(book.storage.sql)).toBe(book.now + 5_000);
    book.now += 3_600_000;
    expect(dueForReconcile(book.storage.sql, book.now, 10)).toEqual([
      { coid, brokerAccount: "DU1234567" },
    ]);
    applyBookRead(book.storage, coid, missing(false), book.now, book.log);
    expect(findIntent(book.storage.sql, coid)?.state).toBe("needs_owner");
    const leaves = book.leaves.length;
    book.now += 300_000;
    applyBookRead(book.storage, coid, missing(false), book.now, book.log);
    expect(findIntent(book.storage.sql, coid)?.state).toBe("needs_owner");
    expect(book.leaves.length).toBe(leaves);
    expect(nextReconcileAt(book.storage.sql)).toBeGreaterThan(book.now);
  });

  it("of a job that never reached the sidecar gives the approval back, any other end does not", () => {
    const book = orderBook((policy) => {
      policy.cumulative.max_orders_per_second = null;
    });
    const ids = approved(book);
    const first = coidOf(submit(book, { ...ids, key: "one" }));
    settle(book.storage, first, { kind: "never_delivered" }, book.now, book.log);
    expect(stateOf(book, ids.approvalId)).toBe("approved");
    expect(findIntent(book.storage.sql, first)).toMatchObject({
      state: "rejected",
      ledger: "released",
    });
    // The same approval, and so the same cOID, may be sent once more.
    const again = submit(book, { ...ids, key: "two" });
    expect(again).toMatchObject({ kind: "go", coid: first });
    expect(findIntent(book.storage.sql, first)).toMatchObject({
      state: "submitting",
      ledger: "reserved",
    });
    expect(codes(submit(book, { ...ids, key: "x" }))).toContain("APPROVAL_CONSUMED");
    settle(book.storage, first, { kind: "not_executed" }, book.now, book.log);

    const other = approved(book, anOrder({ legs: [aLeg({ quantity: "2" })] }));
    const second = coidOf(submit(book, { ...other, key: "three" }));
    settle(book.storage, second, { kind: "not_executed" }, book.now, book.log);
    expect(stateOf(book, other.approvalId)).toBe("consumed");
  });

  it("that claims more than its proof can carry is a doubt", () => {
    const book = orderBook();
    const coid = coidOf(submit(book, approved(book)));
    const claimed = {
      action: "place" as const,
      account_id: "DU1234567",
      coid,
      intent_hash: null,
      state: "filled" as const,
      proved_by: "submit_answer" as const,
      refusals: [],
      broker_text: null,
      orders: [],
      question: null,
      answered: [],
      alerts: [],
      at: new Date(book.now).toISOString(),
    };
    settle(book.storage, coid, { kind: "outcome", outcome: claimed }, book.now, book.log);
    expect(findIntent(book.storage.sql, coid)?.state).toBe("unknown");
    const accepted = { ...claimed, state: "accepted" as const };
    settle(book.storage, coid, { kind: "outcome", outcome: accepted }, book.now, book.log);
    expect(findIntent(book.storage.sql, coid)).toMatchObject({ state: "accepted", seen: 0 });
    expect(submit(book, { previewId: "pv_1", approvalId: "ap_2" })).toMatchObject({
      kind: "replay",
      state: "accepted",
      outcome: { state: "accepted" },
    });
  });

  it("accepted and never seen in the book becomes a doubt", () => {
    const book = orderBook();
    const coid = coidOf(submit(book, approved(book)));
    const accepted = {
      ...evidence("live_orders", "working", "0"),
      source: "submit_answer",
      says: "accepted",
    } as const;
    applyEvidence(book.storage, coid, accepted, book.now, book.log);
    for (let n = 0; n < 3; n += 1) {
      expect(findIntent(book.storage.sql, coid)?.state).toBe("accepted");
      book.now += 60_000;
      applyBookRead(book.storage, coid, missing(true), book.now, book.log);
    }
    expect(findIntent(book.storage.sql, coid)?.state).toBe("unknown");
  });
});

describe("approvals", () => {
  it("one preview has one open request; approve and deny at once: the first wins", () => {
    const book = orderBook();
    const previewId = book.preview();
    const approvalId = book.ask(previewId);
    expect(book.ask(previewId)).toBe(approvalId);
    expect(pendingApprovals(book.storage.sql, book.now)).toHaveLength(1);
    expect(moveApproval(book.storage.sql, approvalId, "deny", book.now)).toBe("denied");
    expect(moveApproval(book.storage.sql, approvalId, "approve", book.now)).toBeNull();
    expect(pendingApprovals(book.storage.sql, book.now)).toEqual([]);
    expect(book.ask(previewId)).not.toBe(approvalId);
  });

  it("end with the preview they are about, without anybody touching them", () => {
    const book = orderBook();
    const approvalId = book.ask(book.preview());
    book.now += 299_999;
    expect(stateOf(book, approvalId)).toBe("pending");
    book.now += 1;
    expect(stateOf(book, approvalId)).toBe("expired");
    expect(moveApproval(book.storage.sql, approvalId, "approve", book.now)).toBeNull();
  });
});

describe("policies", () => {
  it("tighten at once, loosen after a day or by a signature, and a tightening withdraws what waits", () => {
    const book = orderBook();
    const { sql } = book.storage;
    const document = (max_notional: string) => {
      const policy = defaultPolicy("DU1234567", "paper");
      policy.order.max_notional = max_notional;
      return policy;
    };
    const change = (max: string, signed = false) =>
      changePolicy(
        sql,
        {
          document: document(max),
          basedOn: policyInForce(sql, "DU1234567", book.now)?.hash ?? null,
          signed,
        },
        book.now,
      );
    const bound = () => policyInForce(sql, "DU1234567", book.now)?.document.order.max_notional;

    expect(change("3000")).toMatchObject({ ok: true, effectiveAt: book.now + 86_400_000 });
    expect(bound()).toBe("2000");
    expect(waitingPolicy(sql, "DU1234567", book.now)).toMatchObject({ version: 2 });
    change("1500");
    expect(bound()).toBe("1500");
    book.now += 86_400_000;
    expect(bound()).toBe("1500");
    change("9000", true);
    expect(bound()).toBe("9000");
    expect(
      changePolicy(sql, { document: document("1"), basedOn: null, signed: true }, book.now),
    ).toMatchObject({
      reason: "stale",
    });
    expect(
      changePolicy(sql, { document: {}, basedOn: null, signed: true }, book.now),
    ).toMatchObject({
      reason: "invalid",
    });
  });

  it("a row that was changed by hand is no policy", () => {
    const { sql } = orderBook().storage;
    sql.exec("UPDATE order_policies SET document = replace(document, '2000', '2000000')");
    expect(policyInForce(sql, "DU1234567", Date.now())).toBeNull();
  });
});

describe("switches and states", () => {
  it("live is not switched on before its five items are ticked one by one", () => {
    const { sql } = orderBook().storage;
    for (const item of LIVE_CHECKLIST) {
      expect(switchFeature(sql, "live", true)).toBe(false);
      tickChecklist(sql, item, 1);
    }
    expect(switchFeature(sql, "live", true)).toBe(true);
    expect(feature(sql, "live")).toMatchObject({ enabled: true, complete: true });
  });

  it("a loss tightens for the day, or until the owner; nothing loosens it meanwhile", () => {
    const { sql } = orderBook().storage;
    const now = Date.parse("2026-11-20T15:00:00.000Z");
    const state = (ms: number) => tradingStateOf(sql, "DU1", tradingDay(ms));
    expect(tightenTradingState(sql, "DU1", { state: "reducing", untilOwner: false }, now)).toBe(
      true,
    );
    expect(tightenTradingState(sql, "DU1", { state: "active", untilOwner: false }, now)).toBe(
      false,
    );
    expect([state(now), state(now + 86_400_000)]).toEqual(["reducing", "active"]);
    tightenTradingState(sql, "DU1", { state: "halted", untilOwner: true }, now);
    expect([state(now), state(now + 86_400_000)]).toEqual(["halted", "halted"]);
  });

  it("the trading day is New York's, over its clock changes", () => {
    expect(tradingDay(Date.parse("2026-11-20T04:59:00Z"))).toBe("2026-11-19");
    expect(tradingDay(Date.parse("2026-11-20T05:00:00Z"))).toBe("2026-11-20");
    expect(tradingDay(Date.parse("2026-07-20T04:00:00Z"))).toBe("2026-07-20");
  });
});
