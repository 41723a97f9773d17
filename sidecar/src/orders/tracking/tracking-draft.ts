import type { OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { draftOf, type IntentDraft } from "../journal/intent-change.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type {
  Doubt,
  TrackingEffect,
  TrackingEnv,
  TrackingState,
  TrackingStep,
} from "./tracking-state.ts";

/** One step in the making. The journal is read through it, with the step's own changes laid over. */
export interface TrackingDraft
  extends Omit<
    { -readonly [K in keyof TrackingState]: TrackingState[K] },
    "watches" | "doubts" | "misses" | "unexplained"
  > {
  readonly watches: Map<string, { readonly turn: number; readonly dueAt: number }>;
  readonly doubts: Map<string, Doubt>;
  readonly misses: Map<string, number>;
  readonly unexplained: Set<string>;
  readonly env: TrackingEnv;
  readonly intents: Map<string, IntentDraft>;
  /** After what is told of the intents. */
  readonly acts: TrackingEffect[];
}

export function beginTracking(state: TrackingState, env: TrackingEnv): TrackingDraft {
  return {
    ...state,
    watches: new Map(state.watches),
    doubts: new Map(state.doubts),
    misses: new Map(state.misses),
    unexplained: new Set(state.unexplained),
    env,
    intents: new Map(),
    acts: [],
  };
}

export function end({ env: _env, intents, acts, ...state }: TrackingDraft): TrackingStep {
  const drafts = [...intents.values()];
  return {
    state,
    writes: drafts.filter(({ changed }) => changed).map(({ record }) => record),
    effects: [...drafts.flatMap(({ effects }) => effects), ...acts],
  };
}

/** The draft of one intent; null when the journal has none. */
export function intentOf(draft: TrackingDraft, coid: string): IntentDraft | null {
  const open = draft.intents.get(coid);
  if (open !== undefined) return open;
  const record = draft.env.journal.intent(coid);
  if (record === null) return null;
  const made = draftOf(record, draft.env);
  draft.intents.set(coid, made);
  return made;
}

/** Intents that are not proved to have ended, as the journal had them when the step began. */
export const openCoids = (draft: TrackingDraft): string[] =>
  draft.env.journal.open().map(({ coid }) => coid);

/** The intent a broker order belongs to, by its reference, its id or its parent's id. */
export function coidOfRow(
  { env, intents }: TrackingDraft,
  row: { order_ref: string | null; orderId: string | null; parentId: string | null },
): string | null {
  const byId = (id: string | null): IntentRecord | null => {
    if (id === null) return null;
    for (const { record } of intents.values()) {
      const own =
        record.action === "place" && record.orders.some(({ order_id }) => order_id === id);
      if (own) return record;
    }
    return env.journal.byOrderId(id);
  };
  const byRef = row.order_ref === null ? null : env.journal.byRef(row.order_ref);
  return (byRef ?? byId(row.orderId) ?? byId(row.parentId))?.coid ?? null;
}

/**
 * Does one thing for one intent; false when that broke. A record that cannot be judged stays as it is
 * and is reported; it holds up no other.
 */
export function attempt(
  draft: TrackingDraft,
  coid: string,
  act: (intent: IntentDraft) => void,
): boolean {
  const intent = intentOf(draft, coid);
  if (intent === null) return true;
  const { record, changed } = intent;
  const told = intent.effects.length;
  try {
    act(intent);
    return true;
  } catch (thrown) {
    intent.record = record;
    intent.changed = changed;
    intent.effects.splice(told);
    draft.acts.push({
      kind: "log",
      level: "error",
      fields: { coid, why: thrown instanceof Error ? thrown.message : String(thrown) },
      message: "an order could not be judged by what the broker showed",
    });
    return false;
  }
}

export const gatewaySays = (
  { env }: TrackingDraft,
  says: "ambiguous" | "lookup_started" | "gave_up",
): OrderEvidence => ({
  source: "gateway",
  says,
  filled: null,
  remaining: null,
  at: isoTime(env.now),
});
