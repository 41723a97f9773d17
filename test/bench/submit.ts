import { decideApproval } from "../../durable-objects/account/orders/transactions/decide-approval.ts";
import { engageKill } from "../../durable-objects/account/orders/transactions/kill-switches.ts";
import { submitTransaction } from "../../durable-objects/account/orders/transactions/submit-transaction.ts";
import { ASSERTION, type OrderBook, orderBook } from "../support/order-book.ts";
import { quantiles } from "./load.ts";

/**
 * What the submit's transaction takes, and how many rows it writes, over SQLite in this process:
 * the object's own share of the submit path. Limits are off, so that the counters grow with every
 * order. By hand: `node test/bench/submit.ts [orders]`.
 */
export function benchSubmit(orders = 300) {
  const book = unlimited();
  const times: number[] = [];
  let rows = 0;
  for (let n = 0; n < orders; n += 1) {
    const before = book.rowsWritten();
    const { ms, kind } = submitOne(book, n);
    if (kind !== "go") throw new Error("an order of the bench was refused");
    times.push(ms);
    rows = book.rowsWritten() - before;
    book.now += 1_000;
  }
  return {
    what: "the submit's one transaction over SQLite in this process: key, approval, every check, counters, intent; without the audit leaf, relay and broker",
    with_up_to_60_orders_today: quantiles(times.slice(10, 60)),
    [`with_up_to_${orders}_orders_today`]: quantiles(times.slice(-50)),
    rows_written_without_leaf: rows,
    kill_switch: { object_turns_until_effective: turnsUntilEffective(book) },
  };
}

/** Submits that still go out after the switch has committed, and one for the first that does not. */
function turnsUntilEffective(book: OrderBook): number {
  const kill = { scope: "gateway", subject: null, actor: "owner", reason: "bench" } as const;
  engageKill(book.storage.sql, { ...kill, effect: "freeze" }, book.now);
  for (let turn = 1; turn <= 10; turn += 1) {
    if (submitOne(book, 1_000_000 + turn).kind === "refused") return turn;
  }
  throw new Error("the kill switch had no effect");
}

function submitOne(book: OrderBook, n: number) {
  const previewId = book.preview();
  const approvalId = book.ask(previewId);
  const decision = {
    approvalId,
    requestId: "r",
    say: "approve",
    assertion: ASSERTION,
    echo: null,
  } as const;
  decideApproval(book.storage, decision, book.now, book.log);
  const request = book.request({ previewId, approvalId, key: `k-${n}` });
  const conditions = book.conditions();
  const before = process.hrtime.bigint();
  const { kind } = submitTransaction(book.storage, request, conditions, book.log);
  return { kind, ms: Number(process.hrtime.bigint() - before) / 1e6 };
}

function unlimited(): OrderBook {
  return orderBook((policy) => {
    for (const key of Object.keys(policy.cumulative)) Reflect.set(policy.cumulative, key, null);
    Object.assign(policy.clients, { max_orders_per_day: null, max_notional_per_day: null });
    Object.assign(policy.portfolio, {
      max_position_notional: null,
      max_position_nlv_percent: null,
    });
    policy.portfolio.max_gross_percent = null;
    policy.behaviour.duplicate_window_seconds = null;
    policy.clients.max_approvals_per_hour = null;
  });
}

if (import.meta.main) {
  console.log(JSON.stringify(benchSubmit(Number(process.argv[2] ?? 300)), null, 2));
}
