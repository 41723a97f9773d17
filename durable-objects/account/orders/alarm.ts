import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { findJob } from "../relay/tables/jobs.ts";
import type { OrderParts } from "./order-context.ts";
import { looksAgain } from "./rules/outcomes/read-book-once-more.ts";
import { pcMissedAt, watchPc } from "./sidecar-calls/absence-alert.ts";
import { forwardAlerts, nextForwardAt } from "./sidecar-calls/forward-alerts.ts";
import { checkLosses, nextLossCheckAt } from "./sidecar-calls/loss-monitor.ts";
import { nextMandateSyncAt, syncMandates } from "./sidecar-calls/mandate-sync.ts";
import { reconcileAccount } from "./sidecar-calls/reconcile-account.ts";
import { ORPHAN_MS, provedSettlement, settleJob } from "./sidecar-calls/send-order.ts";
import { forgetCrossChecks, noteCrossCheck } from "./tables/cross-checks.ts";
import { dueForReconcile, nextReconciles, reconcileAllAt } from "./tables/intents/in-doubt.ts";
import { findIntent } from "./tables/intents/rows.ts";
import { oldestSubmitting, submittingSince } from "./tables/intents/working.ts";
import { forgetTasks, noteDone } from "./tables/scheduled-tasks.ts";
import { watchAudit, watchErrors } from "./transactions/circuit-breakers.ts";
import { bookRetry, crossChecks, crossCheckTried } from "./transactions/cross-check.ts";
import { nextPruneAt, pruneNowAndThen } from "./transactions/prune-orders.ts";
import { raiseAlert } from "./transactions/raise-alert.ts";

/** A write whose waiter is gone is looked into again after this. */
const RETRY_MS = 15_000;
const LOOKS_AT_ONCE = 50;

/**
 * What is due for orders when the alarm rings: writes whose waiter is gone with the object's memory,
 * orders to look for, the nightly cross-check, the day's losses, and what the PC must be told. A
 * doubt is never closed by time alone.
 */
export async function orderAlarm(parts: OrderParts): Promise<void> {
  const { sql } = parts.storage;
  settleOrphans(parts);
  watchAudit(parts);
  pruneNowAndThen(parts);
  if (!parts.relay.presence().online) {
    watchPc(parts);
    return;
  }
  await syncMandates(parts);
  await forwardAlerts(parts);
  // Before the book, whose reading takes a quarter of a minute.
  await checkLosses(parts);
  const accounts = new Set(
    dueForReconcile(sql, parts.now(), LOOKS_AT_ONCE).map(({ brokerAccount }) => brokerAccount),
  );
  for (const { account, dueAt } of [...crossChecks(sql), ...looksAgain(sql)]) {
    if (dueAt <= parts.now()) accounts.add(account);
  }
  for (const account of accounts) {
    if (parts.now() < bookRetry.notBefore(sql, account)) continue;
    await reconcileDoubts(parts, account);
  }
}

/** Looks for everything of one account that is not proved, and holds its book against the log. */
async function reconcileDoubts(parts: OrderParts, account: string): Promise<void> {
  const { sql } = parts.storage;
  const answer = await reconcileAccount(parts, account);
  if (!answer.ok) {
    noteDone(sql, bookRetry.task(account), parts.now());
    return;
  }
  // A book that does not agree with itself has not been held against anything.
  if (answer.report.proved) noteCrossCheck(sql, account, parts.now());
  else noteDone(sql, crossCheckTried(account), parts.now());
  for (const { order_ref, state } of answer.report.orders) {
    if (!isInDoubt(state)) continue;
    raiseAlert(parts, {
      key: `${state === "needs_owner" ? "needs_owner" : "unknown"}:${order_ref}`,
      kind: state === "needs_owner" ? "needs_owner" : "outcome_unknown",
      brokerAccount: account,
      coid: order_ref,
      message:
        state === "needs_owner"
          ? "The state of an order could not be proved. Look at the account at the broker."
          : "Nobody can tell yet whether an order stands at the broker. It is being looked for.",
      brokerText: null,
      cancelOffered: [],
    });
  }
  watchErrors(parts, account);
}

/** When the alarm should ring next for orders; null when nothing waits. */
export function orderAlarmAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const orphan = oldestSubmitting(sql);
  const orphanAt = orphan === null ? null : Math.max(orphan + ORPHAN_MS, nowMs + RETRY_MS);
  // While the PC is away nothing can be looked at; its coming back asks for everything.
  const reads = parts.relay.presence().online
    ? [nextBookAt(parts), nextLossCheckAt(parts), nextForwardAt(parts), nextMandateSyncAt(parts)]
    : [pcMissedAt(parts)];
  const all = [orphanAt, nextPruneAt(parts), ...reads].filter((at) => at !== null);
  return all.length === 0 ? null : Math.min(...all);
}

/** When any account's book is to be read next, for an order or for the cross-check. */
function nextBookAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  const soonest = parts.now() + 1_000;
  const due = [...nextReconciles(sql), ...crossChecks(sql), ...looksAgain(sql)].map(
    ({ account, dueAt }) => Math.max(dueAt, soonest, bookRetry.notBefore(sql, account)),
  );
  return due.length === 0 ? null : Math.min(...due);
}

/** The PC is back: everything not proved is looked for, and the whole book is held against the log. */
export function reconnected(parts: OrderParts): void {
  reconcileAllAt(parts.storage.sql, parts.now());
  forgetCrossChecks(parts.storage.sql);
  forgetTasks(parts.storage.sql, bookRetry.task(""));
  parts.wakeAt(parts.now() + 1_000);
}

/** The end of a write that nobody waits for any more stands in its row; without one it is in doubt. */
function settleOrphans(parts: OrderParts): void {
  const { sql } = parts.storage;
  for (const { coid, job_id } of submittingSince(sql, parts.now() - ORPHAN_MS)) {
    const job = findJob(sql, job_id);
    if (job === null) {
      // Its frame never left: the row is stored before the frame.
      settleJob(parts, coid, { kind: "never_delivered" });
    } else if (job.settledAt === null) {
      settleJob(parts, coid, { kind: "unknown" });
    } else {
      const settlement: JobSettlement = JSON.parse(job.record);
      settleJob(parts, coid, provedSettlement(sql, job_id, settlement));
    }
    if (findIntent(sql, coid)?.state === "unknown") {
      raiseAlert(parts, {
        key: `unknown:${coid}`,
        kind: "outcome_unknown",
        brokerAccount: findIntent(sql, coid)?.broker_account ?? null,
        coid,
        message:
          "Nobody can tell yet whether an order stands at the broker. It is being looked for.",
        brokerText: null,
        cancelOffered: [],
      });
    }
  }
}
