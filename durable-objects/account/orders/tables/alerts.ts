import * as z from "zod";
import { iso, type OrderParts } from "../order-context.ts";

/** What the owner must look at, newest first; told once however often it is noticed. */
export interface OrderAlert {
  key: string;
  kind: string;
  brokerAccount: string | null;
  coid: string | null;
  /** In our words. */
  message: string;
  /** Outside text. */
  brokerText: string | null;
  /** Orders that can be withdrawn to put it right. */
  cancelOffered: string[];
  at: string;
  seen: boolean;
}

/**
 * False when it was told before. The PC is told of it by the alarm, unless it is the PC that told
 * it: its terminal, its desktop and its webhook reach an owner who does not look at the console.
 */
export function raiseAlert(
  parts: Pick<OrderParts, "storage" | "log" | "now" | "wakeAt">,
  alert: Omit<OrderAlert, "at" | "seen">,
  from: "edge" | "pc" = "edge",
): boolean {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const fresh =
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
        nowMs,
        from === "pc" ? nowMs : null,
      )
      .toArray().length > 0;
  if (!fresh) return false;
  if (from === "edge") parts.wakeAt(nowMs);
  parts.log({
    type: "order.alert",
    kind: "gateway",
    clientId: null,
    sidecarId: null,
    brokerAccount: alert.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: { alert: alert.kind, ...(alert.coid === null ? {} : { coid: alert.coid }) },
  });
  return true;
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
      at: iso(row.at),
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
 * Alerts since a moment of which the PC was not told, oldest first: those of the kinds, or all but
 * those.
 */
export function untoldAlerts(
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

export function noteAlertTold(sql: SqlStorage, alertKey: string, nowMs: number): void {
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
