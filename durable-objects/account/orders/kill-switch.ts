import {
  type KillActor,
  type KillEffect,
  type KillScope,
  killCovers,
  mayLift,
} from "../../../src/policy/kill-table.ts";

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
}

const EVERYTHING = "";

/** False when this switch was engaged already; the first reason stays. */
export function engageKill(
  sql: SqlStorage,
  kill: Omit<KillSwitch, "engagedAt">,
  nowMs: number,
): boolean {
  const engaged =
    sql
      .exec(
        `INSERT INTO order_kills (scope, subject, actor, reason, effect, engaged_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope, subject) DO NOTHING RETURNING 1`,
        kill.scope,
        kill.subject ?? EVERYTHING,
        kill.actor,
        kill.reason.slice(0, 200),
        kill.effect,
        nowMs,
      )
      .toArray().length > 0;
  if (engaged) raiseEpoch(sql);
  return engaged;
}

/** False when it was not engaged, when the owner did not ask, or when the epoch has moved on. */
export function liftKill(
  sql: SqlStorage,
  lift: { scope: KillScope; subject: string | null; actor: KillActor; epoch: number },
): boolean {
  if (!mayLift(lift.actor) || killEpoch(sql) !== lift.epoch) return false;
  const lifted =
    sql
      .exec(
        "DELETE FROM order_kills WHERE scope = ? AND subject = ? RETURNING 1",
        lift.scope,
        lift.subject ?? EVERYTHING,
      )
      .toArray().length > 0;
  if (!lifted) return false;
  raiseEpoch(sql);
  // A halt that waits for the owner has found its owner.
  sql.exec(
    `DELETE FROM order_trading_state
     WHERE until_owner = 1 AND (? = 'gateway' OR (? = 'broker_account' AND broker_account = ?))`,
    lift.scope,
    lift.scope,
    lift.subject ?? EVERYTHING,
  );
  return true;
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
    }>("SELECT * FROM order_kills ORDER BY engaged_at, scope, subject")
    .toArray()
    .map((row) => ({
      // Written by engageKill alone, which takes nothing else.
      scope: row.scope as KillScope,
      subject: row.subject === EVERYTHING ? null : row.subject,
      actor: row.actor as KillActor,
      reason: row.reason,
      effect: row.effect as KillEffect,
      engagedAt: row.engaged_at,
    }));
}

/** The engaged switches that cover one request. */
export function killsCovering(
  sql: SqlStorage,
  request: { brokerAccountId: string; clientId: string | null },
): KillSwitch[] {
  return engagedKills(sql).filter((kill) => killCovers(kill, request));
}

/** Moves whenever a switch is engaged or lifted. */
export function killEpoch(sql: SqlStorage): number {
  const [row] = sql.exec<{ epoch: number }>("SELECT epoch FROM order_epoch").toArray();
  return row?.epoch ?? 0;
}

function raiseEpoch(sql: SqlStorage): void {
  sql.exec(
    `INSERT INTO order_epoch (one, epoch) VALUES (1, 1)
     ON CONFLICT (one) DO UPDATE SET epoch = epoch + 1`,
  );
}
