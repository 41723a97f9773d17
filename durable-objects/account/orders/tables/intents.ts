import type { LedgerEntry } from "@ibkr-edge-gateway/policy/ledger.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { OrderState } from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { Side, TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { Waits } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";

/**
 * An order that was let out: the intent, its reservation against the limits and what is proved of
 * it, in one row, so that letting it out is one write and nothing can disagree.
 */
const Row = z.object({
  coid: z.string(),
  intent_hash: z.string().nullable(),
  approval_id: z.string().nullable(),
  preview_id: z.string().nullable(),
  client_id: z.string(),
  broker_account: z.string(),
  mode: TradingMode,
  action: z.enum(["place", "modify", "cancel"]),
  conid: z.number(),
  side: Side,
  asset_class: z.string(),
  quantity: z.string().nullable(),
  time_in_force: z.string(),
  economic_hash: z.string(),
  effect: z.enum(["entry", "exit", "flip"]).nullable(),
  job_id: z.string(),
  state: OrderState,
  outcome: z.string().nullable(),
  orders: z.number(),
  notional: z.string().nullable(),
  filled_notional: z.string().nullable(),
  ledger: z.enum(["reserved", "settled", "released"]),
  seen: z.number(),
  delivered: z.number(),
  day: z.string(),
  created_at: z.number(),
  updated_at: z.number(),
  doubt_since: z.number().nullable(),
  look_at: z.number().nullable(),
  looks: z.number(),
  absent_reads: z.number(),
  /** Of a withdrawal: the broker's number of the order, or our reference where it is not known. */
  withdraws: z.string().nullable(),
  /** Until when it waits at the broker for its market to open, as JSON of `Waits`. */
  waits: z.string().nullable(),
});
export type IntentRow = z.infer<typeof Row>;
export type NewIntent = Omit<
  IntentRow,
  | "state"
  | "outcome"
  | "filled_notional"
  | "ledger"
  | "seen"
  | "delivered"
  | "updated_at"
  | "doubt_since"
  | "look_at"
  | "looks"
  | "absent_reads"
  | "withdraws"
  | "waits"
> & { withdraws?: string | null; waits?: Waits | null };

/**
 * Writes the row that lets an order out. A row of the same cOID is written over only when its job is
 * proved never to have reached the sidecar; false when there is any other.
 */
export function insertIntent(sql: SqlStorage, intent: NewIntent): boolean {
  const written = sql.exec(
    `INSERT INTO order_intents (coid, intent_hash, approval_id, preview_id, client_id,
       broker_account, mode, action, conid, side, asset_class, quantity, time_in_force,
       economic_hash, effect, job_id, state, orders, notional, ledger, day, created_at, updated_at,
       withdraws, waits)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'submitting', ?, ?, 'reserved', ?, ?, ?,
       ?, ?)
     ON CONFLICT (coid) DO UPDATE SET state = 'submitting', ledger = 'reserved', delivered = 1,
       outcome = NULL, waits = excluded.waits,
       job_id = excluded.job_id, effect = excluded.effect, notional = excluded.notional,
       day = excluded.day, created_at = excluded.created_at, updated_at = excluded.updated_at
       WHERE state = 'rejected' AND ledger = 'released' AND delivered = 0
     RETURNING 1`,
    intent.coid,
    intent.intent_hash,
    intent.approval_id,
    intent.preview_id,
    intent.client_id,
    intent.broker_account,
    intent.mode,
    intent.action,
    intent.conid,
    intent.side,
    intent.asset_class,
    intent.quantity,
    intent.time_in_force,
    intent.economic_hash,
    intent.effect,
    intent.job_id,
    intent.orders,
    intent.notional,
    intent.day,
    intent.created_at,
    intent.created_at,
    intent.withdraws ?? null,
    intent.waits == null ? null : JSON.stringify(intent.waits),
  );
  return written.toArray().length > 0;
}

/** Notes that the sidecar never had the job: its cOID may be used once more. */
export function markUndelivered(sql: SqlStorage, coid: string): void {
  sql.exec("UPDATE order_intents SET delivered = 0 WHERE coid = ?", coid);
}

export function findIntent(sql: SqlStorage, coid: string): IntentRow | null {
  const [row] = sql.exec("SELECT * FROM order_intents WHERE coid = ?", coid).toArray();
  return row === undefined ? null : Row.parse(row);
}

export function findIntentByJob(sql: SqlStorage, jobId: string): IntentRow | null {
  const [row] = sql.exec("SELECT * FROM order_intents WHERE job_id = ?", jobId).toArray();
  return row === undefined ? null : Row.parse(row);
}

/** What the counters and the duplicate rule need of a row, and no more: there may be many. */
export type CountedIntent = Pick<
  IntentRow,
  | "coid"
  | "client_id"
  | "action"
  | "conid"
  | "side"
  | "asset_class"
  | "quantity"
  | "time_in_force"
  | "economic_hash"
  | "effect"
  | "state"
  | "orders"
  | "notional"
  | "filled_notional"
  | "ledger"
  | "seen"
  | "day"
  | "created_at"
  | "updated_at"
>;

/** Everything let out since a moment, and what is older and may still be an order; newest first. */
export function countedIntents(
  sql: SqlStorage,
  brokerAccount: string,
  sinceMs: number,
): CountedIntent[] {
  return sql
    .exec<CountedIntent>(
      `SELECT coid, client_id, action, conid, side, asset_class, quantity, time_in_force,
         economic_hash, effect, state, orders, notional, filled_notional, ledger, seen, day,
         created_at, updated_at
       FROM order_intents
       WHERE broker_account = ?
         AND (created_at >= ? OR state NOT IN ('filled', 'cancelled', 'rejected', 'expired'))
       ORDER BY created_at DESC, coid`,
      brokerAccount,
      sinceMs,
    )
    .toArray();
}

/** Those whose outcome nobody can prove yet, whenever they began. */
export function intentsInDoubt(sql: SqlStorage, brokerAccount: string): IntentRow[] {
  return sql
    .exec(
      `SELECT * FROM order_intents
       WHERE broker_account = ? AND state IN ('unknown', 'reconciling', 'needs_owner')`,
      brokerAccount,
    )
    .toArray()
    .map((row) => Row.parse(row));
}

export function updateIntent(
  sql: SqlStorage,
  coid: string,
  change: Pick<
    IntentRow,
    | "state"
    | "outcome"
    | "filled_notional"
    | "ledger"
    | "seen"
    | "updated_at"
    | "doubt_since"
    | "look_at"
    | "looks"
    | "absent_reads"
  >,
): void {
  sql.exec(
    `UPDATE order_intents SET state = ?, outcome = ?, filled_notional = ?, ledger = ?, seen = ?,
       updated_at = ?, doubt_since = ?, look_at = ?, looks = ?, absent_reads = ?
     WHERE coid = ?`,
    change.state,
    change.outcome,
    change.filled_notional,
    change.ledger,
    change.seen,
    change.updated_at,
    change.doubt_since,
    change.look_at,
    change.looks,
    change.absent_reads,
    coid,
  );
}

/** It turned up: its cOID is spent for good. */
export function markDelivered(sql: SqlStorage, coid: string): void {
  sql.exec("UPDATE order_intents SET delivered = 1 WHERE coid = ? AND delivered = 0", coid);
}

/** The row as the ledger counts it. */
export function ledgerEntryOf(row: CountedIntent): LedgerEntry {
  return {
    id: row.coid,
    client_id: row.client_id,
    kind: row.action === "place" ? "order" : row.action,
    side: row.side,
    conid: row.conid,
    orders: row.orders,
    notional: row.notional,
    filled_notional: row.filled_notional,
    at_ms: row.created_at,
    day: row.day,
    state: row.ledger,
    seen: row.seen === 1,
  };
}

/** What was told of it last, as plain data. */
export function outcomeOf(row: IntentRow): JsonValue {
  return row.outcome === null ? null : JSON.parse(row.outcome);
}

/** Those that may still fill, oldest first: who asked, and where. */
export function openPlacements(
  sql: SqlStorage,
): { coid: string; broker_account: string; client_id: string }[] {
  return sql
    .exec<{ coid: string; broker_account: string; client_id: string }>(
      `SELECT coid, broker_account, client_id FROM order_intents
       WHERE action = 'place' AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
       ORDER BY created_at`,
    )
    .toArray();
}

export function hasOpenPlacement(sql: SqlStorage): boolean {
  return (
    sql
      .exec(
        `SELECT 1 FROM order_intents WHERE action = 'place'
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired') LIMIT 1`,
      )
      .toArray().length > 0
  );
}

/** The newest, whatever became of them. */
export function latestIntents(sql: SqlStorage, limit: number): string[] {
  return sql
    .exec<{ coid: string }>(
      "SELECT coid FROM order_intents ORDER BY created_at DESC LIMIT ?",
      limit,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** The sizes of the latest orders of one kind that were not released. */
export function latestSizes(
  sql: SqlStorage,
  of: { brokerAccount: string; assetClass: string },
  limit: number,
): { quantity: string | null; notional: string | null }[] {
  return sql
    .exec<{ quantity: string | null; notional: string | null }>(
      `SELECT quantity, notional FROM order_intents
       WHERE broker_account = ? AND action = 'place' AND asset_class = ? AND ledger <> 'released'
       ORDER BY created_at DESC LIMIT ?`,
      of.brokerAccount,
      of.assetClass,
      limit,
    )
    .toArray();
}

const UNSETTLED_CANCEL = `broker_account = ? AND created_at > ? AND action = 'cancel'
  AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')`;

/** The newest unsettled cancel of one order that began since a moment; its cOID, or null. */
export function unsettledCancelOf(
  sql: SqlStorage,
  order: { brokerAccount: string; mode: TradingMode; withdraws: string },
  sinceMs: number,
): string | null {
  const [row] = sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents WHERE ${UNSETTLED_CANCEL} AND mode = ? AND withdraws = ?
       ORDER BY created_at DESC LIMIT 1`,
      order.brokerAccount,
      sinceMs,
      order.mode,
      order.withdraws,
    )
    .toArray();
  return row?.coid ?? null;
}

/** How many unsettled cancels of an account began since a moment, those of some clients left out. */
export function countUnsettledCancels(
  sql: SqlStorage,
  of: { brokerAccount: string; butClients: readonly string[] },
  sinceMs: number,
): number {
  return sql
    .exec<{ open: number }>(
      `SELECT COUNT(*) AS open FROM order_intents WHERE ${UNSETTLED_CANCEL}
         AND client_id NOT IN (SELECT value FROM json_each(?))`,
      of.brokerAccount,
      sinceMs,
      JSON.stringify(of.butClients),
    )
    .one().open;
}

/** The cancels of an account that have not ended, but for those still being submitted. */
export function openCancels(sql: SqlStorage, brokerAccount: string): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents
       WHERE broker_account = ? AND action = 'cancel'
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired', 'submitting')`,
      brokerAccount,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** Orders of which the outcome says something with this text in it, newest first. */
export function placementsTelling(
  sql: SqlStorage,
  of: { brokerAccount: string; mode: TradingMode; text: string },
): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents
       WHERE broker_account = ? AND mode = ? AND action = 'place' AND instr(outcome, ?) > 0
       ORDER BY created_at DESC`,
      of.brokerAccount,
      of.mode,
      of.text,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** Not proved to have ended; those whose look is due longest first. */
export function notProved(sql: SqlStorage, brokerAccount: string, limit: number): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents
       WHERE broker_account = ? AND action <> 'cancel'
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired', 'submitting')
       ORDER BY look_at IS NULL, look_at, created_at LIMIT ?`,
      brokerAccount,
      limit,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** What is due for a look, oldest first. */
export function intentsToLook(
  sql: SqlStorage,
  nowMs: number,
  limit: number,
): { coid: string; brokerAccount: string }[] {
  return sql
    .exec<{ coid: string; broker_account: string }>(
      `SELECT coid, broker_account FROM order_intents
       WHERE look_at IS NOT NULL AND look_at <= ? ORDER BY look_at, coid LIMIT ?`,
      nowMs,
      limit,
    )
    .toArray()
    .map((row) => ({ coid: row.coid, brokerAccount: row.broker_account }));
}

/** When the next look is due; null when nothing is to be looked for. */
export function nextLookAt(sql: SqlStorage): number | null {
  return sql.exec<{ at: number | null }>("SELECT MIN(look_at) AS at FROM order_intents").one().at;
}

/** When the next look into each account's book is due. */
export function nextLooks(sql: SqlStorage): { account: string; dueAt: number }[] {
  return sql
    .exec<{ broker_account: string; at: number }>(
      `SELECT broker_account, MIN(look_at) AS at FROM order_intents
       WHERE look_at IS NOT NULL GROUP BY broker_account`,
    )
    .toArray()
    .map(({ broker_account, at }) => ({ account: broker_account, dueAt: at }));
}

/**
 * Everything that is not proved, at once: for a reconnect. What is still being submitted has its own
 * end to wait for, and would only have the book read over and over.
 */
export function lookAtAll(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    `UPDATE order_intents SET look_at = ?
     WHERE state NOT IN ('filled', 'cancelled', 'rejected', 'expired', 'submitting')`,
    nowMs,
  );
}

/** Since when the oldest order is being submitted; null when none is. */
export function oldestSubmitting(sql: SqlStorage): number | null {
  return sql
    .exec<{ at: number | null }>(
      "SELECT MIN(created_at) AS at FROM order_intents WHERE state = 'submitting'",
    )
    .one().at;
}

/** Those that have been in submission since a moment or longer. */
export function submittingSince(
  sql: SqlStorage,
  untilMs: number,
): { coid: string; job_id: string }[] {
  return sql
    .exec<{ coid: string; job_id: string }>(
      "SELECT coid, job_id FROM order_intents WHERE state = 'submitting' AND created_at <= ?",
      untilMs,
    )
    .toArray();
}

/** The jobs of the orders in submission: what their ends are waited for. */
export function jobsInSubmission(sql: SqlStorage): string[] {
  return sql
    .exec<{ job_id: string }>("SELECT job_id FROM order_intents WHERE state = 'submitting'")
    .toArray()
    .map(({ job_id }) => job_id);
}

/** How the latest orders and changes of an account went, newest first. */
export function latestOutcomes(
  sql: SqlStorage,
  of: { brokerAccount: string; sinceMs: number },
  limit: number,
): { coid: string; state: OrderState; delivered: number; proved_by: string | null }[] {
  return sql
    .exec<{ coid: string; state: string; delivered: number; proved_by: string | null }>(
      `SELECT coid, state, delivered, json_extract(outcome, '$.proved_by') AS proved_by
       FROM order_intents
       WHERE broker_account = ? AND created_at > ? AND action <> 'cancel'
       ORDER BY created_at DESC, coid LIMIT ?`,
      of.brokerAccount,
      of.sinceMs,
      limit,
    )
    .toArray()
    .map((row) => ({ ...row, state: OrderState.parse(row.state) }));
}

/** The accounts in which something was placed on a trading day, and not released. */
export function accountsThatPlaced(sql: SqlStorage, day: string, sinceMs: number): string[] {
  return sql
    .exec<{ broker_account: string }>(
      `SELECT DISTINCT broker_account FROM order_intents
       WHERE created_at > ? AND day = ? AND action = 'place' AND ledger <> 'released'`,
      sinceMs,
      day,
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}

/** Replaces what was told of an order, and nothing else of its row. */
export function setOutcome(sql: SqlStorage, coid: string, outcome: JsonValue): void {
  sql.exec("UPDATE order_intents SET outcome = ? WHERE coid = ?", JSON.stringify(outcome), coid);
}

/** Ended before a moment, and not among the latest of their kind; oldest first. */
export function endedIntents(
  sql: SqlStorage,
  beforeMs: number,
  latestKept: number,
): { coid: string; orders: number; outcome: string | null }[] {
  return sql
    .exec<{ coid: string; orders: number; outcome: string | null }>(
      `SELECT coid, orders, outcome FROM (
         SELECT coid, orders, outcome, state, created_at, updated_at, ROW_NUMBER() OVER (
           PARTITION BY broker_account, asset_class, action, ledger ORDER BY created_at DESC
         ) AS latest FROM order_intents)
       WHERE latest > ? AND created_at < ? AND updated_at < ?
         AND state IN ('filled', 'cancelled', 'rejected', 'expired')
       ORDER BY created_at, coid`,
      latestKept,
      beforeMs,
      beforeMs,
    )
    .toArray();
}

export function deleteIntent(sql: SqlStorage, coid: string): void {
  sql.exec("DELETE FROM order_intents WHERE coid = ?", coid);
}
