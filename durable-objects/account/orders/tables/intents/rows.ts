import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { isTerminal, OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { Side, TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
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
  /** When its end was learnt, in milliseconds; null while it has not ended. */
  ended_at: z.number().nullable(),
  /** Of a cancel: the broker's number of the order, or our reference where it is not known. */
  withdraws: z.string().nullable(),
  /** Until when it waits at the broker for its market to open, as JSON of `Waits`. */
  waits: z.string().nullable(),
});

export type IntentRow = z.infer<typeof Row>;

/** A row as it was read; throws when it is none of this table. */
export const intentRowOf = (row: unknown): IntentRow => Row.parse(row);

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
  | "ended_at"
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
       outcome = NULL, waits = excluded.waits, ended_at = NULL,
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

export function findIntent(sql: SqlStorage, coid: string): IntentRow | null {
  const [row] = sql.exec("SELECT * FROM order_intents WHERE coid = ?", coid).toArray();
  return row === undefined ? null : intentRowOf(row);
}

const CHANGED = `state = ?1, outcome = ?2, filled_notional = ?3, ledger = ?4, seen = ?5,
  updated_at = ?6, doubt_since = ?7, look_at = ?8, looks = ?9, absent_reads = ?10`;

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
  const values = [
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
  ];
  const ended = isTerminal(change.state);
  // The end is written where it begins or is taken back: named in every change, it would have the
  // index of the open ones written every time.
  const turned = sql
    .exec(
      `UPDATE order_intents SET ${CHANGED}, ended_at = ?11
       WHERE coid = ?12 AND (ended_at IS NOT NULL) <> ?13 RETURNING 1`,
      ...values,
      ended ? change.updated_at : null,
      coid,
      ended ? 1 : 0,
    )
    .toArray();
  if (turned.length > 0) return;
  sql.exec(`UPDATE order_intents SET ${CHANGED} WHERE coid = ?11`, ...values, coid);
}

/** Notes that the sidecar never had the job: its cOID may be used once more. */
export function markUndelivered(sql: SqlStorage, coid: string): void {
  sql.exec("UPDATE order_intents SET delivered = 0 WHERE coid = ?", coid);
}

/** It turned up: its cOID is spent for good. */
export function markDelivered(sql: SqlStorage, coid: string): void {
  sql.exec("UPDATE order_intents SET delivered = 1 WHERE coid = ? AND delivered = 0", coid);
}

/** Replaces the outcome of an order, and nothing else of its row. */
export function setOutcome(sql: SqlStorage, coid: string, outcome: JsonValue): void {
  sql.exec("UPDATE order_intents SET outcome = ? WHERE coid = ?", JSON.stringify(outcome), coid);
}

/** The latest outcome, as plain data. */
export function outcomeOf(row: IntentRow): JsonValue {
  return row.outcome === null ? null : JSON.parse(row.outcome);
}
