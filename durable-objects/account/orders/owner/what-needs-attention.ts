import { isInDoubt, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { auditBacklogBlocksWrites, auditOutboxState } from "../../audit/outbox.ts";
import { backendStatus } from "../../relay/backend-status.ts";
import { lastBrokerStatus } from "../../relay/tables/broker-status.ts";
import type { AccountParts } from "../../rpc/account-parts.ts";
import type { Attention } from "../../rpc/attention-types.ts";
import { iso } from "../order-context.ts";
import { pendingApprovals } from "../tables/approvals.ts";
import { openPlacementsByState } from "../tables/intents/working.ts";
import { engagedKills, type KillSwitch } from "../tables/kill-switches.ts";

/** A login that ends within this time is worth a word while the owner is at the console anyway. */
const ENDS_SOON_MS = 2 * 3_600_000;

/** Everything that `attentionFrom` decides by. Times are milliseconds since 1970. */
export interface AttentionFacts {
  kills: readonly KillSwitch[];
  openOrders: ReadonlyMap<OrderState, number>;
  approvals: number;
  pc: { state: "online" | "offline" | "not_paired"; lastSeenAt: string | null };
  broker: { state: string; sessionEndsAt: string | null };
  /** Events that are not copied yet, once they are so many or so old that entries are refused. */
  logWaiting: number;
}

/** What waits for the owner of this account now, from what the object knows without asking anybody. */
export function attention({ sql, relay }: AccountParts, nowMs: number): Attention[] {
  const { sidecar, broker } = backendStatus(sql, relay);
  const known = sidecar.state === "online" ? lastBrokerStatus(sql) : null;
  return attentionFrom(
    {
      kills: engagedKills(sql),
      openOrders: openPlacementsByState(sql),
      approvals: pendingApprovals(sql, nowMs).length,
      pc: { state: sidecar.state, lastSeenAt: sidecar.last_seen_at },
      broker: { state: broker.state, sessionEndsAt: known?.status.session_ends_at ?? null },
      logWaiting: auditBacklogBlocksWrites(sql, nowMs) === null ? 0 : auditOutboxState(sql).pending,
    },
    nowMs,
  );
}

export function attentionFrom(facts: AttentionFacts, nowMs: number): Attention[] {
  const { kills, openOrders, approvals, pc, broker, logWaiting } = facts;
  const counted = [...openOrders];
  const inDoubt = total(counted.filter(([state]) => isInDoubt(state)));
  const questions = openOrders.get("awaiting_confirmation") ?? 0;
  const found: Attention[] = [];
  const kill = kills.find(({ scope }) => scope === "gateway") ?? kills[0];
  if (kill !== undefined) {
    found.push({
      kind: "stopped",
      by: kill.actor,
      reason: kill.reason,
      since: iso(kill.engagedAt),
      everything: kill.scope === "gateway",
    });
  }
  if (inDoubt > 0) {
    const needsOwner = openOrders.has("needs_owner");
    found.push({ kind: "order_in_doubt", count: inDoubt, needsOwner });
  }
  if (questions > 0) found.push({ kind: "question", count: questions });
  if (approvals > 0) found.push({ kind: "approval", count: approvals });
  if (pc.state === "offline") {
    found.push({ kind: "pc_away", openOrders: total(counted), since: pc.lastSeenAt });
  }
  if (broker.state === "login_required") found.push({ kind: "login_due" });
  else if (endsSoon(broker.sessionEndsAt, nowMs)) {
    found.push({ kind: "session_ends", at: broker.sessionEndsAt });
  }
  if (logWaiting > 0) found.push({ kind: "log_behind", waiting: logWaiting });
  return found;
}

const total = (counted: readonly (readonly [OrderState, number])[]): number =>
  counted.reduce((sum, [, count]) => sum + count, 0);

function endsSoon(at: string | null, nowMs: number): at is string {
  if (at === null) return false;
  const left = Date.parse(at) - nowMs;
  return left > 0 && left < ENDS_SOON_MS;
}
