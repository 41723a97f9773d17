import { isInDoubt } from "../../../src/protocol/orders/state.ts";
import type { JobSettlement } from "../../../src/protocol/relay/edge/step.ts";
import { raiseAlert } from "./alerts.ts";
import { findIntent } from "./intents.ts";
import type { OrderParts } from "./parts.ts";
import { intentsToLook, lookAtAll, nextLookAt } from "./reconcile.ts";
import { reconcileAccount } from "./service-reconcile.ts";
import { ORPHAN_MS, settle, settlementOf } from "./service-submit.ts";

/** After the PC could not be asked, how long until it is tried again. */
const RETRY_MS = 15_000;
const LOOKS_AT_ONCE = 50;
/** The nightly cross-check of the broker's book against the log. */
const CROSS_CHECK_MS = 24 * 3_600_000;

/**
 * What is due for orders when the alarm rings: writes whose waiter is gone with the object's memory,
 * orders to look for, and the daily cross-check. A doubt is never closed by time alone.
 */
export async function orderAlarm(parts: OrderParts): Promise<void> {
  settleOrphans(parts);
  const { sql } = parts.storage;
  if (!parts.relay.presence().online) return;
  const accounts = new Set(
    intentsToLook(sql, parts.now(), LOOKS_AT_ONCE).map(({ brokerAccount }) => brokerAccount),
  );
  for (const account of crossCheckDue(parts)) accounts.add(account);
  for (const account of accounts) {
    const told = await reconcileAccount(parts, account);
    if (!told.ok) continue;
    noteCrossCheck(parts, account);
    for (const { order_ref, state } of told.report.orders) {
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
  }
}

/** When the alarm should ring next for orders; null when nothing waits. */
export function orderAlarmAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const { orphan } = sql
    .exec<{ orphan: number | null }>(
      "SELECT MIN(created_at) AS orphan FROM order_intents WHERE state = 'submitting'",
    )
    .one();
  const look = nextLookAt(sql);
  // While the PC is away nothing can be looked at; its coming back asks for everything.
  const lookAt =
    look === null || !parts.relay.presence().online ? null : Math.max(look, nowMs + 1_000);
  const orphanAt = orphan === null ? null : Math.max(orphan + ORPHAN_MS, nowMs + RETRY_MS);
  const all = [lookAt, orphanAt].filter((at) => at !== null);
  return all.length === 0 ? null : Math.min(...all);
}

/** The PC is back: everything not proved is looked for, and the whole book is held against the log. */
export function reconnected(parts: OrderParts): void {
  lookAtAll(parts.storage.sql, parts.now());
  parts.storage.sql.exec("DELETE FROM order_cross_checks");
  parts.wakeAt(parts.now() + 1_000);
}

/** The end of a write that nobody waits for any more stands in its row; without one it is in doubt. */
function settleOrphans(parts: OrderParts): void {
  const { sql } = parts.storage;
  const due = sql
    .exec<{ coid: string; job_id: string }>(
      "SELECT coid, job_id FROM order_intents WHERE state = 'submitting' AND created_at <= ?",
      parts.now() - ORPHAN_MS,
    )
    .toArray();
  for (const { coid, job_id } of due) {
    const [row] = sql
      .exec<{ record: string; settled_at: number | null }>(
        "SELECT record, settled_at FROM relay_jobs WHERE job_id = ?",
        job_id,
      )
      .toArray();
    if (row === undefined) {
      // Its frame never left: the row is stored before the frame.
      settle(parts, coid, { kind: "never_delivered" });
    } else if (row.settled_at === null) {
      settle(parts, coid, { kind: "unknown" });
    } else {
      const settlement: JobSettlement = JSON.parse(row.record);
      settle(parts, coid, settlementOf(sql, job_id, settlement));
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

function crossCheckDue(parts: OrderParts): string[] {
  return parts.storage.sql
    .exec<{ broker_account: string }>(
      `SELECT DISTINCT p.broker_account FROM order_policies p
       LEFT JOIN order_cross_checks c ON c.broker_account = p.broker_account
       WHERE (c.at IS NULL OR c.at <= ?)
         AND EXISTS (SELECT 1 FROM order_intents i WHERE i.broker_account = p.broker_account)`,
      parts.now() - CROSS_CHECK_MS,
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}

function noteCrossCheck(parts: OrderParts, account: string): void {
  parts.storage.sql.exec(
    `INSERT INTO order_cross_checks (broker_account, at) VALUES (?, ?)
     ON CONFLICT (broker_account) DO UPDATE SET at = excluded.at`,
    account,
    parts.now(),
  );
}
