import type { OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { OrderLog } from "../order-log.ts";
import type { OrderStorage } from "../order-storage.ts";
import { readDelayMs } from "../rules/outcomes/book-read-delays.ts";
import { missedTooEarly, standsNoMore } from "../rules/outcomes/older-than-known.ts";
import { QUIET_PERIOD_MS, QUIET_READS } from "../rules/outcomes/quiet-period.ts";
import { lookAgain } from "../rules/outcomes/read-book-once-more.ts";
import { findIntent, type IntentRow, updateIntent } from "../tables/intents/rows.ts";
import { type Applied, applyEvidence, applyToOrder } from "./settle.ts";
import { settleApproval } from "./settle-approval.ts";

/** A doubt that the book could not settle for this long is the owner's to look at. */
export const GIVE_UP_MS = 3_600_000;

export interface BookRead {
  /** What the book says of the reference; null when it says nothing. */
  evidence: OrderEvidence | null;
  /** The read agreed with itself: an absence in it counts. */
  proved: boolean;
  /** The book shows the reference, also where what it says of it is not understood. */
  found: boolean;
  /** The broker's answer said that it knows the reference: then only the owner can say "absent". */
  claimed: boolean;
  /** When it was asked for, by this object's clock, in milliseconds: what is newer stands. */
  askedAt: number;
}

/**
 * Takes the result of one reading of the book for one order. Not finding it proves nothing until reads
 * that were themselves proved have said so several times over a quiet period; until then, and for as
 * long as the book cannot be read, the doubt stands and entries beside it are held back. A reading that
 * is older than what is known changes nothing, and the book is read again soon.
 */
export function applyBookRead(
  storage: OrderStorage,
  coid: string,
  read: BookRead,
  nowMs: number,
  log: OrderLog,
): Applied {
  const { evidence, askedAt } = read;
  return storage.transactionSync(() => {
    const intent = findIntent(storage.sql, coid);
    if (intent === null) return { ok: false, reason: "no_such_intent" };
    if (evidence !== null) {
      if (!standsNoMore(intent, evidence.says, askedAt)) {
        return applyEvidence(storage, coid, evidence, nowMs, log);
      }
      lookAgain(storage.sql, intent, nowMs);
      return { ok: true, state: intent.state, changed: false, alarm: null };
    }
    const proved = read.proved && !missedTooEarly(intent, askedAt);
    const applied = read.found
      ? seenUnread(storage.sql, intent, nowMs, log)
      : isInDoubt(intent.state)
        ? stillMissing(storage.sql, intent, { ...read, proved }, nowMs, log)
        : neverSeen(storage.sql, intent, proved, nowMs, log);
    settleApproval(storage.sql, coid, nowMs);
    return applied;
  });
}

/** It is in the book under a status nobody understands: it exists, and so it is never absent. */
function seenUnread(sql: SqlStorage, intent: IntentRow, nowMs: number, log: OrderLog): Applied {
  const unchanged: Applied = { ok: true, state: intent.state, changed: false, alarm: null };
  if (isTerminal(intent.state)) return unchanged;
  const seen = {
    ...intent,
    seen: 1,
    looks: intent.looks + 1,
    absent_reads: 0,
    look_at: nowMs + readDelayMs(intent.looks + 1),
    updated_at: nowMs,
  };
  updateIntent(sql, intent.coid, seen);
  const doubtMs = nowMs - (intent.doubt_since ?? nowMs);
  return doubtMs >= GIVE_UP_MS && isInDoubt(intent.state) && intent.state !== "needs_owner"
    ? applyToOrder(sql, seen, gateway("gave_up", nowMs), null, log)
    : unchanged;
}

function stillMissing(
  sql: SqlStorage,
  intent: IntentRow,
  { proved, claimed }: BookRead,
  nowMs: number,
  log: OrderLog,
): Applied {
  const started = gateway("lookup_started", nowMs);
  // Once it is the owner's to look at, looking goes on in silence.
  const begun: Applied =
    intent.state === "unknown"
      ? applyToOrder(sql, intent, started, null, log)
      : { ok: true, state: intent.state, changed: false, alarm: null };
  const row = findIntent(sql, intent.coid);
  if (row === null || !begun.ok) return begun;
  const doubtMs = nowMs - (row.doubt_since ?? nowMs);
  // The one that completes them must come after the quiet period: exits go by the count alone.
  const most = doubtMs < QUIET_PERIOD_MS ? QUIET_READS - 1 : Number.POSITIVE_INFINITY;
  const counted = {
    ...row,
    looks: row.looks + 1,
    absent_reads: Math.min(most, row.absent_reads + (proved ? 1 : 0)),
    look_at: nowMs + readDelayMs(row.looks + 1),
    updated_at: nowMs,
  };
  updateIntent(sql, row.coid, counted);
  const quiet = proved && counted.absent_reads >= QUIET_READS && doubtMs >= QUIET_PERIOD_MS;
  // What was seen once, or what the broker said it knows, did not fail to be placed.
  const wasThere = counted.seen === 1 || claimed;
  if (quiet && !wasThere) {
    return applyToOrder(
      sql,
      counted,
      { ...started, source: "quiet_period", says: "absent" },
      null,
      log,
    );
  }
  if ((quiet || doubtMs >= GIVE_UP_MS) && row.state !== "needs_owner") {
    return applyToOrder(sql, counted, gateway("gave_up", nowMs), null, log);
  }
  return begun;
}

/** Accepted and never seen: after a while the answer is doubted, and the doubt is looked into. */
function neverSeen(
  sql: SqlStorage,
  intent: IntentRow,
  proved: boolean,
  nowMs: number,
  log: OrderLog,
): Applied {
  if (intent.state !== "accepted" || intent.seen === 1) {
    updateIntent(sql, intent.coid, { ...intent, look_at: null });
    return { ok: true, state: intent.state, changed: false, alarm: null };
  }
  if (proved && intent.looks + 1 >= QUIET_READS) {
    return applyToOrder(sql, intent, gateway("ambiguous", nowMs), null, log);
  }
  updateIntent(sql, intent.coid, {
    ...intent,
    looks: intent.looks + 1,
    look_at: nowMs + readDelayMs(intent.looks + 1),
    updated_at: nowMs,
  });
  return { ok: true, state: intent.state, changed: false, alarm: null };
}

const gateway = (says: OrderEvidence["says"], nowMs: number): OrderEvidence => ({
  source: "gateway",
  says,
  filled: null,
  remaining: null,
  at: new Date(nowMs).toISOString(),
});
