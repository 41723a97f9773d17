import {
  alertTell,
  STOPPED_ALERTS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/alert-tell.ts";
import type { OrderParts } from "../order-context.ts";
import { noteAlertSent, unsentAlerts } from "../tables/alerts.ts";
import { isDue, lastDone, noteDone } from "../tables/scheduled-tasks.ts";
import { askSidecar } from "./ask-sidecar.ts";

/**
 * What the gateway noticed by itself, sent to the PC, which has ways to reach its owner. An alert
 * waits while the PC is away and is sent once; one that is old by then is left to the console.
 */
const AT_ONCE = 5;
const TOO_OLD_MS = 24 * 3_600_000;
const RETRY_MS = 60_000;
/**
 * In this order, each with its own waiting time: what says that trading was stopped waits behind no
 * burst of other alerts, and not for one of those to be taken.
 */
const TURNS = [
  { stopped: true, task: "tell-stop-failed" },
  { stopped: false, task: "tell-failed" },
] as const;

/** Tells what waits, stops first, then oldest first; never throws. The PC must be there. */
export async function forwardAlerts(parts: OrderParts): Promise<void> {
  for (const { stopped, task } of TURNS) await forwardThose(parts, stopped, task);
}

async function forwardThose(parts: OrderParts, stopped: boolean, task: string): Promise<void> {
  const { sql } = parts.storage;
  if (!isDue(sql, task, RETRY_MS, parts.now())) return;
  for (const { alert_key, kind, message } of waiting(sql, parts.now(), stopped, AT_ONCE)) {
    const answer = await askSidecar(
      parts,
      alertTell,
      { kind, message },
      { scope: "ibkr:approvals:create", account: null },
    );
    if (!answer.ok || !answer.value.taken) {
      noteDone(sql, task, parts.now());
      return;
    }
    noteAlertSent(sql, alert_key, parts.now());
  }
}

/** When there is something to tell; null when there is not. */
export function nextForwardAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  const due = TURNS.flatMap(({ stopped, task }) => {
    if (waiting(sql, parts.now(), stopped, 1).length === 0) return [];
    const failed = lastDone(sql, task);
    return [Math.max(parts.now(), failed === null ? 0 : failed + RETRY_MS)];
  });
  return due.length === 0 ? null : Math.min(...due);
}

function waiting(sql: SqlStorage, nowMs: number, stopped: boolean, limit: number) {
  const of = { sinceMs: nowMs - TOO_OLD_MS, kinds: STOPPED_ALERTS, among: stopped };
  return unsentAlerts(sql, of, limit);
}
