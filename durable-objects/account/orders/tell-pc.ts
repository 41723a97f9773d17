import { alertTell } from "../../../src/protocol/operations/alert-tell.ts";
import { askSidecar } from "./ask-sidecar.ts";
import { isDue, lastDone, noteDone } from "./chores.ts";
import type { OrderParts } from "./parts.ts";

/**
 * What the gateway noticed by itself, told to the PC, which has ways to reach its owner. An alert
 * waits while the PC is away and is told once; one that is old by then is left to the console.
 */
const AT_ONCE = 5;
const TOO_OLD_MS = 24 * 3_600_000;
const RETRY_MS = 60_000;
const CHORE = "tell-failed";

/** Tells what waits, oldest first; never throws. The PC must be there. */
export async function tellPc(parts: OrderParts): Promise<void> {
  const { sql } = parts.storage;
  if (!isDue(sql, CHORE, RETRY_MS, parts.now())) return;
  for (const { alert_key, kind, message } of waiting(sql, parts.now(), AT_ONCE)) {
    const told = await askSidecar(
      parts,
      alertTell,
      { kind, message },
      { scope: "ibkr:approvals:create", account: null },
    );
    if (!told.ok || !told.value.taken) {
      noteDone(sql, CHORE, parts.now());
      return;
    }
    sql.exec("UPDATE order_alerts SET told_at = ? WHERE alert_key = ?", parts.now(), alert_key);
  }
}

/** When there is something to tell; null when there is not. */
export function nextTellAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  if (waiting(sql, parts.now(), 1).length === 0) return null;
  const failed = lastDone(sql, CHORE);
  return Math.max(parts.now(), failed === null ? 0 : failed + RETRY_MS);
}

function waiting(sql: SqlStorage, nowMs: number, limit: number) {
  return sql
    .exec<{ alert_key: string; kind: string; message: string }>(
      `SELECT alert_key, kind, message FROM order_alerts
       WHERE told_at IS NULL AND at > ? ORDER BY at, alert_key LIMIT ?`,
      nowMs - TOO_OLD_MS,
      limit,
    )
    .toArray();
}
