import type {
  INTENT_ALERTS,
  IntentQuestionEvent,
} from "../../../src/protocol/operations/order-events.ts";
import type { BrokerText, Source } from "../../../src/protocol/operations/parts.ts";
import {
  isInDoubt,
  isTerminal,
  type OrderEvidence,
  step,
} from "../../../src/protocol/orders/state.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { BrokerEvent } from "../operations/executor.ts";
import type { IntentRecord } from "./record.ts";
import type { OrderStore } from "./store.ts";

/**
 * The one way in which an intent changes: evidence in, through the state machine, to the disk, and
 * only then to whoever listens. Nothing is told that is not journaled.
 */
export type AlertKind = (typeof INTENT_ALERTS)[number];

export interface Alert {
  alert: AlertKind;
  message: string;
  record: IntentRecord | null;
  accountId?: string;
  brokerText?: BrokerText | null;
  cancelOffered?: string[];
}

export interface Progress {
  /** Evidence and whatever else is known with it; the record as it stands afterwards. */
  apply(coid: string, evidence: OrderEvidence, changes?: Partial<IntentRecord>): IntentRecord;
  /** Changes without evidence; the state stays. */
  note(coid: string, changes: Partial<IntentRecord>): IntentRecord;
  question(
    record: IntentRecord,
    happened: IntentQuestionEvent["happened"],
    by: IntentQuestionEvent["by"],
  ): void;
  /** Told once per intent and kind; null intents tell each time. */
  alert(alert: Alert): void;
}

export function createProgress(options: {
  store: OrderStore;
  clock: Clock;
  source: Source;
  logger: BrokerLogger;
  tell(event: BrokerEvent): void;
  /** Alerts also go here: the PC's own ways to reach its owner. */
  push(alert: AlertKind, message: string): void;
}): Progress {
  const { store, clock, source, logger, tell } = options;

  const load = (coid: string): IntentRecord => {
    const record = store.intent(coid);
    if (record === null) throw new RangeError("no such intent in the journal");
    return record;
  };

  const write = (before: IntentRecord, changes: Partial<IntentRecord>): IntentRecord => {
    const record: IntentRecord = {
      ...before,
      ...changes,
      version: before.version + 1,
      updated_at: clock.now(),
    };
    store.save(record);
    return record;
  };

  const progress: Progress = {
    apply(coid, evidence, changes = {}) {
      const before = load(coid);
      const next = step(before.state, evidence);
      if (!next.ok) {
        logger.debug(
          { state: before.state, says: evidence.says, source: evidence.source, why: next.reason },
          "evidence that changes no order",
        );
        return Object.keys(changes).length === 0 ? before : write(before, changes);
      }
      const changed = next.state !== before.state;
      const moved =
        changed ||
        JSON.stringify(changes.orders ?? before.orders) !== JSON.stringify(before.orders);
      if (!moved && Object.keys(changes).length === 0) return before;
      const record = write(before, {
        ...changes,
        state: next.state,
        proved_by: changed ? evidence.source : before.proved_by,
        doubt_since: isInDoubt(next.state) ? (before.doubt_since ?? clock.now()) : null,
        question:
          next.state === "awaiting_confirmation" ? (changes.question ?? before.question) : null,
      });
      if (moved) {
        tell({
          type: "broker.order",
          payload: {
            kind: "intent_state",
            event_key: `intent|${coid}|${record.version}`,
            source,
            observed_at: isoTime(clock.now()),
            account_id: record.account_id,
            coid,
            intent_hash: record.intent_hash,
            job_id: record.job_id,
            state: record.state,
            before: before.state,
            evidence,
            orders: record.orders,
          },
        });
      }
      if (next.alarm === "resurrected") {
        progress.alert({
          alert: "resurrected",
          message: `An order that was proved to be ${before.state} is alive at the broker.`,
          record,
        });
      }
      if (changed && record.state === "unknown") {
        progress.alert({
          alert: "outcome_unknown",
          message:
            "It is not known whether the broker took an order. It is being looked for and will not be sent again.",
          record,
        });
      }
      if (changed && record.state === "needs_owner") {
        progress.alert({
          alert: "needs_owner",
          message:
            "The broker's book could not settle what became of an order. Look in TWS or the broker's app.",
          record,
        });
      }
      if (changed && isTerminal(record.state)) {
        logger.info({ coid, state: record.state, by: evidence.source }, "an order ended");
      }
      return store.intent(coid) ?? record;
    },

    note: (coid, changes) => write(load(coid), changes),

    question(record, happened, by) {
      if (record.question === null) return;
      tell({
        type: "broker.question",
        payload: {
          kind: "intent_question",
          event_key: `question|${record.coid}|${record.question.reply_id}|${happened}`.slice(
            0,
            200,
          ),
          source,
          observed_at: isoTime(clock.now()),
          account_id: record.account_id,
          coid: record.coid,
          intent_hash: record.intent_hash,
          happened,
          by,
          question: record.question,
        },
      });
    },

    alert({ alert, message, record, accountId, brokerText = null, cancelOffered = [] }) {
      const kept = record === null ? null : store.intent(record.coid);
      if (kept !== null) {
        if (kept.told.includes(alert)) return;
        write(kept, {
          told: [...kept.told, alert],
          alerts: [...kept.alerts, message.slice(0, 300)],
        });
      }
      tell({
        type: "broker.alert",
        payload: {
          kind: "intent_alert",
          event_key: `alert|${alert}|${record?.coid ?? clock.now()}`.slice(0, 200),
          source,
          observed_at: isoTime(clock.now()),
          alert,
          account_id: record?.account_id ?? accountId ?? null,
          coid: record?.coid ?? null,
          intent_hash: record?.intent_hash ?? null,
          message: message.slice(0, 500),
          broker_text: brokerText,
          cancel_offered: cancelOffered.slice(0, 10),
        },
      });
      options.push(alert, message);
      logger.warn({ alert, coid: record?.coid ?? null }, message);
    },
  };
  return progress;
}
