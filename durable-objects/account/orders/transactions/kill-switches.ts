import { type KillActor, type KillScope, mayLift } from "@ibkr-edge-gateway/policy/kill-table.ts";
import { killEpoch, raiseEpoch } from "../tables/kill-epoch.ts";
import { deleteKill, type KillSwitch, storeKill } from "../tables/kill-switches.ts";
import { endWaitingForOwner } from "../tables/trading-state.ts";

/**
 * False when this switch was engaged already and nothing is added. Whoever froze first, the owner's
 * (or the policy's) "and cancel" is added to an engaged switch, and the epoch moves; the first
 * reason and its time stay. Said again it holds for what came in between, too.
 */
export function engageKill(
  sql: SqlStorage,
  kill: Omit<KillSwitch, "engagedAt" | "cancelFrom">,
  nowMs: number,
): boolean {
  const cancels = kill.effect !== "freeze" && kill.actor !== "agent";
  const engaged = storeKill(sql, { ...kill, cancelFrom: cancels ? nowMs : null }, nowMs);
  if (engaged) raiseEpoch(sql);
  return engaged;
}

/** False when it was not engaged, when the owner did not ask, or when the epoch has moved on. */
export function liftKill(
  sql: SqlStorage,
  lift: { scope: KillScope; subject: string | null; actor: KillActor; epoch: number },
): boolean {
  if (!mayLift(lift.actor) || killEpoch(sql) !== lift.epoch) return false;
  if (!deleteKill(sql, lift)) return false;
  raiseEpoch(sql);
  // A halt that waits for the owner has found its owner.
  endWaitingForOwner(sql, { scope: lift.scope, subject: lift.subject ?? "" });
  return true;
}
