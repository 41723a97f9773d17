import * as z from "zod";

/** What the owner must look at, newest first; one row however often it is noticed. */
export interface OrderAlert {
  key: string;
  kind: string;
  brokerAccount: string | null;
  coid: string | null;
  /** In our words. */
  message: string;
  /** Outside text. */
  brokerText: string | null;
  /** Orders that can be cancelled to put it right. */
  cancelOffered: string[];
  at: string;
  seen: boolean;
}

/** Keeps an alert once; false when there is one of this key. */
export function insertAlert(
  sql: SqlStorage,
  alert: Omit<OrderAlert, "at" | "seen">,
  times: { atMs: number; sentToPcAtMs: number | null },
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO order_alerts
           (alert_key, kind, broker_account, coid, message, broker_text, cancel_offered, at, told_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert_key) DO NOTHING RETURNING 1`,
        alert.key,
        alert.kind,
        alert.brokerAccount,
        alert.coid,
        alert.message,
        alert.brokerText,
        JSON.stringify(alert.cancelOffered),
        times.atMs,
        times.sentToPcAtMs,
      )
      .toArray().length > 0
  );
}

export function listAlerts(sql: SqlStorage, limit: number): OrderAlert[] {
  return sql
    .exec<{
      alert_key: string;
      kind: string;
      broker_account: string | null;
      coid: string | null;
      message: string;
      broker_text: string | null;
      cancel_offered: string;
      at: number;
      seen_at: number | null;
    }>("SELECT * FROM order_alerts ORDER BY at DESC, alert_key LIMIT ?", limit)
    .toArray()
    .map((row) => ({
      key: row.alert_key,
      kind: row.kind,
      brokerAccount: row.broker_account,
      coid: row.coid,
      message: row.message,
      brokerText: row.broker_text,
      cancelOffered: z.array(z.string()).catch([]).parse(JSON.parse(row.cancel_offered)),
      at: new Date(row.at).toISOString(),
      seen: row.seen_at !== null,
    }));
}

export function markAlertsSeen(sql: SqlStorage, nowMs: number): void {
  sql.exec("UPDATE order_alerts SET seen_at = ? WHERE seen_at IS NULL", nowMs);
}

export function isRaised(sql: SqlStorage, alertKey: string): boolean {
  return sql.exec("SELECT 1 FROM order_alerts WHERE alert_key = ?", alertKey).toArray().length > 0;
}

/**
 * Alerts since a moment that the PC was not sent, oldest first: those of the kinds, or all but
 * those.
 */
export function unsentAlerts(
  sql: SqlStorage,
  of: { sinceMs: number; kinds: readonly string[]; among: boolean },
  limit: number,
): { alert_key: string; kind: string; message: string }[] {
  return sql
    .exec<{ alert_key: string; kind: string; message: string }>(
      `SELECT alert_key, kind, message FROM order_alerts
       WHERE told_at IS NULL AND at > ?
         AND (kind IN (SELECT value FROM json_each(?))) = ?
       ORDER BY at, alert_key LIMIT ?`,
      of.sinceMs,
      JSON.stringify(of.kinds),
      of.among ? 1 : 0,
      limit,
    )
    .toArray();
}

export function noteAlertSent(sql: SqlStorage, alertKey: string, nowMs: number): void {
  sql.exec("UPDATE order_alerts SET told_at = ? WHERE alert_key = ?", nowMs, alertKey);
}

/** Deletes alerts from before a moment, seen ones or all; how many, at most the limit. */
export function deleteAlerts(
  sql: SqlStorage,
  which: "seen" | "all",
  beforeMs: number,
  limit: number,
): number {
  return sql
    .exec(
      `DELETE FROM order_alerts WHERE alert_key IN (
         SELECT alert_key FROM order_alerts WHERE at < ?1 AND (?3 OR seen_at IS NOT NULL) LIMIT ?2)
       RETURNING 1`,
      beforeMs,
      limit,
      which === "all" ? 1 : 0,
    )
    .toArray().length;
}
