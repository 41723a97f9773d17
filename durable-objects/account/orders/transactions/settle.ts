import { canonicalJson } from "@ibkr-edge-gateway/protocol/canonical-json.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import {
  isBookRead,
  isInDoubt,
  type OrderEvidence,
  type OrderState,
  step,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { OrderLog } from "../order-log.ts";
import type { OrderStorage } from "../order-storage.ts";
import { ledgerAfter } from "../rules/limits/ledger-after.ts";
import { nextReadAfter } from "../rules/outcomes/book-read-delays.ts";
import { type NotTaken, notTakenOutcome } from "../rules/outcomes/not-executed.ts";
import { outcomeIsOlder } from "../rules/outcomes/older-than-known.ts";
import { evidenceOf, missedDoubt, proof } from "../rules/outcomes/outcome-evidence.ts";
import { lookAgain } from "../rules/outcomes/read-book-once-more.ts";
import {
  findIntent,
  type IntentRow,
  markDelivered,
  markUndelivered,
  updateIntent,
} from "../tables/intents/rows.ts";
import { revokeIfMandateEnded } from "../tables/joint/mandate-orders.ts";
import { keepNumbers } from "../tables/order-numbers.ts";
import { moveApproval } from "./decide-approval.ts";
import { settleApproval } from "./settle-approval.ts";
import { noteSettled } from "./settle-evidence.ts";

/**
 * What becomes of an order after it was let out. Evidence moves the state and nothing else does; the
 * reservation, the approval and the next reading of the book follow from the state. An approval stays reserved
 * until the outcome is proved, and money stays counted until it is proved that nothing was placed.
 */
export type Settlement =
  | { kind: "outcome"; outcome: OrderOutcome }
  /** The relay proves that the sidecar never had the job. */
  | { kind: "never_delivered"; why?: NotTaken }
  /** The sidecar had it and refused before anything left. */
  | { kind: "not_executed"; why?: NotTaken }
  /** Nobody can tell. */
  | { kind: "unknown" };

export type Applied =
  | { ok: true; state: OrderState; changed: boolean; alarm: "resurrected" | null }
  | { ok: false; reason: "no_such_intent" };

/** Takes the end of the job that carried an order; the same end again changes nothing. */
export function settle(
  storage: OrderStorage,
  coid: string,
  settlement: Settlement,
  nowMs: number,
  log: OrderLog,
): Applied {
  return storage.transactionSync(() => {
    const intent = findIntent(storage.sql, coid);
    if (intent === null) return { ok: false, reason: "no_such_intent" };
    switch (settlement.kind) {
      case "never_delivered": {
        const unsent = proof("sidecar_not_sent", "rejected", nowMs);
        const applied = applyToOrder(
          storage.sql,
          intent,
          unsent,
          reasoned(intent, settlement, nowMs),
          log,
        );
        if (applied.ok && applied.changed && intent.approval_id !== null) {
          moveApproval(storage.sql, intent.approval_id, "never_delivered", nowMs);
          markUndelivered(storage.sql, coid);
          revokeIfMandateEnded(storage.sql, intent.approval_id, nowMs);
        }
        return applied;
      }
      case "not_executed": {
        const applied = applyToOrder(
          storage.sql,
          intent,
          proof("sidecar_not_sent", "rejected", nowMs),
          reasoned(intent, settlement, nowMs),
          log,
        );
        settleApproval(storage.sql, coid, nowMs);
        return applied;
      }
      case "unknown":
        return applyToOrder(storage.sql, intent, proof("gateway", "ambiguous", nowMs), null, log);
      case "outcome": {
        const { outcome } = settlement;
        if (outcomeIsOlder(intent, outcome)) {
          lookAgain(storage.sql, intent, nowMs);
          return { ok: true, state: intent.state, changed: false, alarm: null };
        }
        const applied = applyToOrder(
          storage.sql,
          intent,
          evidenceOf(outcome, intent.state, nowMs),
          (_state, _before, taken) => (taken ? outcome : null),
          log,
        );
        settleApproval(storage.sql, coid, nowMs);
        return applied;
      }
    }
  });
}

/** Why it was not carried out, for whoever asks of the order; nothing where the state says otherwise. */
function reasoned(
  intent: IntentRow,
  { why }: { why?: NotTaken },
  nowMs: number,
): OutcomeUpdate | null {
  if (why === undefined) return null;
  return (state, _before, taken) =>
    taken && state === "rejected" ? notTakenOutcome(intent, why, nowMs) : null;
}

/** Takes one piece of evidence from the sidecar's events or from a reading of the book. */
export function applyEvidence(
  storage: OrderStorage,
  coid: string,
  evidence: OrderEvidence,
  nowMs: number,
  log: OrderLog,
  update: OutcomeUpdate | null = null,
): Applied {
  return storage.transactionSync(() => {
    const intent = findIntent(storage.sql, coid);
    if (intent === null) return { ok: false, reason: "no_such_intent" };
    const dated = { ...evidence, at: new Date(nowMs).toISOString() };
    const doubted = missedDoubt(intent, dated)
      ? applyToOrder(storage.sql, intent, proof("gateway", "ambiguous", nowMs), null, log)
      : null;
    const row = doubted === null ? intent : (findIntent(storage.sql, coid) ?? intent);
    const applied = applyToOrder(storage.sql, row, dated, update, log);
    settleApproval(storage.sql, coid, nowMs);
    return applied;
  });
}

/**
 * The newest outcome of an order's parts, given the state it is in now, the outcome there is and
 * whether the evidence was taken; null leaves the outcome as it is.
 */
export type OutcomeUpdate = (
  state: OrderState,
  before: OrderOutcome | null,
  taken: boolean,
) => OrderOutcome | null;

export function applyToOrder(
  sql: SqlStorage,
  intent: IntentRow,
  evidence: OrderEvidence,
  update: OutcomeUpdate | null,
  log: OrderLog,
): Applied {
  const nowMs = Date.parse(evidence.at);
  const stepped = step(intent.state, evidence);
  if (!stepped.ok) {
    keepRow(sql, intent, {
      ...intent,
      outcome: updatedOutcome(intent, intent.state, update, false),
    });
    return { ok: true, state: intent.state, changed: false, alarm: null };
  }
  const { state, alarm } = stepped;
  const doubt = isInDoubt(state);
  const seen = intent.seen === 1 || (isBookRead(evidence.source) && !doubt && state !== "rejected");
  const { ledger, filled_notional } = ledgerAfter(intent, state, evidence);
  const still = state === intent.state && (intent.seen === 1) === seen;
  const waits = intent.look_at === null || intent.look_at > nowMs;
  keepRow(sql, intent, {
    state,
    outcome: updatedOutcome(intent, state, update, true),
    ledger,
    filled_notional,
    seen: seen ? 1 : 0,
    updated_at: nowMs,
    doubt_since: doubt ? (intent.doubt_since ?? nowMs) : null,
    // What is known already puts no reading off; one that is due has been made.
    look_at: still && waits ? intent.look_at : nextReadAfter(intent, state, seen, nowMs),
    looks: doubt === isInDoubt(intent.state) ? intent.looks : 0,
    absent_reads: doubt ? intent.absent_reads : 0,
  });
  if (state !== intent.state) {
    log({
      type: "order.state",
      kind: "sidecar",
      clientId: intent.client_id,
      sidecarId: null,
      brokerAccount: intent.broker_account,
      decision: "allow",
      errorCode: null,
      requestId: "",
      meta: {
        coid: intent.coid,
        from: intent.state,
        to: state,
        source: evidence.source,
        says: evidence.says,
        ...(evidence.filled === null ? {} : { filled: evidence.filled }),
      },
    });
  }
  if (state !== intent.state) noteSettled(sql, intent, state, nowMs, log);
  if (alarm !== null) {
    // Whatever was proved about its delivery, it was delivered.
    markDelivered(sql, intent.coid);
    log({
      type: "order.alert",
      kind: "gateway",
      clientId: intent.client_id,
      sidecarId: null,
      brokerAccount: intent.broker_account,
      decision: "allow",
      errorCode: null,
      requestId: "",
      meta: { coid: intent.coid, alert: alarm },
    });
  }
  return { ok: true, state, changed: state !== intent.state, alarm };
}

type Kept = Parameters<typeof updateIntent>[2];

/** Writes the row unless it would say the same again: rows written are what an order costs here. */
function keepRow(sql: SqlStorage, intent: IntentRow, next: Kept): void {
  const { updated_at: _now, ...facts } = next;
  const known: Record<string, unknown> = intent;
  if (Object.entries(facts).every(([name, value]) => known[name] === value)) return;
  updateIntent(sql, intent.coid, next);
  if (intent.action !== "place" || next.outcome === intent.outcome) return;
  const outcome = OrderOutcome.safeParse(JSON.parse(next.outcome ?? "null"));
  if (outcome.success) keepNumbers(sql, intent.coid, outcome.data);
}

/** The outcome's text; the one there is where a new one differs in nothing but its time. */
function updatedOutcome(
  intent: IntentRow,
  state: OrderState,
  update: OutcomeUpdate | null,
  taken: boolean,
): string | null {
  if (update === null) return intent.outcome;
  const parsed = OrderOutcome.safeParse(JSON.parse(intent.outcome ?? "null"));
  const before = parsed.success ? parsed.data : null;
  const after = update(state, before, taken);
  if (after === null) return intent.outcome;
  const untimed = (outcome: OrderOutcome) => canonicalJson({ ...outcome, at: null });
  return before !== null && untimed(before) === untimed(after)
    ? intent.outcome
    : JSON.stringify(after);
}
