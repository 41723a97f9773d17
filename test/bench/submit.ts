import { decideApproval } from "../../durable-objects/account/orders/approvals.ts";
import { submitOrder } from "../../durable-objects/account/orders/submit.ts";
import { ASSERTION, orderBook } from "../support/order-book.ts";

/**
 * How long the submit's transaction takes, and how many rows it writes, over SQLite in this process.
 * Run by hand: `node test/bench/submit.ts [orders]`. Limits are off, so that the counters grow with
 * every order; what workerd adds is measured where workerd runs.
 */
const orders = Number(process.argv[2] ?? 300);
const book = orderBook((policy) => {
  for (const key of Object.keys(policy.cumulative)) Reflect.set(policy.cumulative, key, null);
  Object.assign(policy.clients, { max_orders_per_day: null, max_notional_per_day: null });
  policy.behaviour.duplicate_window_seconds = null;
  policy.clients.max_approvals_per_hour = null;
});
const times: number[] = [];
let rows = 0;
for (let n = 0; n < orders; n += 1) {
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
  const world = book.world();
  const written = book.rowsWritten();
  const before = process.hrtime.bigint();
  const { kind } = submitOrder(book.storage, request, world, book.log);
  times.push(Number(process.hrtime.bigint() - before) / 1e6);
  if (kind !== "go") throw new Error("an order of the bench was refused");
  rows = book.rowsWritten() - written;
  book.now += 1_000;
}
const report = (part: number[], what: string) => {
  const sorted = [...part].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2);
  console.log(`${what}: p50 ${at(0.5)} ms  p95 ${at(0.95)} ms`);
};
report(times.slice(10, 60), "with up to 60 orders today");
report(times.slice(-50), `with up to ${orders} orders today`);
console.log(`rows written per submit, without the audit leaf: ${rows}`);
