import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { IntentQuestionEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import type { OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { Clock } from "../../client-portal/clock.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import {
  type Alert,
  type AlertKind,
  alert,
  alertEffects,
  apply,
  draftOf,
  type IntentDraft,
  type IntentEffect,
  note,
  tellQuestion,
} from "../journal/intent-change.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";

/**
 * The one way in which an intent changes: to the disk first, and only then to whoever listens.
 * Nothing is told that is not journaled.
 */
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
  alert(alert: Alert & { record: IntentRecord | null; accountId?: string }): void;
  /** Carries out what a machine's step asks for, once its writes are on the disk. */
  carryOut(effect: IntentEffect): void;
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
  const { store, clock, source, logger } = options;
  const env = () => ({ now: clock.now(), source });

  const carryOut = (effect: IntentEffect): void => {
    switch (effect.kind) {
      case "tell":
        options.tell(effect.event);
        return;
      case "push":
        options.push(effect.alert, effect.message);
        logger.warn({ alert: effect.alert, coid: effect.coid }, effect.message);
        return;
      case "log":
        logger[effect.level](effect.fields, effect.message);
    }
  };

  const change = (coid: string, how: (draft: IntentDraft) => void): IntentRecord => {
    const record = store.intent(coid);
    if (record === null) throw new RangeError("no such intent in the journal");
    const draft = draftOf(record, env());
    how(draft);
    if (draft.changed) store.save(draft.record);
    for (const effect of draft.effects) carryOut(effect);
    return store.intent(coid) ?? draft.record;
  };

  return {
    apply: (coid, evidence, changes) => change(coid, (draft) => apply(draft, evidence, changes)),
    note: (coid, changes) => change(coid, (draft) => note(draft, changes)),
    question(record, happened, by) {
      const draft = draftOf(record, env());
      tellQuestion(draft, happened, by);
      for (const effect of draft.effects) carryOut(effect);
    },
    alert({ record, accountId, ...what }) {
      if (record !== null && store.intent(record.coid) !== null) {
        change(record.coid, (draft) => alert(draft, what));
        return;
      }
      const about = record ?? { account_id: accountId ?? null, coid: null, intent_hash: null };
      for (const effect of alertEffects(what, env(), about)) carryOut(effect);
    },
    carryOut,
  };
}
