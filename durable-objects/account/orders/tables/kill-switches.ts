import {
  type KillActor,
  type KillEffect,
  type KillScope,
  killCovers,
  mayLift,
} from "@ibkr-edge-gateway/policy/kill-table.ts";

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
   * When the owner or the policy last said that what works shall be withdrawn; null when neither
   * did. An agent's word is good for the orders it finds, not for those that turn up later.
   */
  withdrawFrom: number | null;
}

const EVERYTHING = "";

/**
 * False when this switch was engaged already and nothing is added. Whoever froze first, the owner's
 * (or the policy's) "and withdraw" is added to an engaged switch, and the epoch moves; the first
 * reason and its time stay. Said again it holds for what came in between, too.
 */
export function engageKill(
  sql: SqlStorage,
  kill: Omit<KillSwitch, "engagedAt" | "withdrawFrom">,
  nowMs: number,
): boolean {
  const withdraws = kill.effect !== "freeze" && kill.actor !== "agent";
  const engaged =
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
        withdraws ? nowMs : null,
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
      withdraw_from: number | null;
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
      withdrawFrom: row.withdraw_from,
    }));
}

/** The engaged switches that cover one request. */
export function killsCovering(
  sql: SqlStorage,
  request: { brokerAccountId: string; clientId: string | null },
): KillSwitch[] {
  return engagedKills(sql).filter((kill) => killCovers(kill, request));
}

/** Moves whenever a switch is engaged, made stronger or lifted. */
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
