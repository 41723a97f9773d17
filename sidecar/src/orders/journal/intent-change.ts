import type {
  BrokerText,
  Source,
} from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type {
  INTENT_ALERTS,
  IntentQuestionEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import {
  isInDoubt,
  isTerminal,
  type OrderEvidence,
  step,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import { type IntentRecord, notShownMark } from "./intent-record.ts";

/**
 * How one intent changes: evidence goes through the state machine, and every change is a new version
 * of the record. Pure: a draft collects the record as it is to be saved, and what is to be told once
 * it is saved.
 */
export type AlertKind = (typeof INTENT_ALERTS)[number];

export interface Alert {
  alert: AlertKind;
  /** At most 500 characters are told, 300 kept. */
  message: string;
  brokerText?: BrokerText | null;
  /** Ids of broker orders that can be cancelled without an approval. */
  cancelOffered?: string[];
}

/** What is to be done once the record is on the disk, in this order. */
export type IntentEffect =
  | { kind: "tell"; event: BrokerEvent }
  /** To the owner's own devices. */
  | { kind: "push"; alert: AlertKind; message: string; coid: string | null }
  | {
      kind: "log";
      level: "debug" | "info" | "error";
      fields: Record<string, string>;
      message: string;
    };

export interface IntentDraft {
  record: IntentRecord;
  /** The record differs from the saved one. */
  changed: boolean;
  readonly effects: IntentEffect[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly source: Source;
}

export function draftOf(record: IntentRecord, env: { now: number; source: Source }): IntentDraft {
  return { record, changed: false, effects: [], now: env.now, source: env.source };
}

/** Changes without evidence; the state stays. */
export function note(draft: IntentDraft, changes: Partial<IntentRecord>): void {
  draft.record = {
    ...draft.record,
    ...changes,
    version: draft.record.version + 1,
    updated_at: draft.now,
  };
  draft.changed = true;
}

/** Evidence, and what else is known with it. Evidence that proves nothing leaves the state as it is. */
export function apply(
  draft: IntentDraft,
  evidence: OrderEvidence,
  changes: Partial<IntentRecord> = {},
): void {
  const before = draft.record;
  const next = step(before.state, evidence);
  if (!next.ok) {
    draft.effects.push({
      kind: "log",
      level: "debug",
      fields: {
        state: before.state,
        says: evidence.says,
        source: evidence.source,
        why: next.reason,
      },
      message: "evidence that changes no order",
    });
    if (Object.keys(changes).length > 0) note(draft, changes);
    return;
  }
  const changed = next.state !== before.state;
  const moved =
    changed || JSON.stringify(changes.orders ?? before.orders) !== JSON.stringify(before.orders);
  if (!moved && Object.keys(changes).length === 0) return;
  note(draft, {
    ...changes,
    ...(isInDoubt(before.state) &&
      !isInDoubt(next.state) && { told: withoutMark(before, changes) }),
    state: next.state,
    proved_by: changed ? evidence.source : before.proved_by,
    doubt_since: isInDoubt(next.state) ? (before.doubt_since ?? draft.now) : null,
    question: next.state === "awaiting_confirmation" ? (changes.question ?? before.question) : null,
  });
  if (moved) draft.effects.push({ kind: "tell", event: stateEvent(draft, before, evidence) });
  if (next.alarm === "resurrected") {
    alert(draft, {
      alert: "resurrected",
      message: `An order that was proved to be ${before.state} is alive at the broker.`,
    });
  }
  if (changed) announceState(draft, evidence);
}

/** A doubt that ended takes its mark along: by a clock that was set back, a later one may bear its name. */
function withoutMark(
  before: IntentRecord,
  { told = before.told }: Partial<IntentRecord>,
): string[] {
  const mark = notShownMark(before);
  return told.filter((one) => one !== mark);
}

function announceState(draft: IntentDraft, evidence: OrderEvidence): void {
  const { state, coid } = draft.record;
  if (state === "unknown") {
    alert(draft, {
      alert: "outcome_unknown",
      message:
        "It is not known whether the broker took an order. It is being looked for and will not be sent again.",
    });
  }
  if (state === "needs_owner") {
    alert(draft, {
      alert: "needs_owner",
      message:
        "The broker's book could not settle what became of an order. Look in TWS or the broker's app.",
    });
  }
  if (isTerminal(state)) {
    draft.effects.push({
      kind: "log",
      level: "info",
      fields: { coid, state, by: evidence.source },
      message: "an order ended",
    });
  }
}

/** Tells what happened to the record's open question; nothing when there is none. */
export function tellQuestion(
  draft: IntentDraft,
  happened: IntentQuestionEvent["happened"],
  by: IntentQuestionEvent["by"],
): void {
  const { record, source, now } = draft;
  if (record.question === null) return;
  draft.effects.push({
    kind: "tell",
    event: {
      type: "broker.question",
      payload: {
        kind: "intent_question",
        event_key: `question|${record.coid}|${record.question.reply_id}|${happened}`.slice(0, 200),
        source,
        observed_at: isoTime(now),
        account_id: record.account_id,
        coid: record.coid,
        intent_hash: record.intent_hash,
        happened,
        by,
        question: record.question,
      },
    },
  });
}

/** Told once per intent and kind; the record remembers it. */
export function alert(draft: IntentDraft, what: Alert): void {
  const { record } = draft;
  if (record.told.includes(what.alert)) return;
  note(draft, {
    told: [...record.told, what.alert],
    alerts: [...record.alerts, what.message.slice(0, 300)],
  });
  draft.effects.push(...alertEffects(what, draft, record));
}

/** An alert as effects; without a record it is told each time. */
export function alertEffects(
  { alert, message, brokerText = null, cancelOffered = [] }: Alert,
  env: { now: number; source: Source },
  about: { account_id: string | null; coid: string | null; intent_hash: string | null },
): IntentEffect[] {
  return [
    {
      kind: "tell",
      event: {
        type: "broker.alert",
        payload: {
          kind: "intent_alert",
          event_key: `alert|${alert}|${about.coid ?? env.now}`.slice(0, 200),
          source: env.source,
          observed_at: isoTime(env.now),
          alert,
          account_id: about.account_id,
          coid: about.coid,
          intent_hash: about.intent_hash,
          message: message.slice(0, 500),
          broker_text: brokerText,
          cancel_offered: cancelOffered.slice(0, 10),
        },
      },
    },
    { kind: "push", alert, message, coid: about.coid },
  ];
}

function stateEvent(
  { record, now, source }: IntentDraft,
  before: IntentRecord,
  evidence: OrderEvidence,
): BrokerEvent {
  return {
    type: "broker.order",
    payload: {
      kind: "intent_state",
      event_key: `intent|${record.coid}|${record.version}`,
      source,
      observed_at: isoTime(now),
      account_id: record.account_id,
      coid: record.coid,
      intent_hash: record.intent_hash,
      job_id: record.job_id,
      state: record.state,
      before: before.state,
      evidence,
      orders: record.orders,
    },
  };
}
