import type { KillActor, KillEffect, KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";

/**
 * The account's kill switches. Engaging is one row and takes effect for the next submit, because the
 * submit's own transaction reads it. Lifting needs the owner, and an epoch that nobody else moved.
 */
export interface KillSwitch {
  scope: KillScope;
  /** The broker account or the client; null for the whole gateway account. */
  subject: string | null;
  actor: KillActor;
  reason: string;
  effect: KillEffect;
  engagedAt: number;
  /**
   * When the owner or the policy last said that what works shall be cancelled; null when neither
   * did. An agent's word is good for the orders it finds, not for those that turn up later.
   */
  cancelFrom: number | null;
}

/** How a switch over the whole gateway account stands in the table: with no subject. */
const EVERYTHING = "";

/**
 * Engages it, or adds to an engaged one: the first reason and its time stay. False when it was
 * engaged already and nothing is added.
 */
export function storeKill(
  sql: SqlStorage,
  kill: Omit<KillSwitch, "engagedAt">,
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO order_kills (scope, subject, actor, reason, effect, engaged_at, withdraw_from)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (scope, subject) DO UPDATE SET
           actor = CASE actor WHEN 'owner' THEN actor ELSE excluded.actor END,
           effect = CASE effect
             WHEN 'freeze_cancel_and_show_flatten' THEN effect ELSE excluded.effect END,
           withdraw_from = excluded.withdraw_from
           WHERE excluded.withdraw_from IS NOT NULL
         RETURNING 1`,
        kill.scope,
        kill.subject ?? EVERYTHING,
        kill.actor,
        kill.reason.slice(0, 200),
        kill.effect,
        nowMs,
        kill.cancelFrom,
      )
      .toArray().length > 0
  );
}

/** False when it was not engaged. */
export function deleteKill(
  sql: SqlStorage,
  { scope, subject }: Pick<KillSwitch, "scope" | "subject">,
): boolean {
  return (
    sql
      .exec(
        "DELETE FROM order_kills WHERE scope = ? AND subject = ? RETURNING 1",
        scope,
        subject ?? EVERYTHING,
      )
      .toArray().length > 0
  );
}

/** Every engaged switch, oldest first. */
export function engagedKills(sql: SqlStorage): KillSwitch[] {
  return sql
    .exec<{
      scope: string;
      subject: string;
      actor: string;
      reason: string;
      effect: string;
      engaged_at: number;
      withdraw_from: number | null;
    }>("SELECT * FROM order_kills ORDER BY engaged_at, scope, subject")
    .toArray()
    .map((row) => ({
      // Written by storeKill alone, which takes nothing else.
      scope: row.scope as KillScope,
      subject: row.subject === EVERYTHING ? null : row.subject,
      actor: row.actor as KillActor,
      reason: row.reason,
      effect: row.effect as KillEffect,
      engagedAt: row.engaged_at,
      cancelFrom: row.withdraw_from,
    }));
}
